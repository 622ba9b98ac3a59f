"""What somebody else's reader (poppler) takes out of the PDF report: every clause, every reason, hostile words as plain text."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.reasons import clock_text
from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.model import LANGS, CaseRecord
from jianlu.deliver.reports.pdf import render_pdf
from tests.fakes.conversation import Line
from tests.fakes.reported_case import sale
from tests.unit.reports.hostile import hostile_case

pytestmark = pytest.mark.needs_program("pdftotext", "pdffonts", "pdfinfo")


def _written(record: CaseRecord, lang: str, folder: Path) -> Path:
    path = folder / f"report.{lang}.pdf"
    path.write_bytes(render_pdf(report_content(record, lang)))
    return path


def _printed(program: str, *arguments: object) -> str:
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    return done.stdout


def _text(path: Path) -> str:
    """The words in reading order without any white space: lines break where they like."""
    return re.sub(r"[\s\u200b]", "", _printed("pdftotext", "-enc", "UTF-8", path, "-"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_clause_is_in_the_document(lang: str, tmp_path: Path) -> None:
    record = sale()
    text = _text(_written(record, lang, tmp_path))
    for clause in record.plan.clauses:
        assert clause.clause in text
        assert re.sub(r"\s", "", clause.title[lang]) in text, clause.key


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_not_met_stands_there_with_reason_and_time(lang: str, tmp_path: Path) -> None:
    record = sale(without=["录音录像过程对于今后"], more_lines=[Line("agent", "这个产品保本，保收益，您放心买。")])
    text = _text(_written(record, lang, tmp_path))
    unmet = [clause for clause in record.clauses if clause.verdict is Verdict.NOT_MET]
    assert unmet
    for reason in (reason for clause in unmet for reason in clause.reasons):
        assert clock_text(reason.from_ms) in text
    assert ("出现禁止的表述" if lang == "zh" else "forbiddenwords") in text


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_words_are_set_as_they_are(lang: str, tmp_path: Path) -> None:
    text = _text(_written(hostile_case(), lang, tmp_path))
    for words in (
        "<script>alert(1)</script>",
        '#read("x")',
        "$sum_(i=0)^n$",
        "*bold*_em_`code`",
        "{{report.title}}",
        "])#panic()]",
    ):
        assert words in text


@pytest.mark.parametrize("lang", LANGS)
def test_all_fonts_are_inside_and_the_pages_are_a4(lang: str, tmp_path: Path) -> None:
    path = _written(sale(), lang, tmp_path)
    fonts = [line.split() for line in _printed("pdffonts", path).splitlines()[2:]]
    assert fonts and all("yes" in line[-5:-2] for line in fonts)
    assert any("NotoSansSC" in line[0] for line in fonts)
    about = _printed("pdfinfo", path)
    assert "A4" in about
    assert "2026" in about and "JavaScript:      no" in about
