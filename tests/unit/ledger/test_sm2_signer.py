"""The SM2 signer: keys for their owner alone, and what happens when the openssl program is missing, hangs, lies or has no such key."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from jianlu.core import sm2
from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.sm2_note import parse_sm2_key, verify_sm2
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.signer import create_signer_key, load_signer, sign_note
from jianlu.ledger.sm2_signer import Sm2Signer, TwoSigners, create_sm2_key, load_sm2_signer

NAME = "bank.example/log"


@pytest.fixture
def signer(tmp_path: Path) -> Sm2Signer:
    create_sm2_key(tmp_path / "sm2.pem", NAME)
    return load_sm2_signer(tmp_path / "sm2.pem", NAME)


@pytest.fixture
def two(tmp_path: Path, signer: Sm2Signer) -> TwoSigners:
    create_signer_key(tmp_path / "ledger.key", NAME)
    return TwoSigners(load_signer(tmp_path / "ledger.key"), signer)


def put_program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An openssl program of ours is the first on the path."""
    folder.mkdir()
    (folder / "openssl").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "openssl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_key_is_its_owners_alone_made_once_and_signs_what_verifies(tmp_path: Path, signer: Sm2Signer) -> None:
    path = tmp_path / "sm2.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sm2.verify(signer.key.public_key, signer.sign(b"message"), b"message")
    assert parse_sm2_key(NAME, signer.key.pem) == signer.key
    before = path.read_bytes()
    with pytest.raises(ConflictError):
        create_sm2_key(path, NAME)
    assert path.read_bytes() == before


def test_a_key_that_others_reach_or_that_is_gone_or_of_another_kind_is_refused(tmp_path: Path, signer: Sm2Signer) -> None:
    with pytest.raises(NotFoundError):
        load_sm2_signer(tmp_path / "none.pem", NAME)
    (tmp_path / "sm2.pem").chmod(0o640)
    with pytest.raises(DeniedError, match="chmod 600"):
        load_sm2_signer(tmp_path / "sm2.pem", NAME)
    other = tmp_path / "other.pem"
    curve = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(other)]
    subprocess.run(curve, check=True, capture_output=True)
    with pytest.raises(InvalidError, match="no SM2 key"):
        load_sm2_signer(other, NAME)
    other.write_text("nothing of that kind")
    with pytest.raises(InvalidError, match="cannot be read"):
        load_sm2_signer(other, NAME)


def test_the_two_keys_carry_one_name(tmp_path: Path, signer: Sm2Signer) -> None:
    create_signer_key(tmp_path / "other.key", "another.example/log")
    with pytest.raises(InvalidError, match="under the name"):
        TwoSigners(load_signer(tmp_path / "other.key"), signer)


@pytest.mark.parametrize("script", ["exit 1", "echo no such algorithm >&2; exit 2", "kill -9 $$", "yes | head -c 5000"])
def test_a_program_that_fails_makes_no_note(
    script: str, two: TwoSigners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_program(tmp_path / "bin", script, monkeypatch)
    with pytest.raises(UnavailableError, match="OpenSSL 3"):
        sign_note("text\n", two)


@pytest.mark.parametrize("script", ["true", "head -c 71 /dev/zero", "echo not a signature"])
def test_a_program_that_answers_anything_else_than_a_signature_makes_no_note(
    script: str, two: TwoSigners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_program(tmp_path / "bin", script, monkeypatch)
    with pytest.raises(IntegrityError, match="does not verify"):
        sign_note("text\n", two)


def test_without_the_program_nothing_is_made_and_nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="not there"):
        create_sm2_key(tmp_path / "sm2.pem", NAME)
    assert not (tmp_path / "sm2.pem").exists()


def test_a_ledger_whose_second_key_is_gone_stops_and_has_everything_when_it_is_back(
    two: TwoSigners, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It survives: the openssl program taken away while entries come in. Nothing is published with one signature, nothing is lost."""
    create_ledger(tmp_path / "ledger", origin=NAME, signer=two)
    kept = (tmp_path / "ledger" / "checkpoint").read_bytes()
    ledger = open_ledger(tmp_path / "ledger", signer=two, publish_every_ms=None)
    ledger.append(b"before")
    with monkeypatch.context() as away:
        away.setenv("PATH", str(tmp_path))
        with pytest.raises(UnavailableError):
            ledger.publish()
        assert ledger.has_stopped
        ledger.close()
    assert (tmp_path / "ledger" / "checkpoint").read_bytes() == kept
    with open_ledger(tmp_path / "ledger", signer=two, publish_every_ms=None) as again:
        assert again.size == 1
        verify_sm2(again.publish(), two._second.key)


@pytest.mark.parametrize(
    "change", [lambda pem: pem[:-1], lambda pem: pem + "\n", lambda pem: pem.replace("M", "m"), lambda _: ""]
)
def test_a_key_has_one_spelling(signer: Sm2Signer, change: object) -> None:
    assert callable(change)
    with pytest.raises(InvalidError):
        parse_sm2_key(NAME, change(signer.key.pem))
    with pytest.raises(InvalidError):
        parse_sm2_key("two words", signer.key.pem)
