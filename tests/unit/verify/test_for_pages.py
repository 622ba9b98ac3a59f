"""What a page is told of a verification: the document of `--json` unchanged, words in both languages, keys compared, mistakes in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.formats.certificate import parse_certificate
from jianlu.core.formats.note import verifier_key
from jianlu.verify import _archive
from jianlu.verify.certificate import check_certificate
from jianlu.verify.check import check_package
from jianlu.verify.for_pages import answer_for_page
from jianlu.verify.trust import parse_trust
from tests.e2e.sabotage.forge import flip
from tests.fakes.quiet_home import Sealed, make_sealed
from tests.fakes.vault.ended import stamped_certificate


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("small"))


def answered(package: Path, **brought: Any) -> dict[str, Any]:
    """The answer, read."""
    answer: dict[str, Any] = json.loads(answer_for_page(str(package), **brought))
    return answer


def test_a_page_gets_the_document_and_words_for_all_of_it(sealed: Sealed) -> None:
    trust = (sealed.home / "trust.json").read_bytes()
    said: list[str] = []
    answer = answered(sealed.package, trust=trust, say=said.append)
    result = check_package(sealed.package, trust=parse_trust(trust))
    assert json.loads(answer["document"]) == result.as_document()
    assert (answer["exit_code"], answer["ledger_matches"], said[0], said[-1]) == (10, None, "container", "verdicts")
    assert [clause["key"] for clause in answer["clauses"]] == [f"{each.pack}:{each.clause}" for each in result.clauses]
    for clause in answer["clauses"]:
        assert clause["title"]["zh"] and clause["title"]["en"]
        assert all(reason["zh"] and reason["en"] for reason in clause["reasons"])
    assert all(answer["text"].values()) and answer["problems"] == []


def test_a_forged_package_names_its_problems_in_both_languages(sealed: Sealed, tmp_path: Path) -> None:
    answer = answered(flip(sealed.package, tmp_path / "forged.jlp", "media/session.mp4"))
    assert answer["exit_code"] == 90
    assert all(problem["text"]["zh"] and problem["text"]["en"] for problem in answer["problems"])
    assert {problem["path"] for problem in answer["problems"]} >= {"media/session.mp4"}


def test_a_key_from_elsewhere_is_compared_with_the_ledgers(sealed: Sealed) -> None:
    known = parse_trust((sealed.home / "trust.json").read_bytes()).ledgers[0].text
    other = verifier_key("somebody.example/log", bytes(range(32))).text
    assert answered(sealed.package, ledger_key=f" {known}\n")["ledger_matches"] is True
    assert answered(sealed.package, ledger_key=other)["ledger_matches"] is False


def test_a_saved_checkpoint_is_compared_too(sealed: Sealed) -> None:
    saved = (sealed.home / "ledger" / "checkpoint").read_bytes()
    document = json.loads(answered(sealed.package, saved=saved)["document"])
    assert document["signer"]["saved_checkpoint"] == "consistent"


def test_a_certificate_of_destruction_is_answered_in_the_same_form(tmp_path: Path) -> None:
    content, trust = stamped_certificate(tmp_path)
    path = tmp_path / "case.destroyed.json"
    path.write_bytes(content)
    said: list[str] = []
    known = parse_trust(trust)
    answer = answered(
        path, trust=trust, ledger_key=known.ledgers[0].text, saved=parse_certificate(content).checkpoint, say=said.append
    )
    document = json.loads(answer["document"])
    assert (answer["exit_code"], answer["ledger_matches"], answer["problems"], said) == (0, True, [], ["ledger"])
    assert document["signer"].pop("saved_checkpoint") == "consistent" and document["time_evidenced"]
    elsewhere = check_certificate(content, trust=known).as_document()
    assert elsewhere["signer"].pop("saved_checkpoint") == "not given" and document == elsewhere
    assert "alpha" in answer["text"]["zh"] and "alpha" in answer["text"]["en"]
    path.write_bytes(content.replace(b"2020-06-30", b"2020-06-29"))
    forged = answered(path)
    assert forged["exit_code"] == 90 and all(each["text"]["zh"] and each["text"]["en"] for each in forged["problems"])


@pytest.mark.parametrize("brought", [{"trust": b"{}"}, {"ledger_key": "nonsense"}, {"saved": b"x" * 200_000}])
def test_what_is_not_what_it_should_be_is_refused_in_words(sealed: Sealed, brought: dict[str, Any]) -> None:
    answer = answered(sealed.package, **brought)
    assert set(answer) == {"refused"} and answer["refused"]


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    assert "cannot open" in answered(tmp_path / "nothing.jlp")["refused"]


def test_with_one_core_the_answer_is_the_same_without_threads(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    side_by_side = check_package(sealed.package)
    monkeypatch.setattr(_archive, "_THREADS", 1)
    monkeypatch.setattr(_archive, "ThreadPoolExecutor", None)
    assert check_package(sealed.package) == side_by_side
