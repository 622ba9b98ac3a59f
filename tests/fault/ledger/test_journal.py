"""A damaged journal: a torn last record is forgotten, anything else that changed stops the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.core.errors import IntegrityError
from jianlu.ledger._journal import encode_record
from tests.unit.ledger.worlds import World


def crash(world: World, entries: list[bytes], published: int) -> World:
    """The folder as a crash leaves it: `published` entries in tiles, all in the journal, nothing closed."""
    ledger = world.open()
    for number, entry in enumerate(entries):
        if number == published:
            ledger.publish()
        ledger.append(entry)
    if published == len(entries):
        ledger.publish()
    left = world.copy("crashed")
    ledger.close()
    return left


ENTRIES = [b"first", b"second", b"third, which may be torn"]
LAST_RECORD_BYTES = len(encode_record(2, [ENTRIES[2]]))


def test_a_journal_torn_at_any_byte_of_its_last_record_keeps_all_before(memory_world: World) -> None:
    crash(memory_world, ENTRIES, published=1)
    for missing in range(1, LAST_RECORD_BYTES + 1):
        left = memory_world.copy("again")
        _restore(left, memory_world.directory.with_name("crashed"))
        content = left.journal().read_bytes()
        left.journal().write_bytes(content[:-missing])
        left.open().close()
        assert left.entries() == ENTRIES[:2]
        assert left.check().is_sound


def test_a_whole_last_record_is_recovered(memory_world: World) -> None:
    left = crash(memory_world, ENTRIES, published=1)
    left.open().close()
    assert left.entries() == ENTRIES


@pytest.mark.parametrize("published", [0, 1])
def test_a_flipped_bit_anywhere_in_the_journal_stops_the_ledger(memory_world: World, published: int) -> None:
    left = crash(memory_world, ENTRIES, published=published)
    path = left.journal().relative_to(left.directory).as_posix()
    before = left.read(path)
    for byte in range(len(before)):
        left.flip(path, 8 * byte + byte % 8)
        with pytest.raises(IntegrityError, match="journal"):
            left.open()
        left.flip(path, 8 * byte + byte % 8)
    assert left.read(path) == before
    left.open().close()
    assert left.entries() == ENTRIES


@pytest.mark.parametrize(("start", "end"), [(0, 512), (512, 1024), (1024, 1536), (512, 1536), (0, 3000)])
def test_a_last_record_with_a_sector_that_was_never_written_counts_as_torn(memory_world: World, start: int, end: int) -> None:
    left = crash(memory_world, [bytes([7]) * 400, bytes([8]) * 2500], published=1)
    before = left.journal().read_bytes()
    begin = len(before) - len(encode_record(1, [bytes([8]) * 2500]))
    unwritten = range(max(begin, start), min(len(before), end))
    content = bytearray(before)
    for at in unwritten:
        content[at] = 0
    left.journal().write_bytes(bytes(content))
    left.open().close()
    assert left.entries() == [bytes([7]) * 400]


def test_a_record_torn_before_later_ones_stops_the_ledger(memory_world: World) -> None:
    left = crash(memory_world, [bytes([7]) * 400, bytes([8]) * 2500, b"later"], published=1)
    content = bytearray(left.journal().read_bytes())
    content[1024:1536] = bytes(512)
    left.journal().write_bytes(bytes(content))
    with pytest.raises(IntegrityError, match="altered"):
        left.open()


def test_a_segment_cut_before_a_later_one_stops_the_ledger(memory_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.ledger._journal.JOURNAL_SEGMENT_BYTES", 100)
    left = crash(memory_world, [b"%d" % number * 60 for number in range(4)], published=0)
    first, *later = sorted((left.directory / "journal").glob("*.journal"))
    assert later
    content = first.read_bytes()
    first.write_bytes(content[:-1])
    with pytest.raises(IntegrityError, match="damaged record of acknowledged entries"):
        left.open()
    first.write_bytes(content)
    left.open().close()
    assert len(left.entries()) == 4


def test_an_old_segment_that_came_back_after_a_crash_does_no_harm(memory_world: World) -> None:
    left = crash(memory_world, ENTRIES, published=1)
    old = {left.journal().name: left.journal().read_bytes()}
    with left.open() as ledger:
        ledger.append(b"fourth")
        for name, content in old.items():
            (left.directory / "journal" / name).write_bytes(content)
        again = left.copy("again")
    again.open().close()
    assert again.entries() == [*ENTRIES, b"fourth"]


def test_two_journals_that_contradict_each_other_stop_the_ledger(memory_world: World) -> None:
    left = crash(memory_world, ENTRIES, published=1)
    (left.directory / "journal" / f"{1:020d}.journal").write_bytes(encode_record(1, [b"another second"]))
    with pytest.raises(IntegrityError, match="two different"):
        left.open()


def test_a_journal_that_contradicts_the_tiles_stops_the_ledger(memory_world: World) -> None:
    left = crash(memory_world, ENTRIES, published=3)
    left.journal().write_bytes(encode_record(0, [b"first", b"another", ENTRIES[2]]))
    with pytest.raises(IntegrityError, match="different entries 1"):
        left.open()


def test_a_journal_with_a_hole_stops_the_ledger(memory_world: World) -> None:
    left = crash(memory_world, ENTRIES, published=1)
    left.journal().rename(left.directory / "journal" / f"{2:020d}.journal")
    (left.directory / "journal" / f"{2:020d}.journal").write_bytes(encode_record(2, [ENTRIES[2]]))
    with pytest.raises(IntegrityError, match="lacks the acknowledged entry 1"):
        left.open()


@pytest.mark.parametrize("name", ["x.journal", "000.journal"])
def test_a_stray_journal_file_is_not_taken_for_entries(memory_world: World, name: str) -> None:
    left = crash(memory_world, ENTRIES, published=3)
    (left.directory / "journal" / name).write_bytes(encode_record(7, [b"smuggled"]))
    with pytest.raises(IntegrityError):
        left.open()


def _restore(left: World, source: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            (left.directory / path.relative_to(source)).write_bytes(path.read_bytes())
