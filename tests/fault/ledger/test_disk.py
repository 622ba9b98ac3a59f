"""A failing disk: the ledger stops at the first failed call, says so, and after repair has all that it acknowledged."""

from __future__ import annotations

import resource
import subprocess

import pytest

from tests.fault.ledger.running import ENVIRONMENT, acknowledged, assert_nothing_lost_or_doubled, command, run_with_fault
from tests.unit.ledger.worlds import World, numbered

STOPPED = 75


@pytest.mark.slow
@pytest.mark.needs_program("strace")
@pytest.mark.parametrize(
    "fault",
    [
        *(f"fdatasync:error=EIO:when={when}" for when in (1, 2, 17, 60)),
        *(f"fsync:error=EIO:when={when}" for when in (1, 2, 3, 5, 8, 12, 20, 31)),
        *(f"rename,renameat,renameat2:error=EIO:when={when}" for when in (1, 2, 3, 6, 11)),
        *(f"write:error=ENOSPC:when={when}" for when in (1, 2, 4, 12, 40)),
        *(f"write:error=EIO:when={when}" for when in (3, 25)),
        "mkdir,mkdirat:error=ENOSPC:when=1",
        "mkdir,mkdirat:error=EROFS:when=2",
    ],
)
def test_one_failed_call_stops_the_ledger_and_nothing_acknowledged_is_lost(world: World, fault: str) -> None:
    code, lines = run_with_fault(world, fault)
    assert code == STOPPED
    assert lines[-1] == "stopped"
    assert "went on" not in lines
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


@pytest.mark.slow
@pytest.mark.needs_program("strace")
@pytest.mark.parametrize("call", ["fdatasync", "fsync", "rename,renameat,renameat2"])
def test_a_disk_that_fails_from_some_moment_on_keeps_what_was_acknowledged(world: World, call: str) -> None:
    world.fill(numbered(20))
    code, lines = run_with_fault(world, f"{call}:error=EIO:when=6+")
    assert code == STOPPED
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


@pytest.mark.slow
@pytest.mark.needs_program("strace")
def test_a_second_fault_while_recovering_from_the_first_loses_nothing(world: World) -> None:
    _, lines = run_with_fault(world, "fdatasync:error=EIO:when=55")
    promised = acknowledged(lines)
    for when in (1, 2, 3, 5, 8):
        code, lines = run_with_fault(world, f"fsync:error=EIO:when={when}", entries=1)
        promised |= acknowledged(lines)
        assert code in (STOPPED, 0)
        for number in (1, 2, 4):
            run_with_fault(world, f"rename,renameat,renameat2:signal=KILL:when={number}", entries=0)
        assert world.check().is_sound
    assert_nothing_lost_or_doubled(world, promised)


@pytest.mark.parametrize("limit_bytes", [300, 1000, 1001, 1002, 1500, 4000])
def test_a_full_disk_that_cuts_a_write_short_stops_the_ledger(world: World, limit_bytes: int) -> None:
    def shrink() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    arguments = command(world, entries=500, publish_every=0)
    done = subprocess.run(arguments, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False, preexec_fn=shrink)
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[-1]) == (STOPPED, "stopped"), done.stderr
    assert (world.journal().stat().st_size == limit_bytes) or limit_bytes < 300
    assert_nothing_lost_or_doubled(world, acknowledged(lines))
