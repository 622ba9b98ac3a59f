"""Witnesses: two keep the protocol over real HTTP, one lies, one is down; rollbacks, forks and split views are refused and declared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from jianlu.backends.witnesses.http import HttpWitness
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, UnavailableError
from jianlu.core.formats.checkpoint import claimed_checkpoint, verify_checkpoint
from jianlu.core.formats.cosignature import (
    AddCheckpoint,
    WitnessKey,
    parse_add_checkpoint,
    parse_witness_key,
    verify_cosignatures,
)
from jianlu.core.terms.events import EventType
from jianlu.ledger.anchors.cosigning import Cosigner
from jianlu.ledger.anchors.folder import anchor_sizes, newest_first
from jianlu.ledger.anchors.outbox import Outbox
from jianlu.ledger.anchors.witness import Answer, Witness, create_witness, seen_checkpoints
from jianlu.ledger.ports import Witness as WitnessPort
from jianlu.ledger.ports import WitnessAnswer
from jianlu.ledger.prove import prove_consistency
from jianlu.ledger.read import read_checkpoint
from tests.fakes.time.clocks import SetClock
from tests.fakes.time.witnesses import ToldWitness, make_witness, open_witness, serving_witness
from tests.unit.ledger.worlds import ORIGIN, World, new_world, numbered, place_in_memory

MINUTE_MS = 60_000


class Stage:
    """A ledger and a cosigner whose clock the test sets; what it declares is kept, not appended."""

    def __init__(self, world: World, *witnesses: WitnessPort, required: int = 1) -> None:
        self.world, self.clock = world, SetClock()
        self.declared: list[tuple[EventType, dict[str, object]]] = []
        self.complaints: list[tuple[str, JianluError]] = []
        self.outbox = Outbox(lambda kind, body: self.declared.append((kind, dict(body))))
        self.cosigner = Cosigner(
            world.directory,
            world.signer.key,
            self.clock,
            self.outbox,
            lambda name, error: self.complaints.append((name, error)),
            interval_ms=1_000,
            required=required,
            quorum_within_ms=MINUTE_MS,
        )
        for each in witnesses:
            self.cosigner.add(each)

    def beat(self) -> int:
        """A beat of the process."""
        kept = self.cosigner.beat()
        self.outbox.flush()
        return kept

    def grow(self, count: int = 300) -> None:
        """News, and time for it to be shown."""
        self.world.fill(numbered(count, self.size))
        self.clock.pass_ms(MINUTE_MS)

    @property
    def size(self) -> int:
        """What the ledger has published."""
        return claimed_checkpoint(read_checkpoint(self.world.directory)).size


@pytest.fixture
def place() -> Iterator[Path]:
    with place_in_memory() as folder:
        yield folder


@pytest.fixture
def world(place: Path) -> World:
    world = new_world(place)
    world.fill(numbered(3))
    return world


@pytest.fixture
def keys(place: Path, world: World) -> list[WitnessKey]:
    return [make_witness(place / name, f"witness.example/{name}", world.signer.key.text) for name in ("w1", "w2")]


@pytest.fixture
def stage(place: Path, world: World, keys: list[WitnessKey]) -> Iterator[Stage]:
    """Two witnesses over HTTP; both make the quorum."""
    with ExitStack() as stack:
        addresses = [stack.enter_context(serving_witness(place / name)) for name in ("w1", "w2")]
        pairs = zip(keys, addresses, strict=True)
        yield Stage(world, *(HttpWitness(key.text, address) for key, address in pairs), required=2)


def _request(world: World, old: int) -> AddCheckpoint:
    note = read_checkpoint(world.directory)
    size = claimed_checkpoint(note).size
    hashes = tuple(prove_consistency(world.directory, old, size)) if 0 < old < size else ()
    return AddCheckpoint(old, hashes, note)


def _add(witness: Witness, world: World, old: int) -> Answer:
    return witness.add(_request(world, old).content)


# --- the protocol over HTTP -----------------------------------------------------------------------------------------


def test_two_witnesses_cosign_each_checkpoint_as_the_ledger_grows(stage: Stage, keys: list[WitnessKey]) -> None:
    assert stage.beat() == 2
    for _ in range(3):
        stage.grow()
        assert stage.beat() == 2
    anchor = next(newest_first(stage.world.directory))
    whole = anchor.note + anchor.cosignatures
    assert anchor.size == 903
    assert {each.witness for each in verify_cosignatures(whole, keys)} == {"witness.example/w1", "witness.example/w2"}
    assert verify_checkpoint(whole, [stage.world.signer.key]).size == 903, "with the lines of witnesses it is still our note"
    assert anchor_sizes(stage.world.directory) == [903], "earlier ones that no authority stamped are gone"
    assert not stage.declared and not stage.complaints


def test_nobody_is_asked_while_there_is_no_news(stage: Stage) -> None:
    stage.beat()
    stage.clock.pass_ms(MINUTE_MS)
    assert stage.beat() == 0


def test_a_cosigner_that_begins_anew_learns_from_the_witness_where_it_is(stage: Stage) -> None:
    stage.beat()
    stage.grow()
    for pace in stage.cosigner._paces:
        pace.size = 0
    assert stage.beat() == 2 and not stage.complaints


def test_the_witness_says_whose_it_is_and_takes_no_endless_request(place: Path, keys: list[WitnessKey]) -> None:
    with serving_witness(place / "w1") as address:
        assert keys[0].text in httpx.get(address, timeout=60).text
        assert httpx.post(f"{address}/add-checkpoint", content=bytes(1 << 20), timeout=60).status_code == 413
        assert httpx.get(f"{address}/add-checkpoint", timeout=60).status_code == 405


# --- one is down, one lies ------------------------------------------------------------------------------------------


def test_a_witness_that_is_down_costs_its_own_cosignature_and_an_alarm_when_the_quorum_lacks(
    place: Path, world: World, keys: list[WitnessKey]
) -> None:
    down = HttpWitness(keys[1].text, "http://127.0.0.1:9")
    with serving_witness(place / "w1") as address:
        stage = Stage(world, HttpWitness(keys[0].text, address), down, required=2)
        assert stage.beat() == 1
        stage.grow()
        assert stage.beat() == 1
        assert stage.declared == [(EventType.QUORUM_ALARMED, {"size": 303, "have": 1, "required": 2})]
        assert {name for name, _ in stage.complaints} == {keys[1].name, "quorum"}
        assert all(isinstance(error, UnavailableError) for _, error in stage.complaints)
    with serving_witness(place / "w1") as first, serving_witness(place / "w2") as second:
        stage.cosigner._paces[0].witness = HttpWitness(keys[0].text, first)
        stage.cosigner._paces[1].witness = HttpWitness(keys[1].text, second)
        stage.grow()
        assert stage.beat() == 2
    assert stage.declared[-1][0] is EventType.QUORUM_CLEARED


def _lines_of_another(request: bytes, other: Witness) -> bytes:
    return other.add(AddCheckpoint(0, (), parse_add_checkpoint(request).note).content).body


def test_a_witness_that_signs_with_another_key_or_wrongly_is_not_counted(
    place: Path, world: World, keys: list[WitnessKey]
) -> None:
    with open_witness(place / "w2") as other:
        lies = [
            lambda request: WitnessAnswer(200, _lines_of_another(request, other)),
            lambda request: WitnessAnswer(200, b""),
            lambda request: WitnessAnswer(200, b"\xff\xfe"),
        ]
        for lie in lies:
            stage = Stage(world, ToldWitness(keys[0], lie))
            assert stage.beat() == 0
            assert stage.declared[0][1]["reason"] == "untrusted"
    assert not next(newest_first(world.directory)).cosignatures


def test_a_cosignature_on_another_checkpoint_is_not_counted(place: Path, world: World, keys: list[WitnessKey]) -> None:
    with open_witness(place / "w1") as witness:
        earlier = _add(witness, world, 0).body
    world.fill(numbered(5, 3))
    stage = Stage(world, ToldWitness(keys[0], lambda _: WitnessAnswer(200, earlier)))
    assert stage.beat() == 0
    assert stage.declared == [
        (EventType.COSIGNATURE_REFUSED, {"witness": keys[0].name, "size": 8, "reason": "untrusted", "theirs": -1})
    ]
    stage.clock.pass_ms(MINUTE_MS)
    stage.beat()
    assert len([kind for kind, _ in stage.declared if kind is EventType.COSIGNATURE_REFUSED]) == 1, "said once, tried again"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (409, b"999\n", "ahead"),
        (409, b"0\n", "forked"),
        (409, b"many\n", "malformed"),
        (422, b"", "forked"),
        (404, b"", "unknown"),
        (403, b"", "unknown"),
        (400, b"", "malformed"),
    ],
)
def test_each_refusal_of_a_witness_is_declared_with_its_reason(
    world: World, keys: list[WitnessKey], status: int, body: bytes, reason: str
) -> None:
    stage = Stage(world, ToldWitness(keys[0], lambda _: WitnessAnswer(status, body)))
    assert stage.beat() == 0
    assert [fields["reason"] for _, fields in stage.declared] == [reason]


def test_a_witness_that_names_a_new_size_each_time_is_not_asked_for_ever(world: World, keys: list[WitnessKey]) -> None:
    sizes = iter([b"1\n", b"2\n", b"1\n", b"2\n"])
    witness = ToldWitness(keys[0], lambda _: WitnessAnswer(409, next(sizes)))
    stage = Stage(world, witness)
    stage.beat()
    assert len(witness.asked) == 3 and stage.declared[0][1]["reason"] == "malformed"


# --- what a witness refuses -----------------------------------------------------------------------------------------


def test_a_ledger_that_was_set_back_is_refused_and_its_keeper_told(stage: Stage) -> None:
    earlier = stage.world.copy("earlier")
    stage.beat()
    stage.grow()
    stage.beat()
    stage.world = earlier
    stage.cosigner.directory = earlier.directory
    earlier.fill(numbered(1, 3))
    stage.clock.pass_ms(MINUTE_MS)
    assert stage.beat() == 0
    assert {(fields["reason"], fields["theirs"]) for _, fields in stage.declared if "reason" in fields} == {("ahead", 303)}


def test_a_fork_with_the_same_key_is_refused_kept_as_proof_and_declared(place: Path, stage: Stage) -> None:
    fork = stage.world.copy("fork")
    stage.grow()
    stage.beat()
    fork.fill([b"another history %d" % number for number in range(400)])
    stage.cosigner.directory = fork.directory
    stage.clock.pass_ms(MINUTE_MS)
    assert stage.beat() == 0
    assert {fields["reason"] for _, fields in stage.declared if "reason" in fields} == {"forked"}
    proofs = list((place / "w1" / "forks").iterdir())
    assert len(proofs) == 1 and parse_add_checkpoint(proofs[0].read_bytes()).note == read_checkpoint(fork.directory)


def test_a_split_view_gets_no_quorum_of_two(place: Path, world: World, keys: list[WitnessKey]) -> None:
    """The keeper shows one history to one witness and another to the other: neither history has both."""
    other = world.copy("other")
    world.fill([b"for the first"])
    other.fill([b"for the second"])
    with open_witness(place / "w1") as one, open_witness(place / "w2") as two:
        first = read_checkpoint(world.directory) + _add(one, world, 0).body
        second = read_checkpoint(other.directory) + _add(two, other, 0).body
        assert [len(verify_cosignatures(note, keys)) for note in (first, second)] == [1, 1]
        assert _add(two, world, 4).status == 409 and _add(one, other, 4).status == 409
        with pytest.raises(IntegrityError):
            verify_cosignatures(first + second.splitlines(keepends=True)[-1], keys)


def test_what_was_cosigned_holds_across_a_restart(place: Path, world: World, keys: list[WitnessKey]) -> None:
    fork = world.copy("fork")
    world.fill(numbered(10, 3))
    fork.fill([b"other"] * 20)
    with open_witness(place / "w1") as witness:
        assert _add(witness, world, 0).status == 200
    with open_witness(place / "w1") as witness:
        assert witness.key == keys[0]
        assert (_add(witness, fork, 0).status, _add(witness, fork, 0).body) == (409, b"13\n")
        assert _add(witness, fork, 13).status == 422
        assert _add(witness, world, 13).status == 200, "the same again is only the time"
    assert [checkpoint.size for checkpoint in seen_checkpoints(place / "w1")] == [13]


@pytest.mark.usefixtures("keys")
def test_a_witness_whose_memory_was_altered_cosigns_nothing(place: Path, world: World) -> None:
    with open_witness(place / "w1") as witness:
        _add(witness, world, 0)
        seen = next((place / "w1" / "seen").iterdir())
        seen.write_bytes(seen.read_bytes().replace(b"\n3\n", b"\n2\n"))
        with pytest.raises(IntegrityError):
            _add(witness, world, 3)


@pytest.mark.usefixtures("keys")
def test_requests_that_are_none_are_told_apart(place: Path, world: World) -> None:
    note = read_checkpoint(world.directory)
    with open_witness(place / "w1") as witness:
        assert witness.add(b"").status == 400
        assert witness.add(b"old 0\n\nno note").status == 400
        assert witness.add(b"old 01\n\n" + note).status == 400
        assert witness.add(b"old 4\n\n" + note).status == 400
        assert witness.add(b"old 0\n\n" + note.replace(ORIGIN.encode(), b"example.com/other1")).status == 404
        assert witness.add(b"old 0\n\n" + note.replace(b"\n3\n", b"\n4\n")).status == 403
        assert witness.add(b"old 0\n" + b"A" * 43 + b"=\n\n" + note).status == 422, "no proof is needed from nothing"
        assert witness.add(b"old 0\n\n" + note).status == 200


@pytest.mark.usefixtures("keys")
def test_one_process_runs_a_witness_and_one_folder_holds_one(place: Path) -> None:
    with open_witness(place / "w1"), pytest.raises(ConflictError), open_witness(place / "w1"):
        raise AssertionError("two had it")
    with pytest.raises(ConflictError):
        create_witness(place / "w1", "other")


def test_a_witness_key_is_read_strictly(keys: list[WitnessKey], world: World) -> None:
    assert parse_witness_key(keys[0].text) == keys[0]
    for text in ("", "a+b", world.signer.key.text, keys[0].text.replace("w1+", "w3+")):
        with pytest.raises(InvalidError):
            parse_witness_key(text)
