"""`jianlu plan` and `jianlu sample`: what they print and write, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.plan import parse_plan
from tests.cli.disks import files_of_at_most
from tests.fakes.quiet_home import jianlu, write_case


def test_the_plan_is_printed_in_chinese_unless_english_is_wished(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml")
    chinese, english = jianlu("plan", case), jianlu("plan", case, "--language", "en")
    assert (chinese.code, english.code) == (0, 0)
    assert "保管" in chinese.out and "CN-IN-1" in chinese.out
    assert "kept until" in english.out and "CN-IN-1" in english.out
    assert chinese.out.isascii() is False and chinese.err == english.err == ""


def test_the_plan_as_json_is_the_document_that_would_be_frozen(tmp_path: Path) -> None:
    answer = jianlu("plan", write_case(tmp_path / "case.toml"), "--json")
    assert answer.code == 0
    plan = parse_plan(canonical_bytes(answer.document))
    assert plan.clauses and plan.obligations and plan.retention


def test_a_missing_case_file_is_not_found(tmp_path: Path) -> None:
    assert jianlu("plan", tmp_path / "none.toml").code == 4


@pytest.mark.parametrize("content", [b"", b"not toml at all [", b"\xff\xfe\x00", b"[case]\nid = 1\n", b"x = 1\n"])
def test_a_case_file_that_is_none_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_bytes(content)
    answer = jianlu("plan", tmp_path / "case.toml", "--json")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("jianlu: ") and answer.err.count("\n") == 1


def test_an_unknown_key_of_a_case_file_is_named(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml", age="colour")
    answer = jianlu("plan", case)
    assert answer.code == 2
    assert "colour" in answer.err


def test_a_folder_of_packs_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml")
    (tmp_path / "empty").mkdir()
    for folder in ("missing", "empty"):
        answer = jianlu("plan", case, "--packs", tmp_path / folder)
        assert answer.code in (2, 4), (folder, answer.out[:80])


@pytest.mark.slow
@pytest.mark.thorough
def test_the_sample_is_written_and_described(tmp_path: Path) -> None:
    answer = jianlu("sample", tmp_path / "new" / "sample", "--json")
    assert answer.code == 0
    document = answer.document
    assert all((Path(document["directory"]) / name).stat().st_size for name in document["files"])
    assert document["duration_ms"] > 60_000 and document["lines"] > 10
    assert jianlu("plan", tmp_path / "new" / "sample" / "case.toml").code == 0


def test_a_sample_that_cannot_be_written_is_unavailable_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    answer = jianlu("sample", tmp_path / "file" / "sample")
    assert answer.code == 75
    with files_of_at_most(4096):
        full = jianlu("sample", tmp_path / "full")
    assert full.code == 75, full.err


def test_what_another_age_changes_is_printed_with_the_reason(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml")
    answer = jianlu("diff", case, "--set", "product.term_years=1", "--language", "en")
    assert answer.code == 0
    assert "CN-IN-4" in answer.out and "no longer holds: Term (months) is more than 12" in answer.out


def test_two_case_files_are_compared(tmp_path: Path) -> None:
    case = write_case(tmp_path / "case.toml")
    same = jianlu("diff", case, write_case(tmp_path / "other.toml"), "--json")
    assert same.code == 0 and not any(same.document.values())


@pytest.mark.parametrize("stated", [[], ["--set", "customer.age"], ["--set", "customer.age=old"], ["--set", "customer.name=x"]])
def test_a_comparison_with_nothing_or_nonsense_is_a_wrong_call(stated: list[str], tmp_path: Path) -> None:
    assert jianlu("diff", write_case(tmp_path / "case.toml"), *stated).code == 2
