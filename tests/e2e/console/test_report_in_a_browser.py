"""The report of a live session as a page: it fits a phone and a desk, by day and at night, in both languages, and is readable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from jianlu.core.terms.events import EventType
from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.html import render_html
from tests.fakes.conversation import said
from tests.fakes.counter_sale import sale_inspections
from tests.fakes.live_course import BEFORE, DURING, SCRIPT
from tests.fakes.pages.accessible import defects
from tests.fakes.reported_case import lines, report_of, sale_plan

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]

LONG = "ab" * 200
WIDER = """() => [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`)"""


@pytest.fixture(scope="module", params=["zh", "en"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a live session that has a word longer than a line."""
    session, plan = said(*lines()), sale_plan()
    deposited = {
        "document": "contract",
        "step": "risk",
        "signature": "covers_part",
        "by": "customer",
        "at_ms": 2200,
        "object": "deposit-1",
    }
    course = [(kind, dict(body)) for kind, body in (*BEFORE, *DURING, (EventType.DEPOSIT_RECORDED, deposited))]
    inspections = sale_inspections(session, plan)
    record = replace(report_of(session, plan, inspections, *course), script=SCRIPT, messages={"deposit-1": LONG})
    path = tmp_path_factory.mktemp("report") / f"report.{request.param}.html"
    path.write_bytes(render_html(report_content(record, str(request.param))))
    return path


@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_of_the_report_is_wider_than_its_page(chromium: Browser, report: Path, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 800}, is_mobile=width < 500)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.evaluate(WIDER) == []
    assert LONG in page.inner_text("#occurrences")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_can_be_read_by_day_and_at_night(chromium: Browser, report: Path, scheme: str) -> None:
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = context.new_page()
    page.goto(report.as_uri())
    assert defects(page, f"{report.name} {scheme}") == []
    context.close()
