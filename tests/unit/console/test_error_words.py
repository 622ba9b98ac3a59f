"""Errors that a person can do something about have a code that stays, each with words in both languages; no words are without one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

import jianlu
from jianlu.capture.sessions.model import Block
from jianlu.core.errors import ConflictError
from jianlu.deliver.api.problems import problem, problem_of
from jianlu.deliver.console.errors import _fault
from jianlu.deliver.console.texts import LANGS, Lang, texts_of

WORDS = "js.error."

OF_ANCHORS = ("ledger/anchors/", "backends/timestamps/", "backends/witnesses/")
"""Where a code says why an authority or a witness did not vouch: it goes into an event with words of its own, nobody waits for it."""


def codes_raised() -> Iterator[str]:
    """Every `code="..."` that an error of ours is made with; those of refused steps are the engine's blocks."""
    root = Path(jianlu.__file__).parent
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix().startswith(OF_ANCHORS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error"):
                for keyword in node.keywords:
                    if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                        yield str(keyword.value.value)
    yield from (f"step_{block.value}" for block in Block)
    yield from ("not_seen_yet", "not_ready")  # one of the two, by what keeps a session from starting (`preparing.py`)
    yield "statement_refused"  # of a stated day, where the error has no code of its own (`statements.py`)


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_has_words_and_every_words_a_code(lang: Lang) -> None:
    codes = set(codes_raised())
    worded = {key.removeprefix(WORDS) for key in texts_of(lang) if key.startswith(WORDS)}
    assert len(codes) > 30 and worded == codes
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_chinese_words_of_errors_are_chinese() -> None:
    shown = [text for key, text in texts_of("zh").items() if key.startswith(WORDS)]
    assert [text for text in shown if re.search(r"[A-Za-z]{4,}", text)] == []


def test_a_problem_says_its_code_beside_its_type_and_no_page_shows_its_detail() -> None:
    plain = problem_of(ConflictError("another agent leads: ask", code="another_leads"), 409, "/api/v1/x")
    said = json.loads(bytes(plain.body))
    assert (said["type"], said["code"], said["detail"]) == (
        "urn:jianlu:problem:conflict",
        "another_leads",
        "another agent leads: ask",
    )
    assert _fault(plain) == "js.error.another_leads"


@pytest.mark.parametrize("answer", [problem(409, "no code"), problem(409, "unknown", code="newer_code"), JSONResponse([])])
def test_an_answer_without_a_known_code_is_told_by_its_status(answer: JSONResponse) -> None:
    assert _fault(answer) == ""
    assert answer.status_code == 200 or ("code" in json.loads(bytes(answer.body))) == (b"newer_code" in bytes(answer.body))
