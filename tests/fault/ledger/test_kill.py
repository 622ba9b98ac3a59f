"""A killed writer: no acknowledged entry is lost, none is doubled, the folder is sound at any moment."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.fault.ledger.running import (
    ENVIRONMENT,
    KILLED,
    acknowledged,
    assert_nothing_lost_or_doubled,
    command,
    run,
    run_with_fault,
)
from tests.unit.ledger.worlds import World


def kill_after(arguments: list[str], count: int) -> list[str]:
    """Kill the writer without warning once it has acknowledged `count` entries; all that it reported."""
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline().rstrip("\n") for _ in range(count + 1)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.read().split("\n")[:-1]
    assert writer.returncode == KILLED
    return lines


@pytest.mark.parametrize("count", [1, 9, 10, 11, 97, 256, 300])
def test_a_writer_killed_at_any_entry_loses_and_doubles_nothing(world: World, count: int) -> None:
    lines = kill_after(command(world, entries=100_000, publish_every=7), count)
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


def test_a_writer_killed_again_and_again_loses_and_doubles_nothing(world: World) -> None:
    promised: dict[int, bytes] = {}
    for count in (3, 1, 40, 2, 120):
        found = acknowledged(kill_after(command(world, entries=100_000, publish_every=5), count))
        assert not promised.keys() & found.keys()
        promised |= found
    assert_nothing_lost_or_doubled(world, promised)


@pytest.mark.parametrize("count", [5, 400, 1500])
def test_many_threads_killed_together_lose_and_double_nothing(world: World, count: int) -> None:
    lines = kill_after(command(world, threads=16, entries=100_000, publish_every=50), count)
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


@pytest.mark.slow
@pytest.mark.needs_program("strace")
@pytest.mark.parametrize("call", ["write", "fdatasync", "fsync", "rename,renameat,renameat2", "unlink,unlinkat", "mkdir,mkdirat"])
@pytest.mark.parametrize("when", [1, 2, 5, 9, 14, 30])
def test_a_writer_killed_inside_a_system_call_loses_and_doubles_nothing(world: World, call: str, when: int) -> None:
    code, lines = run_with_fault(world, f"{call}:signal=KILL:when={when}", entries=300, publish_every=20)
    assert code in (KILLED, 0)
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


@pytest.mark.slow
@pytest.mark.needs_program("strace")
@pytest.mark.parametrize("call", ["fdatasync", "rename,renameat,renameat2", "fsync"])
def test_the_injected_kill_really_happens(world: World, call: str) -> None:
    code, lines = run_with_fault(world, f"{call}:signal=KILL:when=3", entries=300, publish_every=20)
    assert code == KILLED
    assert len(acknowledged(lines)) < 300


def test_an_undisturbed_writer_ends_well(world: World) -> None:
    code, lines = run(command(world, threads=4, entries=50))
    assert (code, len(acknowledged(lines))) == (0, 200)
    assert_nothing_lost_or_doubled(world, acknowledged(lines))
