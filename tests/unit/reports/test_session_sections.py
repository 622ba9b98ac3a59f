"""What a report says of a live session: steps with their attempts, what was refused, agreed and lost, readable without a code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.html import render_html
from jianlu.deliver.reports.model import LANGS, CaseRecord, ReportContent, Section
from jianlu.deliver.reports.pdf import render_pdf
from tests.fakes.conversation import said
from tests.fakes.counter_sale import sale_inspections
from tests.fakes.live_course import BEFORE, DURING, SCRIPT
from tests.fakes.reported_case import lines, report_of, sale, sale_plan

COURSE = [(kind, dict(body)) for kind, body in (*BEFORE, *DURING)]
NEW = ("course", "refusals", "consents", "occurrences")


@pytest.fixture(scope="module")
def live() -> CaseRecord:
    session, plan = said(*lines()), sale_plan()
    return replace(report_of(session, plan, sale_inspections(session, plan), *COURSE), script=SCRIPT)


def _section(content: ReportContent, id: str) -> Section:
    return next(section for section in content.sections if section.id == id)


def _rows(record: CaseRecord, id: str, lang: str) -> tuple[tuple[str, ...], ...]:
    table = _section(report_content(record, lang), id).table
    return table.rows if table else ()


def test_a_case_without_a_live_session_has_no_course() -> None:
    ids = {section.id for section in report_content(sale(), "zh").sections}
    assert not ids & set(NEW)


def test_every_attempt_at_a_step_has_its_times(live: CaseRecord) -> None:
    assert _rows(live, "course", "zh") == (
        ("征得同意", "1", "00:00.000", "00:00.600"),
        ("提示风险", "1", "00:00.600", "未完成"),
        ("提示风险", "2", "00:01.950", "00:02.300"),
        ("结束语", "1", "00:02.500", "未完成"),
    )
    assert "1.2.0" in _section(report_content(live, "en"), "course").intro


def test_an_attempt_to_leave_the_order_names_who_when_and_why(live: CaseRecord) -> None:
    ((when, what),) = _rows(live, "refusals", "zh")
    assert (when, what) == ("00:00.500", "销售人员企图打乱环节“提示风险”的顺序，被拒绝（前面的环节尚未完成）")
    ((_, told),) = _rows(live, "refusals", "en")
    assert told == "The agent tried to leave the order at step “Explain the risks” and was refused (an earlier step comes first)"


def test_consents_say_how_by_which_notice_and_that_they_were_withdrawn(live: CaseRecord) -> None:
    told = [what for _, what in _rows(live, "consents", "zh")]
    assert told == [
        "客户同意录音录像（点击；《录音录像告知》第 2 版，中文）",
        "客户同意人脸检测（点击；《录音录像告知》第 2 版，中文）",
        "客户撤回对人脸检测的同意（点击；《录音录像告知》第 2 版，中文）",
    ]


def test_gaps_name_second_side_and_reason(live: CaseRecord) -> None:
    assert _rows(live, "gaps", "zh") == (("00:01.200", "00:01.700", "连接中断", "客户的画面"),)
    assert _rows(live, "gaps", "en") == (("00:01.200", "00:01.700", "the connection was lost", "customer's picture"),)


def test_what_else_occurred_is_told_in_order(live: CaseRecord) -> None:
    told = [what for _, what in _rows(live, "occurrences", "en")]
    assert told[:2] == ["The agent joined (by account)", "The customer joined (by invitation)"] or "Recording began" in told[:3]
    assert "Alarm: customer's picture, no signal" in told and "Alarm over: customer's picture, no signal" in told
    assert "“Risk notice” was shown" in told
    members = "agent (abababababababab), recorder A (cdcdcdcdcdcdcdcd)"
    assert f"The session is end-to-end encrypted; its members were given the key, or said they hold it: {members}" in told
    question = "Do you understand that this is insurance, not a deposit?"
    assert f"The customer answered “{question}”: I do (spoken)" in told
    assert "Checks before the start (customer): camera ok, microphone ok, bandwidth skipped" in told


@pytest.mark.parametrize("lang", LANGS)
def test_no_line_of_the_session_shows_a_code(live: CaseRecord, lang: str) -> None:
    content = report_content(live, lang)
    for name in NEW:
        table = _section(content, name).table
        assert table is not None and table.rows
        for row in table.rows:
            assert not any("_" in cell for cell in row), row


@pytest.mark.parametrize("lang", LANGS)
def test_both_renderings_are_made(live: CaseRecord, lang: str) -> None:
    content = report_content(live, lang)
    assert _section(content, "course").title in render_html(content).decode()
    assert render_pdf(content).startswith(b"%PDF")
