"""The PDF report: the same bytes again, and no word crashes the typesetter or reads a file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.model import LANGS
from jianlu.deliver.reports.pdf import render_pdf
from tests.fakes.reported_case import deaf_sale, empty_case, sale
from tests.unit.reports.hostile import hostile_case


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_record_gives_the_same_bytes(lang: str) -> None:
    record = sale()
    first = render_pdf(report_content(record, lang))
    assert first.startswith(b"%PDF-")
    assert first == render_pdf(report_content(replace(record), lang))


def test_another_instant_gives_other_bytes() -> None:
    record = empty_case()
    later = replace(record, created_at="2026-11-22T10:43:12.123Z")
    assert render_pdf(report_content(record, "zh")) != render_pdf(report_content(later, "zh"))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("make", [deaf_sale, empty_case, hostile_case])
def test_odd_cases_are_set_without_a_crash(make: object, lang: str) -> None:
    assert callable(make)
    assert render_pdf(report_content(make(), lang)).startswith(b"%PDF-")
