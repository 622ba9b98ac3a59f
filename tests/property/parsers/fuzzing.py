"""Every parsing door, given damaged true samples by the million: `make fuzz-parsers ARGS="--inputs 1000000 --seconds 3600 --parser NAME"`.

Each door has a process of its own, so that one that dies takes nothing with it. atheris, where it is installed, keeps inputs that
reach new code and damages those further, by our own edits as well as its own; without it, the seeded edits alone go on. A finding is
kept as a file below `findings/`, which `test_parsers.py` puts through its door for ever after. Ends with 1 when anything was found.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import logging
import mmap
import os
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.property.parsers.law import Door, Finding, Tally, judge, shortened, watch_the_time
from tests.property.parsers.mutations import Mutator

SEED = 20_261_127
FINDINGS = Path(__file__).parent / "findings"
ADDRESS_BYTES_MAX = 1 << 30
"""How much a door's process may ask for beyond what it has when it begins: beyond, an input ends in MemoryError, which is none of ours."""
_NOTED_EVERY = 1_000
_SLOT_BYTES = 1 << 22
_GRACE_S = 120


def engine_of(name: str) -> ModuleType | None:
    """atheris, or None where it is not wanted or there is none for this platform."""
    if name == "seeded":
        return None
    try:
        return importlib.import_module("atheris")
    except ImportError:
        if name == "atheris":
            raise
        return None


def loaded_doors(engine: ModuleType | None, folder: Path, *, with_home: bool) -> dict[str, Door]:
    """Every door by name, our code instrumented where the engine asks for it."""
    with engine.instrument_imports(include=["jianlu"], enable_loader_override=False) if engine else contextlib.nullcontext():
        from tests.fakes.quiet_home import make_sealed
        from tests.property.parsers.doors import all_doors
        from tests.property.parsers.vectors import Material
    made = make_sealed(folder) if with_home else None
    return {door.name: door for door in all_doors(Material.of(folder, made))}


class Slot:
    """Memory that a door's process shares with ours: how far it is, and the input that it has in hand, should it die of it."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _SLOT_BYTES)

    def hold(self, content: bytes) -> None:
        """Note the input that is tried next."""
        kept = content[: _SLOT_BYTES - 8]
        self._shared[:8] = len(kept).to_bytes(8, "big")
        self._shared[8 : 8 + len(kept)] = kept

    @property
    def held(self) -> bytes:
        """The input that was tried last."""
        return bytes(self._shared[8 : 8 + int.from_bytes(self._shared[:8], "big")])


def try_door(door: Door, engine: ModuleType | None, *, inputs: int, seconds: float, seed: int, slot: Slot, result: Path) -> None:
    """Put `inputs` inputs through `door`, in `seconds` at most, and leave the tally in `result`; does not return."""
    has = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (has + ADDRESS_BYTES_MAX, resource.RLIM_INFINITY))
    watch_the_time()
    tally, ends_at = Tally(), time.monotonic() + seconds
    mutator = Mutator(door.samples, seed=seed, bytes_max=door.bytes_max)

    def one(content: bytes) -> None:
        slot.hold(content)
        judge(door, content, tally)
        is_over = tally.inputs >= inputs or time.monotonic() >= ends_at
        if is_over or tally.inputs % _NOTED_EVERY == 0:
            _note(tally, result)
        if is_over:
            os._exit(0)

    for sample in door.samples:
        one(sample)
    if engine is None:
        while True:
            one(mutator.next())
    _by_engine(engine, door, one, mutator, seed)


def _by_engine(engine: Any, door: Door, one: Callable[[bytes], None], mutator: Mutator, seed: int) -> None:
    """libFuzzer's loop: half of its steps are our edits of what it holds to be worth it, half its own."""

    def damage(content: bytes, bytes_max: int, drawn: int) -> bytes:
        made = mutator.damaged(content, drawn) if drawn & 1 else engine.Mutate(content, bytes_max)
        return bytes(made[:bytes_max])

    folder = Path(tempfile.mkdtemp())
    for number, sample in enumerate(door.samples):
        (folder / str(number)).write_bytes(sample)
    options = [
        f"-seed={seed & 0x7FFFFFFF or 1}",
        f"-max_len={door.bytes_max}",
        "-rss_limit_mb=0",
        f"-timeout={_GRACE_S}",
        "-verbosity=0",
    ]
    engine.Setup(["fuzz", *options, str(folder)], one, custom_mutator=damage)
    engine.Fuzz()


def _note(tally: Tally, result: Path) -> None:
    found = [{"key": each.key, "told": each.told, "content": each.content.hex()} for each in tally.findings.values()]
    counts = {name: value for name, value in asdict(tally).items() if name != "findings"}
    fresh = result.with_suffix(".new")
    fresh.write_text(json.dumps({**counts, "findings": found}), encoding="utf-8")
    fresh.replace(result)


