"""`jianlu init`: what it makes, what it refuses, and that it never replaces a trust root."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jianlu.core.terms.digests import digest_of
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.verify.trust import parse_trust, trust_bytes
from tests.fakes.quiet_home import jianlu


def test_init_says_what_it_made_as_json(tmp_path: Path) -> None:
    answer = jianlu("init", tmp_path / "home", "--origin", "bank.example/log", "--json")
    assert answer.code == 0 and answer.err == ""
    document = answer.document
    assert set(document) == {"home", "ledger", "package", "verifier", "trust", "authority"}
    trust = parse_trust(Path(document["trust"]).read_bytes())
    assert [key.text for key in trust.ledgers] == [document["ledger"]]
    assert [key.text for key in trust.packages] == [document["package"]]
    assert trust.verifiers == (document["verifier"],) == (digest_of(verifier_bytes()),)
    assert document["ledger"].startswith("bank.example/log+")


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    jianlu("init", tmp_path / "home")
    secrets = list((tmp_path / "home" / "secrets").iterdir())
    assert len(secrets) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_a_home_in_the_second_suite_has_sm2_keys_for_their_owner_alone_and_trusts_them(tmp_path: Path) -> None:
    assert jianlu("init", tmp_path / "home", "--suite", "sm").code == 0
    keys = list((tmp_path / "home" / "secrets").glob("*-sm2.pem"))
    assert {(path.name, stat.S_IMODE(path.stat().st_mode)) for path in keys} == {
        ("ledger-sm2.pem", 0o600),
        ("package-sm2.pem", 0o600),
    }
    trust = parse_trust((tmp_path / "home" / "trust.json").read_bytes())
    assert [(each.key.name, each.since) for each in trust.sm2] == [("jianlu.example/demo", 0), ("jianlu.example/demo/package", 0)]
    assert trust_bytes(trust) == (tmp_path / "home" / "trust.json").read_bytes()
    assert jianlu("init", tmp_path / "other", "--suite", "des").code == 2


def test_a_home_is_made_once_and_a_second_init_changes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    jianlu("init", home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    answer = jianlu("init", home)
    assert answer.code == 5
    assert "new folder" in answer.err
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("tenant", ["Demo Bank", "", "a" * 41, "银行", "../x"])
def test_a_tenant_that_is_no_identifier_is_refused_before_anything_is_made(tenant: str, tmp_path: Path) -> None:
    assert jianlu("init", tmp_path / "home", f"--tenant={tenant}").code == 2
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("origin", ["", "two words", "plus+sign", "line\nbreak", "a" * 201, "\x7f"])
def test_an_origin_that_is_no_key_name_is_refused_before_anything_is_made(origin: str, tmp_path: Path) -> None:
    answer = jianlu("init", tmp_path / "home", f"--origin={origin}")
    assert answer.code == 2, answer.err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("origin", ["银行.example/账本", 'quo"te', "back\\slash", 'x"]\\'])
def test_any_other_origin_is_written_so_that_the_home_opens(origin: str, tmp_path: Path) -> None:
    assert jianlu("init", tmp_path / "home", f"--origin={origin}").code == 0
    answer = jianlu("vault", "reindex", "--home", tmp_path / "home", "--json")
    assert answer.code == 0, answer.err


def test_a_home_below_a_file_is_unavailable_with_a_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    answer = jianlu("init", tmp_path / "file" / "home")
    assert answer.code == 75
    assert "check" in answer.err


def test_a_file_in_the_place_of_the_home_is_a_conflict_or_unavailable(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("mine")
    assert jianlu("init", tmp_path / "home").code in (5, 75)
    assert (tmp_path / "home").read_text() == "mine"


def test_a_disk_that_fills_up_is_unavailable_and_leaves_no_home_that_looks_whole(tmp_path: Path) -> None:
    from tests.cli.disks import files_of_at_most

    with files_of_at_most(512):
        answer = jianlu("init", tmp_path / "home")
    assert answer.code == 75, answer.err
    assert not (tmp_path / "home" / "trust.json").exists()
