"""What a report says: every clause, why and where it is not met, and nothing that the record does not hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.core.formats.plan import Plan, Retention, RetentionTerm
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Verdict
from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.model import LANGS, CaseRecord, ReportContent, Section
from jianlu.deliver.reports.words import _all
from tests.fakes.conversation import Line, obligation, plan_of, recording, said
from tests.fakes.reported_case import deaf_sale, empty_case, report_of, sale, sale_plan

SILENT = "录音录像过程对于今后"
PROMISE = Line("agent", "这个产品保本，保收益，您放心买。")


def _section(content: ReportContent, id: str) -> Section:
    return next(section for section in content.sections if section.id == id)


@pytest.fixture(scope="module")
def lawful() -> CaseRecord:
    return sale()


@pytest.fixture(scope="module")
def faulty() -> CaseRecord:
    return sale(without=[SILENT], more_lines=[PROMISE])


@pytest.mark.parametrize("lang", LANGS)
def test_every_clause_of_the_plan_is_in_the_report(lang: str, lawful: CaseRecord) -> None:
    content = report_content(lawful, lang)
    told = [row.basis for row in _section(content, "clauses").rows] + list(_section(content, "scope").paragraphs)
    for clause in lawful.plan.clauses:
        assert any(text.startswith(f"{clause.clause} {clause.citation}") for text in told), clause.key
    assert len(_section(content, "clauses").rows) == len(lawful.clauses)


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_not_met_comes_first_with_reason_and_time(lang: str, faulty: CaseRecord) -> None:
    content = report_content(faulty, lang)
    unmet = {clause.clause for clause in faulty.clauses if clause.verdict is Verdict.NOT_MET}
    assert {"CN-IN-11", "CN-SU-2"} <= unmet
    attention = _section(content, "attention")
    assert content.sections[0] is attention and content.verdict == "incomplete"
    for clause in unmet:
        row = next(row for row in attention.rows if row.basis.split(" ")[0] == clause)
        assert row.verdict == "not_met" and row.reasons
        assert any(":" in reason and any(char.isdigit() for char in reason) for reason in row.reasons), row.reasons
    promised = next(row for row in attention.rows if row.basis.startswith("CN-SU-2 "))
    assert any("保本" in reason for reason in promised.reasons)
    assert promised.when and float(promised.when[0].seconds) > 60


@pytest.mark.parametrize("lang", LANGS)
def test_no_reason_shows_a_code_or_an_identifier(lang: str) -> None:
    for record in (sale(without=[SILENT, "我同意。"], more_lines=[PROMISE]), deaf_sale()):
        for section in report_content(record, lang).sections:
            for reason in (reason for row in section.rows for reason in row.reasons):
                assert "_" not in reason and "/" not in reason, reason


@pytest.mark.parametrize("lang", LANGS)
def test_an_absent_engine_is_said_to_be_absent_and_nothing_counts_as_met_for_it(lang: str) -> None:
    record = deaf_sale()
    content = report_content(record, lang)
    counts = {code: int(number) for code, _, number in content.counts}
    assert counts["not_evidenced"] > 5 and counts["not_met"] == 0
    assert content.verdict == "incomplete"
    status = {row[0]: row[-1] for row in _rows(content, "engines")}
    assert len(set(status.values())) == 2
    assert not _section(content, "transcript").heard and _section(content, "transcript").paragraphs


def _rows(content: ReportContent, id: str) -> tuple[tuple[str, ...], ...]:
    table = _section(content, id).table
    assert table is not None
    return table.rows


@pytest.mark.parametrize("lang", LANGS)
def test_a_case_with_nothing_in_it_is_no_complete_case(lang: str) -> None:
    content = report_content(empty_case(), lang)
    assert content.verdict == "incomplete"
    for section in content.sections:
        assert section.rows or section.heard or section.paragraphs or (section.table and section.table.rows), section.id


@pytest.mark.parametrize(("lang", "sentence"), [("zh", "没有间断"), ("en", "without gaps")])
def test_continuity_is_claimed_only_where_it_was_demanded_and_shown(lang: str, sentence: str) -> None:
    continuous = plan_of([obligation("whole", "require_continuity", {"gap_ms_max": 0})])
    lenient = plan_of([obligation("whole", "require_continuity", {"gap_ms_max": 500})])
    kept = plan_of(
        [obligation("kept", "retain_for", {"part": "recording"})],
        retention=[
            Retention(
                "recording", "2036-11-20", "test:kept", (RetentionTerm("test:kept", "recording_time", 10, 0, "2036-11-20"),)
            )
        ],
    )
    gap = (EventType.GAP_DECLARED, {"from_ms": 0, "to_ms": 400, "reason": "starts_late", "side": "customer"})
    session = said(("agent", "您好"))
    whole, gappy, silent = (
        report_of(session, continuous, ()),
        report_of(session, lenient, (), gap),
        report_of(session, kept, ()),
    )
    told = [report_content(record, lang) for record in (whole, gappy, silent)]
    assert [content.verdict for content in told] == ["complete"] * 3
    assert [sentence in content.conclusion for content in told] == [True, False, False]


@pytest.mark.parametrize("lang", LANGS)
def test_quotes_are_what_the_recogniser_wrote_with_speaker_and_time(lang: str, lawful: CaseRecord) -> None:
    heard = [words for row in _section(report_content(lawful, lang), "steps").rows for words in row.heard]
    assert any("我同意" in words.words for words in heard)
    assert {words.who for words in heard} == ({"销售人员", "客户"} if lang == "zh" else {"agent", "customer"})


def test_level_and_place_are_told_as_events_state_them_with_the_clause_behind_each() -> None:
    label = {
        "class": "sensitive",
        "level": 3,
        "reason": "cn-fl:CN-FL-3",
        "place": "CN-31",
        "within": "CN",
        "confined_by": "cn-fl:CN-FL-onshore",
    }
    plain = {"class": "unclassified", "level": 5, "reason": "default"}
    record = empty_case()
    first = recording(1_000)[0]
    bodies = (
        {"object": "clock-1", "sealed": "x", **label},
        {"object": "clock-2", "sealed": "x", **label},
        {"object": "plan", "sealed": "x", **plain},
    )
    told = replace(record, events=tuple(replace(first, body=body) for body in bodies))
    assert _rows(report_content(told, "zh"), "handling") == (
        ("录像录音", "敏感个人信息，3级", "CN-31，仅存放于 CN，副本亦同", "CN-FL-3\nCN-FL-onshore"),
        ("方案、规则和话术", "未分类，5级", "未声明地点", "无规则定级，按最高级"),
    )
    assert _rows(report_content(told, "en"), "handling")[0][1:3] == (
        "sensitive personal information, level 3",
        "CN-31, kept within CN alone, copies too",
    )


def test_parts_that_are_kept_alike_share_a_row_with_each_term_on_a_line() -> None:
    content = report_content(sale(), "zh")
    rows = _rows(content, "retention")
    parts = [retention.part for retention in sale_plan().retention]
    assert len(rows) < len(parts)
    assert sum(row[0].count("、") + 1 for row in rows) == len(parts)
    terms = [line for row in rows for line in row[3].split("\n")]
    assert all("起 " in line or line.startswith("至") for line in terms)


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("zh", ("期限待定，在此之前一直保管", "未发生", "待定", "2036-11-20")),
        ("en", ("open: kept until the end is known", "has not arisen", "open (", "2036-11-20")),
    ],
)
def test_open_terms_and_terms_that_have_not_arisen_read_well(lang: str, expected: tuple[str, ...]) -> None:
    terms = (
        RetentionTerm("test:kept", "contract_end", 10, 0, "open"),
        RetentionTerm("test:kept", "dispute_end", 2, 0, "none"),
        RetentionTerm("test:kept", "dispute_end", 0, 0, "none"),
        RetentionTerm("test:kept", "recording_time", 10, 6, "2036-11-20"),
    )
    plan = plan_of(
        retention=[Retention("recording", "open", "test:kept", terms), Retention("consent", "none", "test:kept", terms[1:2])]
    )
    rows = _rows(report_content(report_of(said(("agent", "您好")), plan, ()), lang), "retention")
    told = "\n".join(cell for row in rows for cell in row)
    assert all(words in told for words in expected)
    assert "+ 0" not in told and "起 0" not in told and "none" not in told


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("zh", ("时间戳跳变", "录制文件", "客户")), ("en", ("the time stamps jump", "the recording file", "customer"))],
)
def test_gaps_are_told_with_cause_and_side_in_words(lang: str, expected: tuple[str, ...]) -> None:
    plan: Plan = sale_plan()
    gaps = [
        (EventType.GAP_DECLARED, {"from_ms": 0, "to_ms": 400, "reason": "timestamps_jump", "side": "source"}),
        (EventType.GAP_DECLARED, {"from_ms": 500, "to_ms": 900, "reason": "starts_late", "side": "customer"}),
        (EventType.GAP_DECLARED, {"from_ms": 950, "to_ms": 990, "reason": "novel", "side": "recorder"}),
    ]
    rows = _rows(report_content(report_of(said(("agent", "您好")), plan, (), *gaps), lang), "gaps")
    told = "\n".join(cell for row in rows for cell in row)
    assert all(words in told for words in expected) and "novel" in told


def test_every_word_of_the_report_is_there_in_both_languages() -> None:
    for key, texts in _all().items():
        assert set(texts) == {"zh", "en"}, key
        fields = [sorted(part.split("}")[0] for part in texts[lang].split("{")[1:]) for lang in LANGS]
        assert fields[0] == fields[1], key
