"""A power cut before any system call, on a disk that keeps only what was synced: nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import random
import shutil
import stat

import pytest

from jianlu.core.errors import JianluError
from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.ledger import _folder, _journal
from tests.fault.ledger.power import Disk
from tests.unit.ledger.worlds import World


class Scenario:
    """Write, publish, close and open a ledger, and at each call on its folder see what a power cut would leave."""

    def __init__(self, world: World, *, images: int) -> None:
        self.world = world
        self.acknowledged: list[bytes] = []
        self.published = world.read("checkpoint")
        self.cuts = 0
        self.losses: list[str] = []
        self._images = images
        self._chance = random.Random(5)
        self.disk = Disk(world.directory, self._cut)

    def run(self, *, rounds: int, entries: int, publish_every: int) -> None:
        for part in range(rounds):
            with self.world.open() as ledger:
                for number in range(entries):
                    entry = b"part %d entry %d " % (part, number) + bytes([65 + number % 20]) * (number % 5 * 211)
                    assert ledger.append(entry) == len(self.acknowledged)
                    self.acknowledged.append(entry)
                    if number % publish_every == publish_every - 1:
                        self.published = ledger.publish()
            self.published = self.world.read("checkpoint")

    def _cut(self) -> None:
        for chance in [None, *[self._chance] * (self._images - 1)]:
            left = World(self.world.directory.with_name("left"), self.world.signer)
            self.disk.image(left.directory, chance)
            try:
                self._check(left)
            except (AssertionError, JianluError) as error:
                self.losses.append(f"{type(error).__name__}: {error}")
            shutil.rmtree(left.directory)
            self.cuts += 1

    def _check(self, left: World) -> None:
        with left.open(saved_checkpoint=self.published) as ledger:
            assert claimed_checkpoint(left.read("checkpoint")).size == ledger.size
        entries = left.entries()
        assert entries[: len(self.acknowledged)] == self.acknowledged
        assert len(entries) <= len(self.acknowledged) + 1
        assert left.check(saved_checkpoint=self.published).is_sound


@pytest.mark.slow
def test_a_power_cut_before_any_call_loses_nothing_acknowledged(memory_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario(memory_world, images=4)
    with monkeypatch.context() as patch:
        patch.setattr(_journal, "JOURNAL_SEGMENT_BYTES", 2000)
        scenario.disk.watch(patch)
        scenario.run(rounds=2, entries=14, publish_every=5)
    assert scenario.losses == []
    assert scenario.cuts > 500


@pytest.mark.slow
def test_a_power_cut_where_tiles_become_full_loses_nothing_acknowledged(
    memory_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_world.fill(b"before %d" % number for number in range(250))
    scenario = Scenario(memory_world, images=4)
    scenario.acknowledged += memory_world.entries()
    with monkeypatch.context() as patch:
        scenario.disk.watch(patch)
        scenario.run(rounds=1, entries=10, publish_every=4)
    assert scenario.losses == []
    assert scenario.cuts > 300


@pytest.mark.parametrize("omitted", ["fdatasync", "fsync of files", "fsync of directories"])
def test_the_simulation_notices_every_kind_of_sync_that_is_left_out(
    memory_world: World, monkeypatch: pytest.MonkeyPatch, omitted: str
) -> None:
    scenario = Scenario(memory_world, images=3)
    with monkeypatch.context() as patch:
        scenario.disk.watch(patch)
        if omitted == "fdatasync":
            patch.setattr(os, "fdatasync", lambda handle: None)
        elif omitted == "fsync of files":
            full_sync = os.fsync
            patch.setattr(os, "fsync", lambda handle: full_sync(handle) if stat.S_ISDIR(os.fstat(handle).st_mode) else None)
        else:
            patch.setattr(_folder, "sync_directory", lambda directory: None)
            patch.setattr(_journal, "sync_directory", lambda directory: None)
        scenario.run(rounds=1, entries=7, publish_every=3)
    assert scenario.losses
