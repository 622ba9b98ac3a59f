"""Two who want to write: another process, a fork."""

from __future__ import annotations

import os
import subprocess

import pytest

from jianlu.core.errors import ConflictError
from tests.fault.ledger.running import ENVIRONMENT, acknowledged, assert_nothing_lost_or_doubled, command
from tests.unit.ledger.worlds import World, numbered


def test_another_process_is_kept_out_while_a_writer_lives_and_let_in_after_it_was_killed(world: World) -> None:
    with subprocess.Popen(command(world, entries=1_000_000), env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline().rstrip("\n") for _ in range(20)]
        with pytest.raises(ConflictError, match="another process"):
            world.open()
        writer.kill()
        lines += writer.stdout.read().split("\n")[:-1]
    assert_nothing_lost_or_doubled(world, acknowledged(lines))


def test_a_fork_can_neither_append_nor_close_nor_keep_the_lock(world: World) -> None:
    ledger = world.open()
    ledger.append(b"before the fork")
    asks, answers = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        refused = 0
        for attempt in (lambda: ledger.append(b"from the fork"), ledger.publish):
            try:
                attempt()
            except ConflictError:
                refused += 1
        ledger.close()
        os.write(answers[1], b"%d" % refused)
        os.read(asks[0], 1)  # lives until the parent is done
        os._exit(0)
    assert os.read(answers[0], 1) == b"2"
    assert ledger.append(b"after the fork") == 1
    ledger.close()
    with world.open() as again:
        assert again.append(b"opened beside the fork") == 2
    os.write(asks[1], b".")
    os.waitpid(child, 0)
    for handle in (*asks, *answers):
        os.close(handle)
    assert world.entries() == [b"before the fork", b"after the fork", b"opened beside the fork"]


def test_a_second_ledger_object_in_the_same_process_is_refused_too(world: World) -> None:
    with world.open() as ledger:
        with pytest.raises(ConflictError):
            world.open()
        ledger.append(b"entry")
    world.fill(numbered(2))
    assert len(world.entries()) == 3
