"""`jianlu verify` on a real package and on everything else that somebody may point it at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.quiet_home import Sealed, jianlu

Copy = Callable[[], Sealed]
PROBLEM_KEYS = {"what", "where", "clause", "detail"}
WHERE_KEYS = {"segment", "from_ms", "to_ms", "path"}


def test_a_session_without_engines_is_intact_and_not_complete(sealed: Sealed) -> None:
    answer = jianlu("verify", sealed.package, "--trust", sealed.home / "trust.json", "--json")
    assert answer.code == 10
    document = answer.document
    assert document["intact"] is True and document["complete"] is False
    assert document["signer"]["trusted"] is True
    assert {frozenset(problem) for problem in document["problems"]} == {frozenset(PROBLEM_KEYS)}
    assert {frozenset(problem["where"]) for problem in document["problems"]} == {frozenset(WHERE_KEYS)}
    assert {clause["verdict"] for clause in document["clauses"]} == {"met", "not_evidenced"}
    assert all({"pack", "clause", "verdict", "confidence", "evidence"} <= set(clause) for clause in document["clauses"])


def test_json_is_one_document_and_nothing_else(sealed: Sealed) -> None:
    answer = jianlu("verify", sealed.package, "--json")
    assert json.loads(answer.out) and answer.err == ""


@pytest.mark.parametrize("content", [b"", b"PK", b"garbage" * 1000, b"PK\x05\x06" + bytes(18), bytes(100_000)])
def test_garbage_is_not_intact(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.jlp").write_bytes(content)
    answer = jianlu("verify", tmp_path / "x.jlp", "--json")
    assert answer.code == 90
    assert answer.document["intact"] is False and answer.document["problems"]


def test_a_missing_file_and_a_folder_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jlp", tmp_path):
        answer = jianlu("verify", path)
        assert answer.code == 4
        assert answer.out == ""


def test_a_trust_file_or_checkpoint_that_is_missing_or_none_is_told_apart(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\x00junk")
    assert jianlu("verify", sealed.package, "--trust", tmp_path / "none").code == 4
    assert jianlu("verify", sealed.package, "--trust", tmp_path / "junk").code == 2
    assert jianlu("verify", sealed.package, "--checkpoint", tmp_path / "none").code == 4
    answer = jianlu("verify", sealed.package, "--checkpoint", tmp_path / "junk")
    assert answer.code in (2, 90)


def test_the_trust_of_another_institution_is_not_enough(sealed: Sealed, tmp_path: Path) -> None:
    jianlu("init", tmp_path / "other")
    answer = jianlu("verify", sealed.package, "--trust", tmp_path / "other" / "trust.json", "--json")
    assert answer.code == 90
    assert "signer_not_trusted" in {problem["what"] for problem in answer.document["problems"]}


def test_a_checkpoint_saved_after_sealing_is_consistent(sealed: Sealed) -> None:
    answer = jianlu("verify", sealed.package, "--checkpoint", sealed.home / "ledger" / "checkpoint", "--json")
    assert answer.code == 10
    assert answer.document["signer"]["saved_checkpoint"] == "consistent"


def test_both_languages_say_the_same_without_codes(sealed: Sealed) -> None:
    chinese, english = jianlu("verify", sealed.package), jianlu("verify", sealed.package, "--language", "en")
    assert (chinese.code, english.code) == (10, 10)
    assert "不完整" in chinese.out and "NOT COMPLETE" in english.out
    for text in (chinese.out, english.out):
        assert "engine_absent" not in text and "clause_not_evidenced" not in text
        assert text.count("CN-IN-5c") >= 1


def test_a_cut_package_is_not_intact_in_words(copied: Copy) -> None:
    world = copied()
    world.package.write_bytes(world.package.read_bytes()[:-100])
    answer = jianlu("verify", world.package, "--language", "en")
    assert answer.code == 90
    assert "NOT INTACT" in answer.out
