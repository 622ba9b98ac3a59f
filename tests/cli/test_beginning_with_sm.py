"""A home that exists begins with the second suite by the steps of `docs/suites.md`: its history stays whole and verifies as before."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.terms.suites import Suite
from jianlu.verify.check import check_package
from jianlu.verify.trust import Trust, parse_trust
from tests.e2e.sabotage.forge import read_entries, rebuild
from tests.fakes.quiet_home import Sealed, jianlu, make_sealed, write_case


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for known, wanted in changes:
        assert known in text
        text = text.replace(known, wanted, 1)
    path.write_text(text, encoding="utf-8")


def begin_with_sm(home: Path) -> bytes:
    """The four steps; the trust file that is published afterwards."""
    settings, keys = home / "jianlu.toml", home.with_name("keys.toml")
    edit(settings, ('suite = "international"', 'suite = "sm"'))
    keys.write_text('[keys]\nsuite = "sm"\n')
    moved = jianlu("keys", "move", keys, "--home", home)
    assert moved.code == 0, moved.err
    for name in ("ledger", "package"):
        path = home / "secrets" / f"{name}-sm2.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "SM2", "-out", str(path)], check=True, capture_output=True)
        path.chmod(0o600)
        edit(settings, ('sm2_key = ""', f'sm2_key = "secrets/{name}-sm2.pem"'))
    answer = jianlu("ledger", "trust", home)
    assert answer.code == 0, answer.err
    return answer.out.encode()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def changed(old: Sealed) -> tuple[Trust, Path]:
    """The new trust file, read, and a package of a second case, sealed after the change."""
    shutil.copyfile(old.home / "trust.json", old.home.with_name("old-trust.json"))
    trust = parse_trust(begin_with_sm(old.home))
    package = old.package.with_name("second.jlp")
    answer = jianlu(
        "seal", old.media, "--case", write_case(old.case.with_name("two.toml"), "quiet-0002"), "-o", package, "--home", old.home
    )
    assert answer.code == 0, answer.err
    return trust, package


def test_what_was_exported_before_verifies_with_either_trust_file(old: Sealed, changed: tuple[Trust, Path]) -> None:
    before = parse_trust(old.home.with_name("old-trust.json").read_bytes())
    for trust in (before, changed[0]):
        result = check_package(old.package, trust=trust)
        assert result.is_intact and result.signer is not None and result.signer.is_trusted
        assert result.second_signatures == ()


def test_what_is_sealed_afterwards_is_signed_twice_and_missed_when_it_is_not(
    old: Sealed, changed: tuple[Trust, Path], tmp_path: Path
) -> None:
    trust, package = changed
    result = check_package(package, trust=trust)
    assert result.is_intact
    assert [each.is_checked for each in result.second_signatures] == [True, True]
    entries = read_entries(package)
    entries["manifest.note"] = entries["manifest.note"].rpartition("— ".encode())[0]
    stripped = rebuild(tmp_path / "stripped.jlp", entries)
    assert [problem.what for problem in check_package(stripped, trust=trust).problems if problem.breaks_integrity] == [
        "signature_invalid"
    ]


def test_the_store_holds_both_suites_and_the_first_case_is_packed_again_as_it_was(
    old: Sealed, changed: tuple[Trust, Path], tmp_path: Path
) -> None:
    suites = [read_suite(path.read_bytes()[:HEAD_BYTES]) for path in (old.home / "vault").rglob("*.sealed")]
    assert set(suites) == set(Suite)
    again = tmp_path / "again.jlp"
    answer = jianlu("seal", old.media, "--case", old.case, "-o", again, "--home", old.home)
    assert answer.code == 0, answer.err
    assert check_package(again, trust=changed[0]).is_intact
    name = "media/session.mp4"
    assert read_entries(again)[name] == read_entries(old.package)[name]


def test_the_trust_file_is_made_again_with_the_sizes_that_it_said(old: Sealed, changed: tuple[Trust, Path]) -> None:
    trust, _ = changed
    assert len({each.since for each in trust.sm2}) == 1 and trust.sm2[0].since > 1
    kept = (old.home / "trust.json").read_bytes()
    try:
        (old.home / "trust.json").write_bytes(jianlu("ledger", "trust", old.home).out.encode())
        first = parse_trust((old.home / "trust.json").read_bytes())
        assert parse_trust(jianlu("ledger", "trust", old.home).out.encode()) == first
    finally:
        (old.home / "trust.json").write_bytes(kept)
