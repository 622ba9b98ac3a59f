"""A home in the suite SM4-GCM, SM3, SM2, whole: the openssl program checks what it signed and sealed, by the words of the specification."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from jianlu.core.formats.note import parse_note
from jianlu.core.formats.segment import HEAD_BYTES, read_suite
from jianlu.core.sm3 import sm3
from jianlu.core.terms.suites import Suite
from jianlu.ledger.signer import load_signer, sign_note
from jianlu.ledger.sm2_signer import TwoSigners, create_sm2_key, load_sm2_signer
from jianlu.verify.check import check_package
from jianlu.verify.trust import Trust, parse_trust
from tests.conftest import ROOT
from tests.e2e.sabotage.forge import forge, read_entries, rebuild
from tests.fakes.quiet_home import Sealed, jianlu, make_sealed
from tests.vectors.sm.textbook_gcm import gcm_seal
from tests.vectors.sm.write_vectors import PUBLISHED

LEDGER, SIGNER = "jianlu.example/demo", "jianlu.example/demo/package"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("sm"), suite="sm")


@pytest.fixture(scope="module")
def trust(sealed: Sealed) -> Trust:
    return parse_trust((sealed.home / "trust.json").read_bytes())


def published_recipe() -> list[str]:
    """The commands of `specs/checkpoint-and-proof.md`, as they are printed there."""
    page = (ROOT / "specs" / "checkpoint-and-proof.md").read_text(encoding="utf-8")
    return page.partition("<!-- recipe -->\n```sh\n")[2].partition("```")[0].splitlines()


def run_recipe(folder: Path, note: bytes, pem: str) -> subprocess.CompletedProcess[str]:
    (folder / "checkpoint").write_bytes(note)
    (folder / "sm2.pem").write_text(pem, encoding="ascii")
    script = "set -e -o pipefail\n" + "\n".join(published_recipe())
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)


def test_the_openssl_program_verifies_checkpoint_and_manifest_by_the_published_recipe(
    sealed: Sealed, trust: Trust, tmp_path: Path
) -> None:
    entries = read_entries(sealed.package)
    pems = {each.key.name: each.key.pem for each in trust.sm2}
    assert set(pems) == {LEDGER, SIGNER} and len(published_recipe()) == 3
    live = (sealed.home / "ledger" / "checkpoint").read_bytes()
    for note, name in [(live, LEDGER), (entries["ledger/checkpoint"], LEDGER), (entries["manifest.note"], SIGNER)]:
        done = run_recipe(tmp_path, note, pems[name])
        assert (done.returncode, done.stdout.strip()) == (0, "Verified OK"), done.stderr
    altered = live.replace(b"\n", b"\n1", 1)
    assert run_recipe(tmp_path, altered, pems[LEDGER]).returncode != 0
    assert run_recipe(tmp_path, live, pems[SIGNER]).returncode != 0


def test_the_offline_verifier_checks_both_signatures_and_says_so(sealed: Sealed, trust: Trust, tmp_path: Path) -> None:
    result = check_package(sealed.package, trust=trust)
    assert result.is_intact
    assert [(each.name, each.is_checked) for each in result.second_signatures] == [(LEDGER, True), (SIGNER, True)]
    verifier = tmp_path / "verifier.pyz"
    verifier.write_bytes(read_entries(sealed.package)["verifier.pyz"])
    asked = f"python3 -I -S {verifier} {sealed.package} --trust {sealed.home / 'trust.json'} --language en"
    done = subprocess.run(shlex.split(asked), capture_output=True, text=True, check=False)
    assert f"second signature (SM2): {LEDGER}  checked" in done.stdout, done.stderr


def test_without_a_trusted_key_the_second_signature_is_not_evidenced(sealed: Sealed) -> None:
    result = check_package(sealed.package)
    assert result.is_intact
    assert [each.is_checked for each in result.second_signatures] == [False, False]
    shown = jianlu("verify", sealed.package, "--language", "en").out
    assert f"second signature (SM2): {LEDGER}  not evidenced" in shown


@pytest.mark.parametrize(("path", "code"), [("ledger/checkpoint", "checkpoint_invalid"), ("manifest.note", "signature_invalid")])
def test_a_second_signature_that_was_taken_away_or_altered_is_missed(
    sealed: Sealed, trust: Trust, path: str, code: str, tmp_path: Path
) -> None:
    def without(note: bytes) -> bytes:
        return note[: note.rindex("— ".encode())]

    def spoilt(note: bytes) -> bytes:
        return note[:-12] + (b"AAAA" if note[-12:-8] != b"AAAA" else b"BBBB") + note[-8:]

    for change in (without, spoilt):
        entries = read_entries(sealed.package)
        entries[path] = change(entries[path])
        forged = rebuild(tmp_path / f"{change.__name__}.jlp", entries)
        found = [problem for problem in check_package(forged, trust=trust).problems if "SM2" in problem.detail]
        assert [(problem.what, problem.where.path) for problem in found] == [(code, path)]


def test_another_sm2_key_of_the_same_name_is_not_taken_for_the_trusted_one(sealed: Sealed, trust: Trust, tmp_path: Path) -> None:
    create_sm2_key(tmp_path / "other.pem", SIGNER)
    other = TwoSigners(load_signer(sealed.home / "secrets" / "package.key"), load_sm2_signer(tmp_path / "other.pem", SIGNER))
    forged = forge(sealed.package, tmp_path / "forged.jlp", lambda entries: None, signer=other)
    assert check_package(forged).is_intact
    details = [problem.detail for problem in check_package(forged, trust=trust).problems]
    assert any(f"SM2 signature by {SIGNER} is missing" in detail for detail in details)


def test_everything_of_the_case_is_sealed_in_the_suite(sealed: Sealed) -> None:
    objects = list((sealed.home / "vault").rglob("*.sealed"))
    assert len(objects) > 5
    assert {read_suite(path.read_bytes()[:HEAD_BYTES]) for path in objects} == {Suite.SM}
    paths = [path for path in (sealed.home / "vault-keys").rglob("*.key") if path.parent.name != "search"]
    records = {
        path.name: json.loads(path.read_text())["suite"] for path in paths
    }  # the search index is no evidence (decision 0117)
    assert records.pop("tenant.key") == "file/2"
    assert set(records.values()) == {"SM4-GCM"}


def test_the_home_opens_again_and_its_ledger_is_sound(sealed: Sealed) -> None:
    assert jianlu("ledger", "fsck", sealed.home / "ledger").code == 0
    assert jianlu("vault", "reindex", "--home", sealed.home, "--json").code == 0


def test_sm3_is_that_of_the_openssl_program() -> None:
    for length in (0, 1, 55, 56, 63, 64, 65, 1000):
        content = bytes(number % 251 for number in range(length))
        done = subprocess.run(["openssl", "dgst", "-sm3", "-r"], input=content, capture_output=True, check=True)
        assert done.stdout.split()[0].decode() == sm3(content).hex()


def test_sm4_of_the_openssl_program_makes_the_gcm_of_rfc_8998_and_of_our_chunks() -> None:
    """The program has no SM4-GCM of its own: its block cipher, with GCM read from the standard, gives what the sealing library gives."""
    vector = PUBLISHED["sm4_gcm"][0]
    key, nonce, plain, aad = (bytes.fromhex(vector[name]) for name in ("key", "nonce", "plain", "aad"))

    def encrypt(blocks: bytes) -> bytes:
        asked = ["openssl", "enc", "-sm4-ecb", "-K", key.hex(), "-nopad"]
        return subprocess.run(asked, input=blocks, capture_output=True, check=True).stdout

    assert gcm_seal(encrypt, nonce, plain, aad).hex() == vector["sealed"] + vector["tag"]


def test_a_note_with_two_signatures_still_says_the_first_alone_to_who_knows_no_other(sealed: Sealed) -> None:
    note = parse_note((sealed.home / "ledger" / "checkpoint").read_bytes())
    assert [line.name for line in note.signatures] == [LEDGER, LEDGER]
    first = load_signer(sealed.home / "secrets" / "ledger.key")
    assert sign_note(note.text, first) == parse_note(note.content).content.rpartition("— ".encode())[0]
