"""Appending and publishing: numbers, order, durability on return, one checkpoint for many."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, InvalidError, UnavailableError
from jianlu.core.formats.checkpoint import verify_checkpoint
from jianlu.core.formats.tree import TreeEdge
from jianlu.ledger import append, open_ledger
from jianlu.ledger._journal import read_journal
from tests.property.ledger import naive_tree
from tests.unit.ledger.worlds import ORIGIN, World, numbered


def test_entries_get_consecutive_numbers_and_are_published_in_order(world: World) -> None:
    with world.open() as ledger:
        assert [ledger.append(entry) for entry in numbered(600)] == list(range(600))
        note = ledger.publish()
    assert world.entries() == numbered(600)
    checkpoint = verify_checkpoint(note, [world.signer.key], origin=ORIGIN)
    assert checkpoint.size == 600
    assert checkpoint.root == naive_tree.root([naive_tree.leaf(entry) for entry in numbered(600)])


def test_an_acknowledged_entry_is_in_the_journal_before_append_returns(world: World) -> None:
    with world.open() as ledger:
        for number, entry in enumerate(numbered(5)):
            ledger.append(entry)
            assert read_journal(world.directory / "journal").entries[number] == entry


def test_many_threads_lose_and_double_nothing(world: World) -> None:
    found: dict[int, bytes] = {}

    def write(thread: int) -> None:
        for number in range(25):
            entry = b"thread %d entry %d" % (thread, number)
            found[ledger.append(entry)] = entry

    with world.open() as ledger:
        threads = [threading.Thread(target=write, args=(thread,)) for thread in range(32)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            ledger.publish()
        for thread in threads:
            thread.join()
    assert sorted(found) == list(range(800))
    assert world.entries() == [found[number] for number in range(800)]
    assert world.check().is_sound


def test_a_ledger_is_continued_after_it_was_closed(world: World) -> None:
    for start in (0, 1, 200, 256, 300, 513):
        with world.open() as ledger:
            for entry in numbered(700)[ledger.size : start]:
                ledger.append(entry)
    assert world.entries() == numbered(513)
    assert world.check().is_sound


def test_each_published_size_has_the_root_of_the_standard(world: World) -> None:
    leaves = [naive_tree.leaf(entry) for entry in numbered(520)]
    with world.open() as ledger:
        for size in (1, 2, 3, 255, 256, 257, 511, 512, 520):
            for entry in numbered(520)[ledger.size : size]:
                ledger.append(entry)
            ledger.publish()
            assert ledger.published.root == naive_tree.root(leaves[:size])


def test_publishing_without_news_keeps_the_checkpoint(world: World) -> None:
    with world.open() as ledger:
        ledger.append(b"entry")
        assert ledger.publish() == ledger.publish() == world.read("checkpoint")


def test_news_is_published_without_being_asked(world: World) -> None:
    is_published = threading.Event()

    class Watching:
        key = world.signer.key

        def sign(self, message: bytes) -> bytes:
            is_published.set()
            return world.signer.sign(message)

    with open_ledger(world.directory, signer=Watching(), publish_every_ms=1) as ledger:
        ledger.append(b"news")
        assert is_published.wait(30)


def test_an_entry_of_any_allowed_length_is_kept_and_a_longer_one_is_refused(world: World) -> None:
    with world.open() as ledger:
        ledger.append(b"")
        ledger.append(bytes(65_535))
        with pytest.raises(InvalidError, match="65536 bytes"):
            ledger.append(bytes(65_536))
    assert [len(entry) for entry in world.entries()] == [0, 65_535]


def test_a_closed_ledger_takes_no_more(world: World) -> None:
    ledger = world.open()
    ledger.close()
    ledger.close()
    with pytest.raises(ConflictError, match="closed"):
        ledger.append(b"entry")
    with pytest.raises(ConflictError, match="closed"):
        ledger.publish()


def test_appenders_publish_when_too_much_is_unpublished(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "UNPUBLISHED_BYTES_MAX", 10_000)
    with world.open() as ledger:
        for number in range(100):
            ledger.append(bytes(1000))
            assert number - ledger.published.size < 12


def test_many_appenders_over_the_bound_publish_once_for_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = list[bytes]()

    class Counting:
        key = world.signer.key

        def sign(self, message: bytes) -> bytes:
            signed.append(message)
            return world.signer.sign(message)

    def write() -> None:
        for _ in range(20):
            ledger.append(bytes(1000))

    monkeypatch.setattr(append, "UNPUBLISHED_BYTES_MAX", 20_000)
    with open_ledger(world.directory, signer=Counting(), publish_every_ms=None) as ledger:
        threads = [threading.Thread(target=write) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 1 < len(signed) <= 320 // 18 + 2


def test_journal_segments_are_deleted_once_published(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.ledger._journal.JOURNAL_SEGMENT_BYTES", 2000)
    with world.open() as ledger:
        for entry in numbered(200):
            ledger.append(entry * 10)
        assert len(list((world.directory / "journal").iterdir())) > 5
        ledger.publish()
        assert len(list((world.directory / "journal").iterdir())) == 1
        ledger.append(b"one more")
    assert world.check().size == 201


def test_partial_tiles_go_when_the_full_tile_comes(world: World) -> None:
    with world.open() as ledger:
        for entry in numbered(255):
            ledger.append(entry)
        ledger.publish()
        assert (world.directory / "tile/entries/000.p/255").exists()
        ledger.append(b"the 256th")
        ledger.publish()
    assert not (world.directory / "tile/entries/000.p").exists()
    assert not (world.directory / "tile/0/000.p").exists()
    assert (world.directory / "tile/1/000.p/1").exists()


def test_a_short_write_is_continued_to_the_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: whole_write(handle, bytes(content[:7])))
    world.fill(numbered(40))
    assert world.entries() == numbered(40)


def test_a_failing_signer_stops_the_ledger_and_loses_nothing(world: World) -> None:
    class Unreachable:
        key = world.signer.key

        def sign(self, message: bytes) -> bytes:
            raise UnavailableError("the key's device does not answer: connect it")

    ledger = open_ledger(world.directory, signer=Unreachable(), publish_every_ms=None)
    ledger.append(b"kept")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="device"):
            ledger.publish()
    with pytest.raises(UnavailableError, match="device"):
        ledger.append(b"not taken")
    ledger.close()
    world.open().close()
    assert world.entries() == [b"kept"]


@pytest.mark.parametrize("signatures", range(5))
def test_a_publisher_that_fails_stops_every_appender_and_loses_nothing(world: World, signatures: int) -> None:
    class Failing:
        key = world.signer.key
        left = signatures

        def sign(self, message: bytes) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise UnavailableError("the key's device does not answer: connect it")
            return world.signer.sign(message)

    found: dict[int, bytes] = {}
    refused = list[str]()

    def write(thread: int) -> None:
        for number in range(1_000_000):
            entry = b"thread %d entry %d" % (thread, number)
            try:
                found[ledger.append(entry)] = entry
            except UnavailableError as error:
                refused.append(str(error))
                return

    ledger = open_ledger(world.directory, signer=Failing(), publish_every_ms=1)
    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    ledger.close()
    assert len(refused) == 12
    world.open().close()
    entries = world.entries()
    assert {number: entries[number] for number in found} == found
    assert len(set(entries)) == len(entries)


def test_closing_among_appenders_lets_each_of_them_end(world: World) -> None:
    found: dict[int, bytes] = {}
    is_busy = threading.Event()

    def write(thread: int) -> None:
        for number in range(1_000_000):
            entry = b"thread %d entry %d" % (thread, number)
            try:
                found[ledger.append(entry)] = entry
            except ConflictError:
                return
            if number == 20:
                is_busy.set()

    ledger = open_ledger(world.directory, signer=world.signer, publish_every_ms=1)
    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(12)]
    for thread in threads:
        thread.start()
    assert is_busy.wait(60)
    ledger.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert world.entries() == [found[number] for number in range(len(found))]
    world.open().close()


def test_an_interrupted_write_stops_the_ledger_and_the_interrupt_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    ledger = world.open()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ledger.append(b"interrupted")
    with pytest.raises(UnavailableError, match="interrupted"):
        ledger.append(b"next")
    ledger.close()
    with world.open() as again:
        assert again.size <= 1


def test_all_who_wait_learn_that_the_disk_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    is_queued, outcomes = threading.Event(), list[str]()

    def failing(handle: int) -> None:
        is_queued.wait(30)
        raise OSError(5, "Input/output error")

    def write() -> None:
        try:
            ledger.append(b"entry")
        except UnavailableError as error:
            outcomes.append(str(error))

    ledger = world.open()
    monkeypatch.setattr(os, "fdatasync", failing)
    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    is_queued.set()
    for thread in threads:
        thread.join()
    ledger.close()
    assert len(outcomes) == 8
    assert all("disk failed (Input/output error)" in outcome for outcome in outcomes)


def test_memory_of_the_edge_does_not_grow_with_the_tree() -> None:
    edge = TreeEdge()
    for number in range(66_000):
        edge.append(number.to_bytes(32, "big"))
    assert sum(len(content) for _, content in edge.partial_tiles()) <= 3 * 255 * 32


def test_a_file_where_the_folder_should_be_is_no_ledger(world: World, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("a file")
    with pytest.raises(Exception, match="no ledger") as caught:
        World(tmp_path / "plain", world.signer).open()
    assert type(caught.value).__name__ == "NotFoundError"
