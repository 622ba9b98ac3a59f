"""A part of `make fuzz-parsers` with the suite: every door that needs no home, with a fixed seed, and all that a long run ever found.

Faults: whatever a forger, a failing disk or a foreign program makes of true samples. The law itself is held against doors that break it.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from tests.property.parsers import law
from tests.property.parsers.doors import all_doors
from tests.property.parsers.fuzzing import FINDINGS, SEED, run_door
from tests.property.parsers.law import Door, Tally, judge, shortened, watch_the_time
from tests.property.parsers.mutations import Mutator
from tests.property.parsers.vectors import Material

INPUTS = 24
"""Inputs for each door: two thousand in all."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Door]:
    return {door.name: door for door in all_doors(Material(tmp_path_factory.mktemp("doors")))}


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    before = signal.getsignal(signal.SIGPROF)
    watch_the_time()
    yield
    signal.signal(signal.SIGPROF, before)


def test_every_door_answers_damaged_samples_by_the_law(doors: dict[str, Door]) -> None:
    broken = []
    for door in doors.values():
        tally, mutator = Tally(), Mutator(door.samples, seed=SEED, bytes_max=door.bytes_max)
        for content in [*door.samples, *(mutator.next() for _ in range(2 if door.is_costly else INPUTS))]:
            judge(door, content, tally)
        broken += [found.told for found in tally.findings.values()]
        assert tally.accepted or "search-" in door.name or door.name == "time-authority-answer", f"no sample opens {door.name}"
    assert broken == []


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_once_is_answered_by_the_law(path: Path, doors: dict[str, Door]) -> None:
    door = doors.get(path.parent.name)
    if door is None:
        pytest.fail(f"no door is called {path.parent.name}: a finding of it is kept, so it must be tried")
    found = judge(door, path.read_bytes(), Tally())
    assert found is None, found and found.told


def test_an_answer_of_the_ledgers_keeper_that_is_cut_is_no_entry(doors: dict[str, Door]) -> None:
    header = b'{"fields":{"count":1}}'
    with pytest.raises(IntegrityError, match="cut"):
        doors["ledger-socket-answer"].open(len(header).to_bytes(4, "big") + header + b"\x00\x00\x00\x03" + b"\x00\x09a")


def _foreign(content: bytes) -> object:
    return json.loads(content)


def _greedy(content: bytes) -> object:
    return bytearray(law.MEMORY_BYTES_MAX + 1) if content else None


def _endless(content: bytes) -> object:
    while content:
        pass
    return None


def _careless(content: bytes) -> bytes:
    return content.strip()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (Door("foreign", _foreign, (b"{",)), "JSONDecodeError"),
        (Door("greedy", _greedy, (b"x",)), "took 64 MiB"),
        (Door("endless", _endless, (b"x",)), "HangError"),
        (Door("careless", _careless, (b" x",), written=bytes), "written otherwise"),
    ],
    ids=lambda value: value.name if isinstance(value, Door) else "",
)
def test_a_door_that_breaks_the_law_is_found(broken: Door, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "CPU_S_MAX", 0.2)
    monkeypatch.setattr(law, "MEASURED_EVERY", 1)
    found = judge(broken, broken.samples[0], Tally())
    assert found is not None and says in found.told


def test_a_door_whose_process_dies_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def dies(content: bytes) -> None:
        if content == b"die":
            os._exit(3)

    runs = {
        sample: run_door(Door("dies", dies, (sample,)), None, inputs=5, seconds=60, seed=1, folder=tmp_path)
        for sample in (b"live", b"die")
    }
    assert runs[b"live"]["inputs"] == 5 and runs[b"live"]["findings"] == []
    (died,) = runs[b"die"]["findings"]
    assert "died" in died["key"] and bytes.fromhex(died["content"]) == b"die"


def test_the_same_seed_makes_the_same_inputs_and_a_finding_gets_short() -> None:
    samples = (b'{"a":[1,2,{"b":"c"}]}', b"old 1\nAAAA\n\nnote\n", bytes(range(200)))
    first, second, other = (Mutator(samples, seed=seed, bytes_max=4_096) for seed in (1, 1, 2))
    made = [first.next() for _ in range(50)]
    assert made == [second.next() for _ in range(50)] != [other.next() for _ in range(50)]
    assert all(len(content) <= 4_096 for content in made) and len(set(made)) > 40

    def stumbles(content: bytes) -> None:
        if b"!" in content:
            raise KeyError("!")
        raise InvalidError("no")

    door = Door("stumbles", stumbles, (b"",))
    found = judge(door, bytes(500) + b"!" + bytes(300), Tally())
    assert found is not None and shortened(door, found).content == b"!"
