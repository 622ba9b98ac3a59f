"""Starting the writer process, with or without faults, and checking the ledger that it left behind. Not a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.ledger.worlds import World

ROOT = Path(__file__).resolve().parents[3]
WRITER = Path(__file__).with_name("writer.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
KILLED = -9


def command(world: World, *, threads: int = 1, entries: int = 100, publish_every: int = 10) -> list[str]:
    """The writer's command line for the ledger of `world`."""
    key = world.directory.parent / "ledger.key"
    return [sys.executable, "-B", str(WRITER), str(world.directory), str(key), str(threads), str(entries), str(publish_every)]


def run(arguments: list[str]) -> tuple[int, list[str]]:
    """Run to the end; exit code (negative for a signal) and what it reported."""
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def run_with_fault(world: World, fault: str, *, entries: int = 100, publish_every: int = 10) -> tuple[int, list[str]]:
    """Run the writer under strace with one injected `fault`, such as `fdatasync:error=EIO:when=5`."""
    writer = command(world, entries=entries, publish_every=publish_every)
    calls = fault.partition(":")[0]
    return run(["strace", "-f", "-qqq", "-o", os.devnull, "-e", f"trace={calls}", "-e", f"inject={fault}", *writer])


def acknowledged(lines: list[str]) -> dict[int, bytes]:
    """The entries that were reported as durable, by number; each number and each entry once."""
    pairs = [line.split(" ") for line in lines if line[:1].isdigit()]
    found = {int(number): entry.encode() for number, entry in pairs}
    assert len(found) == len(pairs)
    return found


def assert_nothing_lost_or_doubled(world: World, promised: dict[int, bytes]) -> None:
    """Open the ledger again, go on with it, and compare it with all that was ever acknowledged."""
    if (world.directory / "checkpoint").exists():
        assert world.check().is_sound, world.check()
    with world.open() as ledger:
        number = ledger.append(b"after the fault %d" % ledger.size)
    entries = world.entries()
    assert len(entries) == number + 1
    assert {index: entries[index] for index in promised} == promised
    assert len(set(entries)) == len(entries)
    report = world.check()
    assert report.is_sound, report
