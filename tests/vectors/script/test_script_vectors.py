"""The published vectors of scripts: what is read, with its digest, and what is refused, with its reason."""

from __future__ import annotations

import json

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.script import fill, parse_script, script_bytes
from jianlu.core.terms.digests import digest_of
from tests.vectors.script.write_vectors import FOLDER, bad, good

BAD = [json.loads(line) for line in (FOLDER / "bad.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_good_script_is_read_and_written_byte_for_byte() -> None:
    content = (FOLDER / "good.json").read_bytes()
    script = parse_script(content)
    assert script_bytes(script) == content
    assert digest_of(content) == (FOLDER / "digest.txt").read_text(encoding="utf-8").strip()
    assert script.facts == {"product.insurer"}
    assert fill(script.steps[0].say[0].text, lambda name, lang: f"<{name} {lang}>") == {
        "zh": "承保公司是<product.insurer zh>。",
        "en": "The insurer is <product.insurer en>.",
    }


@pytest.mark.parametrize("case", BAD, ids=[case["why"] for case in BAD])
def test_a_spoiled_script_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        parse_script(case["text"].encode())


def test_the_published_files_are_what_the_writer_makes() -> None:
    assert [(case["why"], case["text"]) for case in BAD] == list(bad())
    assert json.loads((FOLDER / "good.json").read_bytes()) == good()
