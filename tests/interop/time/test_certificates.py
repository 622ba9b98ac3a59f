"""Certificates of destruction carry time stamps: counted against the trust file as those of packages; openssl agrees with both."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint
from jianlu.core.formats.x509 import parse_certificates
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.ledger.anchors.folder import anchor_files, anchor_sizes, read_anchor
from jianlu.ledger.anchors.rows import CoveringStamps
from jianlu.ledger.prove import prove_consistency
from jianlu.ledger.signer import sign_note
from jianlu.verify.certificate import CertificateResult, check_certificate
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import Trust, trust_bytes
from tests.fakes.time.authority import LocalAuthority, serving
from tests.fakes.vault.ended import Published, later
from tests.fakes.vault.home import CASE, OTHER_CASE, memory_vault
from tests.fakes.vault.memory import SteppingClock
from tests.fakes.vault.sale import record_sale
from tests.interop.time.conftest import driver
from tests.unit.ledger.worlds import new_world, place_in_memory

TERM = "2020-06-30"
Fields = dict[str, Any]


@pytest.fixture(scope="module")
def house(authorities: list[LocalAuthority]) -> Iterator[Published]:
    """A case of 2015 that was destroyed in 2025, after its term; its start was stamped, its completion by nobody yet."""
    with memory_vault() as vault, place_in_memory() as place:
        assert isinstance(vault.clock, SteppingClock)
        vault.clock.moment = datetime(2015, 1, 1, tzinfo=UTC)
        made = Published(vault, new_world(Path(place)))
        record_sale(vault, until=TERM)
        record_sale(vault, OTHER_CASE, until="2036-11-22")
        later(vault)
        with serving(LocalAuthority(authorities[0].folder, "alpha")) as alpha:
            made.start(until=TERM)
            made.stage.start([alpha])
            assert made.stamp() == 1
        made.complete()
        made.publish()
        yield made


@pytest.fixture(scope="module", name="stamped")
def _stamped(house: Published, authorities: list[LocalAuthority]) -> tuple[bytes, bytes]:
    """The certificate before anybody stamped it, and asked for again afterwards, when the ledger had gone on."""
    before = house.certificate()
    with (
        serving(LocalAuthority(authorities[0].folder, "alpha")) as alpha,
        serving(LocalAuthority(authorities[1].folder, "beta")) as beta,
    ):
        house.stage.start([alpha, beta])
        assert house.stamp() == 2
    return before, house.certificate()


@pytest.fixture(name="trust")
def _trust(house: Published, authorities: list[LocalAuthority]) -> Trust:
    roots = {each.name: parse_certificates(each.chain.read_text()) for each in authorities}
    return Trust((house.signer.key,), (), (), roots)


def edited(content: bytes, change: Callable[[Fields], None]) -> bytes:
    fields = json.loads(content)
    change(fields)
    return canonical_bytes(fields)


def name_of(fields: Fields, end: str) -> str:
    return next(str(name) for name in fields["anchors"] if name.endswith(end) and not name.startswith("authorities/"))


def codes(result: CertificateResult) -> set[str]:
    assert not result.is_intact and result.attested == ()
    return {problem.what for problem in result.problems}


def test_asked_for_again_it_carries_the_stamps_and_openssl_agrees_by_the_printed_command(
    house: Published, stamped: tuple[bytes, bytes], trust: Trust, authorities: list[LocalAuthority], tmp_path: Path
) -> None:
    before, after = stamped
    first = check_certificate(before, trust=trust)
    assert first.is_intact and first.stamps == () and "not evidenced by a third party" in render_certificate(first, "en")
    result = check_certificate(after, trust=trust)
    assert result.is_intact and {stamp.authority for stamp in result.attested} == {"alpha", "beta"}
    assert result.as_document()["time_evidenced"] and json.loads(after)["consistency"]
    told = render_certificate(result, "en")
    assert "alpha" in told and "covers the completed destruction, signature checked" in told and "not evidenced" not in told

    program, file, known = tmp_path / "verifier.pyz", tmp_path / "case.destroyed.json", tmp_path / "trust.json"
    program.write_bytes(verifier_bytes())
    file.write_bytes(after)
    known.write_bytes(trust_bytes(trust))
    call: list[str | Path] = [
        sys.executable,
        "-I",
        "-S",
        program,
        file,
        "--json",
        "--trust",
        known,
        "--anchors",
        tmp_path / "out",
    ]
    shipped = subprocess.run(call, capture_output=True, text=True, check=False)
    assert shipped.returncode == 0 and json.loads(shipped.stdout) == result.as_document(), shipped.stderr
    for stamp, authority in zip(sorted(result.stamps, key=lambda each: each.authority), authorities, strict=True):
        chain = tmp_path / "out" / "ledger" / "anchors" / "authorities" / f"{stamp.authority}.pem"
        assert chain.read_bytes() == authority.chain.read_bytes()
        (tmp_path / "out" / f"{stamp.authority}.pem").write_bytes(authority.chain.read_bytes())
        judged = subprocess.run(shlex.split(stamp.command), cwd=tmp_path / "out", capture_output=True, text=True, check=False)
        assert judged.returncode == 0 and stamp.command in told, judged.stderr


def test_an_authority_that_the_trust_file_does_not_name_only_claims(stamped: tuple[bytes, bytes], trust: Trust) -> None:
    one = Trust(trust.ledgers, (), (), {"beta": trust.authorities["beta"]})
    result = check_certificate(stamped[1], trust=one)
    assert {stamp.authority: stamp.is_checked for stamp in result.stamps} == {"alpha": False, "beta": True}
    assert [stamp.authority for stamp in result.attested] == ["beta"]
    nobody = check_certificate(stamped[1])
    assert nobody.is_intact and len(nobody.stamps) == 2 and nobody.attested == ()
    told = render_certificate(nobody, "en")
    assert "authority self-declared" in told and "not evidenced by a third party" in told


def _flip(name: str) -> Callable[[Fields], None]:
    def change(fields: Fields) -> None:
        path = name_of(fields, name)
        content = bytearray(base64.b64decode(fields["anchors"][path]))
        content[-30] ^= 1
        fields["anchors"][path] = base64.b64encode(content).decode()

    return change


def _swap(fields: Fields) -> None:
    alpha, beta = name_of(fields, "alpha.tst"), name_of(fields, "beta.tst")
    fields["anchors"][alpha] = fields["anchors"][beta]


def _another_size(fields: Fields) -> None:
    size = name_of(fields, "checkpoint").partition("/")[0]
    later_size = str(int(size) + 1)
    fields["anchors"] = {name.replace(f"{size}/", f"{later_size}/"): text for name, text in fields["anchors"].items()}
    fields["consistency"] = {later_size: fields["consistency"][size]}


def _another_proof(fields: Fields) -> None:
    size, hashes = next(iter(fields["consistency"].items()))
    fields["consistency"][size] = ["00" * 32, *hashes[1:]]


def _no_proof(fields: Fields) -> None:
    fields["consistency"] = {}


def _strange(fields: Fields) -> None:
    fields["anchors"]["../../x"] = ""


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_flip("alpha.tst"), "stamp_invalid"),
        (_flip("beta.tst"), "stamp_invalid"),
        (_flip("checkpoint"), "anchor_invalid"),
        (_swap, "stamp_invalid"),
        (_another_size, "anchor_invalid"),
        (_another_proof, "anchor_invalid"),
        (_no_proof, "certificate_malformed"),
        (_strange, "certificate_malformed"),
    ],
)
def test_a_token_or_an_anchor_that_was_damaged_or_swapped_is_refused(
    stamped: tuple[bytes, bytes], trust: Trust, change: Callable[[Fields], None], what: str
) -> None:
    assert codes(check_certificate(edited(stamped[1], change), trust=trust)) == {what}


def test_a_token_of_something_else_and_a_checkpoint_of_another_history_are_refused_without_any_trust_file(
    house: Published, stamped: tuple[bytes, bytes], alpha: LocalAuthority
) -> None:
    other = driver(alpha).stamp(b"another checkpoint")

    def another(fields: Fields) -> None:
        fields["anchors"][name_of(fields, "alpha.tst")] = base64.b64encode(other).decode()

    assert codes(check_certificate(edited(stamped[1], another))) == {"stamp_invalid"}

    def forked(fields: Fields) -> None:
        path = name_of(fields, "checkpoint")
        note = sign_note(Checkpoint(house.signer.key.name, int(path.partition("/")[0]), bytes(32)).text, house.signer)
        fields["anchors"] = {path: base64.b64encode(note).decode()}

    assert codes(check_certificate(edited(stamped[1], forked))) == {"anchor_invalid"}


def test_a_stamp_from_before_the_destruction_says_nothing_of_it(
    house: Published, stamped: tuple[bytes, bytes], trust: Trust
) -> None:
    """No writer of ours puts it in; whoever does is told that it does not cover, and evidences nothing by it."""
    directory = house.world.directory
    earlier = next(anchor for anchor in (read_anchor(directory, each) for each in anchor_sizes(directory)) if anchor)
    size = claimed_checkpoint(json.loads(stamped[1])["checkpoint"].encode()).size
    assert f"{earlier.size}/checkpoint" not in json.loads(stamped[1])["anchors"] and earlier.stamps.keys() == {"alpha"}

    def put_in(fields: Fields) -> None:
        files = dict(anchor_files(directory, [earlier]))
        fields["anchors"] = {name: base64.b64encode(content).decode() for name, content in files.items()}
        fields["consistency"] = {str(earlier.size): [each.hex() for each in prove_consistency(directory, earlier.size, size)]}

    result = check_certificate(edited(stamped[1], put_in), trust=trust)
    assert result.is_intact and [(each.covers_case, each.is_checked) for each in result.stamps] == [(False, True)]
    told = render_certificate(result, "en")
    assert result.attested == () and "from before the destruction" in told and "not evidenced by a third party" in told


def test_a_clock_that_was_set_years_ahead_is_found_out(house: Published, alpha: LocalAuthority, trust: Trust) -> None:
    """The house's own clock says 2037, and its own checker without roots believes it; the authority saw it done today."""
    later(house.vault, days=4_400)
    house.start(OTHER_CASE)
    house.complete(OTHER_CASE)
    house.stage.start([alpha])
    assert house.stamp() == 1
    content = house.certificate(OTHER_CASE)
    assert check_certificate(content).is_intact
    result = check_certificate(content, trust=trust)
    assert codes(result) == {"destroyed_before_its_term"} and "alpha" in result.problems[0].detail


def test_a_damaged_token_in_the_folder_is_shown_and_not_handed_out(
    house: Published, stamped: tuple[bytes, bytes], trust: Trust
) -> None:
    position = house.chain().position_of(house.chain().next_n - 1)

    def shown() -> dict[str, tuple[bool, str]]:
        rows = CoveringStamps(house.world.directory, trust.authorities).of(position)
        return {row.who: (row.is_checked, row.problem) for row in rows}

    assert shown() == {"alpha": (True, ""), "beta": (True, "")}
    assert CoveringStamps(house.world.directory, trust.authorities).of(house.vault.ledger.size) == []
    path = next((house.world.directory / "anchors").glob("*/beta.tst"))
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    try:
        with pytest.raises(IntegrityError, match="stamp_invalid"):
            house.certificate(CASE)
        assert shown()["alpha"] == (True, "") and not shown()["beta"][0] and shown()["beta"][1]
    finally:
        path.write_bytes(good)