def run_door(door: Door, engine: ModuleType | None, *, inputs: int, seconds: float, seed: int, folder: Path) -> dict[str, Any]:
    """What a process of its own did with `door`; a death is a finding, too."""
    slot, result = Slot(), folder / f"{door.name}.json"
    child = os.fork()
    if child == 0:
        _become_quiet()
        try:
            try_door(door, engine, inputs=inputs, seconds=seconds, seed=seed, slot=slot, result=result)
        except BaseException:  # noqa: BLE001  it is told by the parent, which goes on to the next door
            result.with_suffix(".died").write_text(traceback.format_exc(), encoding="utf-8")
        os._exit(70)
    is_hung, status = _awaited(child, seconds + _GRACE_S)
    told: dict[str, Any] = json.loads(result.read_text(encoding="utf-8")) if result.exists() else _NOTHING.copy()
    if is_hung or status != 0:
        why = "hangs beyond interruption" if is_hung else f"its process died: wait status {status}"
        died = result.with_suffix(".died")
        way = died.read_text(encoding="utf-8") if died.exists() else why
        told["findings"] = [*told["findings"], {"key": f"{door.name}: {why}", "told": way, "content": slot.held.hex()}]
    return told


_NOTHING: dict[str, Any] = {"inputs": 0, "accepted": 0, "refused": 0, "measured": 0, "peak_bytes": 0, "findings": []}


def _become_quiet() -> None:
    """Whatever libraries print goes nowhere: the run prints its own lines, and only those."""
    logging.disable(logging.CRITICAL)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(nowhere, handle)


def _awaited(child: int, seconds: float) -> tuple[bool, int]:
    handle = os.pidfd_open(child)
    is_over = bool(select.select([handle], [], [], seconds)[0])
    os.close(handle)
    if not is_over:
        os.kill(child, signal.SIGKILL)
    return not is_over, os.waitpid(child, 0)[1]


def keep(door: Door, finding: dict[str, Any]) -> Path:
    """The finding's input as a file, made as short as it will get, with what it broke beside it."""
    watch_the_time()
    found = Finding(finding["key"], finding["told"], bytes.fromhex(finding["content"]))
    is_had_again = (
        "process died" not in found.key and "hangs" not in found.key and judge(door, found.content, Tally()) is not None
    )
    short = shortened(door, found) if is_had_again else found
    path = FINDINGS / door.name / short.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(short.content)
    return path


def long_run(engine: ModuleType | None, told: argparse.Namespace) -> Iterator[tuple[Door, dict[str, Any]]]:
    """Each door in its turn, with its share of inputs and seconds; what one does not need is the others'."""
    with tempfile.TemporaryDirectory(prefix="fuzz-parsers-") as folder:
        known = loaded_doors(engine, Path(folder), with_home=not told.light)
        if lost := set(told.parser or ()) - set(known):
            raise SystemExit(f"there is no parser {', '.join(sorted(lost))}: choose of {', '.join(known)}")
        chosen: Sequence[Door] = [known[name] for name in told.parser or known]
        left, ends_at = told.inputs, time.monotonic() + told.seconds
        for position, door in enumerate(chosen):
            doors_left = len(chosen) - position
            share = max(1.0, (ends_at - time.monotonic()) / doors_left)
            done = run_door(
                door, engine, inputs=-(-left // doors_left), seconds=share, seed=told.seed + position, folder=Path(folder)
            )
            left = max(doors_left, left - done["inputs"])
            yield door, done


def main() -> int:
    """Run it and print a line for each parser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs over all parsers")
    parser.add_argument("--seconds", type=float, default=3_600, help="the longest that it may take")
    parser.add_argument("--parser", action="append", help="only this one; may be given again")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--engine", choices=("auto", "atheris", "seeded"), default="auto")
    parser.add_argument("--light", action="store_true", help="without a home: shipped samples and vectors alone, no packages")
    told = parser.parse_args()
    engine = engine_of(told.engine)
    print(f"engine {'atheris' if engine else 'seeded'}, seed {told.seed}", flush=True)
    totals = {"inputs": 0, "accepted": 0, "refused": 0, "findings": 0}
    for door, done in long_run(engine, told):
        kept = [(each, keep(door, each)) for each in done["findings"]]
        for name in ("inputs", "accepted", "refused"):
            totals[name] += done[name]
        totals["findings"] += len(kept)
        print(
            f"{door.name}: {done['inputs']} inputs, {done['accepted']} accepted, {done['refused']} refused, {len(kept)} findings, "
            f"at most {done['peak_bytes'] / 1024:.0f} KiB ({done['measured']} measured)",
            flush=True,
        )
        for each, path in kept:
            print(f"  {each['key']}\n  kept in {path.relative_to(FINDINGS.parent)}, seed {told.seed}\n{each['told']}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in totals.items()), flush=True)
    return 1 if totals["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
