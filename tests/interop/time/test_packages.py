"""Packages carry time stamps and cosignatures: the verifier counts them against the trust file, openssl agrees by the printed command."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.note import VerifierKey
from jianlu.ledger.anchors.witness import Witness
from jianlu.ledger.create import create_ledger
from jianlu.ledger.ports import WitnessAnswer
from jianlu.ledger.signer import load_signer
from jianlu.verify.check import check_package
from jianlu.verify.model import Result
from jianlu.verify.render import render
from jianlu.verify.trust import Trust, parse_trust
from tests.e2e.sabotage.forge import Entries, read_entries, rebuild
from tests.fakes.quiet_home import Sealed, make_sealed
from tests.fakes.time.authority import LocalAuthority, serving
from tests.fakes.time.stage import Stage
from tests.fakes.time.witnesses import ToldWitness, make_witness, open_witness
from tests.interop.time.conftest import driver
from tests.interop.witness.test_witnesses import Stage as WitnessStage
from tests.property.verify.forged_history import entries_of, events_in
from tests.unit.ledger.worlds import World


@dataclass(frozen=True)
class Made:
    """A package with two tokens and two cosignatures over the whole case, and what its reader trusts."""

    sealed: Sealed
    entries: Entries
    trust: Trust
    trust_document: dict[str, object]
    world: World
    events: tuple[Event, ...]

    def check(self, entries: Entries, folder: Path, trust: Trust | None = None) -> Result:
        """What the verifier says of these entries, signed anew."""
        return check_package(
            rebuild(folder / "forged.jlp", entries, signer=self.sealed.package_signer), trust=trust or self.trust
        )


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("sealed"))


@pytest.fixture(scope="module", name="made")
def _made(sealed: Sealed, authorities: list[LocalAuthority], tmp_path_factory: pytest.TempPathFactory) -> Made:
    tmp_path = tmp_path_factory.mktemp("made")
    with (
        serving(LocalAuthority(authorities[0].folder, "alpha")) as alpha,
        serving(LocalAuthority(authorities[1].folder, "beta")) as beta,
    ):
        return _make(sealed, alpha, beta, tmp_path)


def _make(sealed: Sealed, alpha: LocalAuthority, beta: LocalAuthority, tmp_path: Path) -> Made:
    signer = load_signer(sealed.home / "secrets" / "ledger.key")
    create_ledger(tmp_path / "ledger", origin=signer.key.name, signer=signer)
    world = World(tmp_path / "ledger", signer)
    original = read_entries(sealed.package)
    events = tuple(events_in(original))
    world.fill([event.content for event in events])
    stage = Stage(world)
    stage.start([alpha, beta])
    assert stage.beat() == 2
    keys = [make_witness(tmp_path / name, f"witness.example/{name}", signer.key.text) for name in ("w1", "w2")]
    with open_witness(tmp_path / "w1") as one, open_witness(tmp_path / "w2") as two:
        told = [ToldWitness(key, _answering(witness)) for key, witness in zip(keys, (one, two), strict=True)]
        assert WitnessStage(world, *told).beat() == 2
    document = json.loads((sealed.home / "trust.json").read_text())
    document["authorities"] = [{"name": each.name, "certificates": each.chain.read_text()} for each in (alpha, beta)]
    document["witnesses"] = [{"name": key.name, "vkey": key.text} for key in keys]
    document["witnesses_required"] = 2
    entries = entries_of(original, events, world.directory)
    return Made(sealed, entries, parse_trust(json.dumps(document).encode()), document, world, events)


def _answering(witness: Witness) -> Callable[[bytes], WitnessAnswer]:
    def answer(request: bytes) -> WitnessAnswer:
        found = witness.add(request)
        return WitnessAnswer(found.status, found.body)

    return answer


def _anchor(entries: Entries, name: str) -> str:
    """The entry `name` of the anchor that was stamped."""
    return next(
        path for path in entries if path.startswith("ledger/anchors/") and path.endswith(f"/{name}") and "authorities" not in path
    )


def test_a_package_says_who_stamped_and_cosigned_it_and_openssl_agrees_by_the_printed_command(made: Made, tmp_path: Path) -> None:
    result = made.check(made.entries, tmp_path)
    assert result.is_intact and result.exit_code == 10
    assert {(stamp.authority, stamp.covers_case, stamp.is_checked) for stamp in result.stamps} == {
        ("alpha", True, True),
        ("beta", True, True),
    }
    covering = {each.witness for each in result.cosignatures if each.covers_case}
    assert covering == {"witness.example/w1", "witness.example/w2"}
    with ZipFile(tmp_path / "forged.jlp") as archive:
        archive.extractall(tmp_path / "unpacked")
    for stamp in result.stamps:
        chain = tmp_path / "unpacked" / "ledger" / "anchors" / "authorities" / f"{stamp.authority}.pem"
        (tmp_path / "unpacked" / f"{stamp.authority}.pem").write_bytes(chain.read_bytes())
        judged = subprocess.run(
            shlex.split(stamp.command), cwd=tmp_path / "unpacked", capture_output=True, text=True, check=False
        )
        assert judged.returncode == 0, judged.stderr
        assert stamp.command in render(result, "en")
    assert "signature checked" in render(result, "en") and "2 cosigned, 2 required" in render(result, "en")
    assert len(result.as_document()["stamps"]) == 2


def test_without_a_trust_file_tokens_are_claimed_and_witnesses_not_evidenced(made: Made, tmp_path: Path) -> None:
    path = rebuild(tmp_path / "p.jlp", made.entries, signer=made.sealed.package_signer)
    result = check_package(path)
    assert result.is_intact and [stamp.is_checked for stamp in result.stamps] == [False, False]
    assert "authority self-declared" in render(result, "en") and "lists no witness" in render(result, "en")


def test_a_package_without_stamps_says_that_time_is_not_evidenced(sealed: Sealed) -> None:
    result = check_package(sealed.package)
    assert result.is_intact and not result.stamps
    assert "trusted time: not evidenced" in render(result, "en") and "可信时间: 未能证明" in render(result, "zh")


def test_a_reader_who_demands_witnesses_is_not_content_with_fewer(made: Made, tmp_path: Path) -> None:
    entries = dict(made.entries)
    path = _anchor(entries, "cosignatures")
    entries[path] = entries[path].splitlines(keepends=True)[0]
    result = made.check(entries, tmp_path)
    assert not result.is_intact and [problem.what for problem in result.problems if problem.breaks_integrity] == [
        "witnesses_too_few"
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("alpha.tst", "stamp_invalid"),
        ("beta.tst", "stamp_invalid"),
        ("cosignatures", "cosignature_invalid"),
        ("checkpoint", "anchor_invalid"),
    ],
)
def test_a_bit_that_was_flipped_in_an_anchor_is_noticed(made: Made, tmp_path: Path, name: str, what: str) -> None:
    entries = dict(made.entries)
    path = _anchor(entries, name)
    content = bytearray(entries[path])
    content[-30] ^= 1
    entries[path] = bytes(content)
    result = made.check(entries, tmp_path)
    assert not result.is_intact and what in {problem.what for problem in result.problems}


def test_a_token_of_another_checkpoint_is_noticed_without_any_trust_file(
    made: Made, tmp_path: Path, alpha: LocalAuthority
) -> None:
    entries = dict(made.entries)
    entries[_anchor(entries, "alpha.tst")] = driver(alpha).stamp(b"another checkpoint")
    result = check_package(rebuild(tmp_path / "p.jlp", entries, signer=made.sealed.package_signer))
    assert [problem.what for problem in result.problems if problem.breaks_integrity] == ["stamp_invalid"]


def test_a_token_under_another_authority_s_name_is_noticed(made: Made, tmp_path: Path) -> None:
    entries = dict(made.entries)
    entries[_anchor(entries, "alpha.tst")] = entries[_anchor(entries, "beta.tst")]
    result = made.check(entries, tmp_path)
    assert not result.is_intact and "root" in next(p.detail for p in result.problems if p.what == "stamp_invalid")


def test_an_anchor_under_another_size_or_a_strange_file_is_noticed(made: Made, tmp_path: Path) -> None:
    path = _anchor(made.entries, "checkpoint")
    for name in ("ledger/anchors/3/checkpoint", "ledger/anchors/1/notes", "ledger/anchors/x", f"{path}.old"):
        entries = {**made.entries, name: made.entries[path]}
        result = made.check(entries, tmp_path)
        assert not result.is_intact and "anchor_invalid" in {problem.what for problem in result.problems}
        (tmp_path / "forged.jlp").unlink()


def test_a_trust_file_that_demands_more_than_it_names_is_none(made: Made) -> None:
    for change in ({"witnesses_required": 3}, {"witnesses_required": True}, {"authorities": [{"name": "a"}]}, {"witnesses": [1]}):
        with pytest.raises(InvalidError, match="trust file"):
            parse_trust(json.dumps({**made.trust_document, **change}).encode())
    assert isinstance(made.trust.ledgers[0], VerifierKey)
