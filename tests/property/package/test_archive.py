"""The strict container: what we write reads back, and no other spelling of a ZIP is accepted, whatever the attacker's tool."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.archive import ArchiveEntry, is_entry_name, read_directory
from jianlu.deliver.packages._container import Container

NAMES = st.from_regex(r"[a-z]{1,8}(/[a-z0-9_-]{1,8}){0,2}", fullmatch=True)


def directory_of(content: bytes) -> list[ArchiveEntry]:
    return read_directory(lambda offset, length: content[offset : offset + length], len(content))


def container(path: Path, entries: dict[str, bytes]) -> bytes:
    path.unlink(missing_ok=True)
    with Container(path) as written:
        for name, value in entries.items():
            written.add(name, value)
    return path.read_bytes()


@given(entries=st.dictionaries(NAMES, st.binary(max_size=300), max_size=6))
def test_what_the_writer_writes_the_reader_finds(entries: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    content = container(tmp_path_factory.mktemp("c") / "p.jlp", entries)
    found = directory_of(content)
    assert {entry.name: content[entry.offset : entry.offset + entry.size] for entry in found} == entries


@given(content=st.binary(max_size=2000))
def test_random_bytes_end_in_our_error_or_a_directory(content: bytes) -> None:
    try:
        entries = directory_of(content)
    except InvalidError:
        return
    assert all(entry.offset + entry.size <= len(content) for entry in entries)


def test_every_bit_of_every_header_is_checked(tmp_path: Path) -> None:
    """Survives the attacker who edits headers only: dates, flags, sizes, offsets, names."""
    entries = {"a.txt": b"", "b/c.txt": b""}
    content = container(tmp_path / "p.jlp", entries)
    wanted = directory_of(content)
    accepted = []
    for position in range(len(content)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            try:
                if directory_of(bytes(damaged)) == wanted:
                    accepted.append((position, bit))
            except InvalidError:
                continue
    assert accepted == []


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(1 << 20))
    return buffer.getvalue()


def _named(name: str) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.create_system, entry.external_attr = 3, 0o100644 << 16
        archive.writestr(entry, b"x")
    return buffer.getvalue()


def _doubled() -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), ZipFile(buffer, "w", ZIP_STORED) as archive:
        warnings.simplefilter("ignore")
        for content in (b"one", b"two"):
            entry = ZipInfo("same", (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _overlapping() -> bytes:
    """Two directory entries that point at one local entry: the classic way to be read differently by two tools."""
    content = _named("a")
    end = content.rindex(b"PK\x05\x06")
    central = content[content.index(b"PK\x01\x02") : end]
    fields = struct.unpack("<4s4H2LH", content[end:])
    offset = fields[6]
    return content[:end] + central + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(central) * 2, offset, 0)


def _many() -> bytes:
    """Claims a million entries in a few bytes."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 60000, 60000, 0, 0, 0)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a compressed bomb": _bomb,
    "a name that climbs": lambda: _named("../evil"),
    "an absolute name": lambda: _named("/etc/evil"),
    "a backslash name": lambda: _named("a\\b"),
    "a name with a null": lambda: _named("a").replace(b"PK\x03\x04", b"PK\x03\x04").replace(b"a", b"\x00"),
    "a doubled entry": _doubled,
    "overlapping entries": _overlapping,
    "a claim of many entries": _many,
    "bytes appended": lambda: _named("a") + b"x",
    "bytes before": lambda: b"x" + _named("a"),
    "a tail cut off": lambda: _named("a")[:-1],
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_containers_are_refused(make: Callable[[], bytes]) -> None:
    with pytest.raises(InvalidError):
        directory_of(make())


@pytest.mark.thorough
def test_entries_beyond_four_gigabytes_are_read_back(tmp_path: Path) -> None:
    """ZIP64: sizes and offsets above 32 bits. Zeros written by chunks; the file is sparse only where the disk makes it so."""
    chunk = bytes(1 << 24)
    path = tmp_path / "large.jlp"
    with Container(path) as written:
        written.add_stream("first", 257 << 24, (chunk for _ in range(257)))
        written.add("second", b"behind four gigabytes")
    with path.open("rb") as file:

        def read_at(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        found = read_directory(read_at, path.stat().st_size)
        assert [entry.name for entry in found] == ["first", "second"]
        assert found[0].size == 257 << 24
        assert read_at(found[1].offset, found[1].size) == b"behind four gigabytes"


test_entries_beyond_four_gigabytes_are_read_back = pytest.mark.slow(test_entries_beyond_four_gigabytes_are_read_back)


def test_names_are_plain_relative_paths() -> None:
    assert is_entry_name("media/session.mp4")
    assert not any(is_entry_name(name) for name in ("", "/a", "a//b", "../a", "a/..", ".a", "a/.b", "a b", "ä", "a\n", "a" * 201))
