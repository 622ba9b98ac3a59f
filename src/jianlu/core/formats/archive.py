"""The package's container: a strict subset of ZIP, `specs/package.md` section 2.

Any ZIP tool opens it, but there is only one way to write it: entries stored uncompressed, one after the other from byte 0
without gaps, plain ASCII names, fixed time stamps and attributes, no comments, and nothing after the end record. So there
are no bombs (nothing is compressed), no overlaps, no doubles, no hidden bytes, and every bit of every header is checked.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.core.limits import PACKAGE_BYTES_MAX, PACKAGE_ENTRIES_MAX, PACKAGE_NAME_BYTES_MAX

ReadAt = Callable[[int, int], bytes]
"""read_at(offset, length): up to `length` bytes of the file from `offset`."""

FIXED_DATE_TIME = (1980, 1, 1, 0, 0, 0)
FIXED_EXTERNAL_ATTR = 0o100644 << 16
CREATE_SYSTEM_UNIX = 3

_LOCAL = struct.Struct("<4s2B4HL2L2H")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_DOS_TIME, _DOS_DATE = 0, 0x21
_NAME = re.compile(r"^(?!\.)[A-Za-z0-9._-]+(/(?!\.)[A-Za-z0-9._-]+)*$")
_ENTRY_OVERHEAD_MAX = _CENTRAL.size + PACKAGE_NAME_BYTES_MAX + 28


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry: name, content at [offset, offset + size) of the file, CRC-32 as both headers state it."""

    name: str
    offset: int
    size: int
    crc32: int


def is_entry_name(name: str) -> bool:
    """Whether `name` may be an entry: relative ASCII path of plain parts, none starting with a dot, at most the limit."""
    return len(name) <= PACKAGE_NAME_BYTES_MAX and _NAME.fullmatch(name) is not None


def read_directory(read_at: ReadAt, file_bytes: int) -> list[ArchiveEntry]:
    """The entries in file order; raises InvalidError unless every header byte is as the strict form demands.

    Work and memory are bounded by `PACKAGE_ENTRIES_MAX`; entry contents are not read.
    """
    if not _END.size <= file_bytes <= PACKAGE_BYTES_MAX:
        raise InvalidError("not a package: the file is too small or too large for one")
    count, directory_bytes, directory_at = _read_end(read_at, file_bytes)
    if count > PACKAGE_ENTRIES_MAX or directory_bytes > count * _ENTRY_OVERHEAD_MAX:
        raise InvalidError("the package's directory is larger than a package may have")
    directory = _exactly(read_at, directory_at, directory_bytes)
    entries: list[ArchiveEntry] = []
    seen: set[str] = set()
    position, next_header_at = 0, 0
    for _ in range(count):
        name, size, crc32, header_at, position = _central_entry(directory, position)
        if header_at != next_header_at:
            raise InvalidError(f"the entry {name} does not begin where the one before ends")
        if name in seen:
            raise InvalidError(f"the entry {name} is there twice")
        seen.add(name)
        offset = _local_entry(read_at, header_at, name, size, crc32)
        next_header_at = offset + size
        if next_header_at > directory_at:
            raise InvalidError(f"the entry {name} reaches beyond the entries' place")
        entries.append(ArchiveEntry(name, offset, size, crc32))
    if position != len(directory) or next_header_at != directory_at:
        raise InvalidError("there are bytes in the package that belong to no entry")
    return entries


def _exactly(read_at: ReadAt, offset: int, length: int) -> bytes:
    content = read_at(offset, length)
    if len(content) != length:
        raise InvalidError("the package is cut short")
    return content


def _read_end(read_at: ReadAt, file_bytes: int) -> tuple[int, int, int]:
    """(entries, directory bytes, directory offset) from the end records, which must be the last bytes of the file."""
    end_at = file_bytes - _END.size
    magic, disk, start_disk, count_here, count, size, offset, comment = _END.unpack(_exactly(read_at, end_at, _END.size))
    if magic != b"PK\x05\x06" or disk or start_disk or comment or count_here != count:
        raise InvalidError("not a package: it does not end with a ZIP end record (cut short, or bytes appended)")
    if offset + size == end_at:
        return count, size, offset
    return _read_end64(read_at, end_at, (count, size, offset))


def _read_end64(read_at: ReadAt, end_at: int, short: tuple[int, int, int]) -> tuple[int, int, int]:
    locator_at, record_at = end_at - _LOCATOR64.size, end_at - _LOCATOR64.size - _END64.size
    if record_at < 0:
        raise InvalidError("the package's ZIP64 end record is missing")
    magic, disk, stated_at, disks = _LOCATOR64.unpack(_exactly(read_at, locator_at, _LOCATOR64.size))
    record = _END64.unpack(_exactly(read_at, record_at, _END64.size))
    if magic != b"PK\x06\x07" or disk or disks != 1 or stated_at != record_at:
        raise InvalidError("the package's ZIP64 locator is malformed")
    sig, length, made, needed, disk_no, start_disk, count_here, count, size, offset = record
    if (
        sig != b"PK\x06\x06"
        or length != _END64.size - 12
        or (made, needed) != (45, 45)
        or disk_no
        or start_disk
        or count_here != count
    ):
        raise InvalidError("the package's ZIP64 end record is malformed")
    expected = (min(count, _FULL16), min(size, _FULL32), min(offset, _FULL32))
    if short != expected or offset + size != record_at:
        raise InvalidError("the package's two end records disagree")
    return count, size, offset


def _central_entry(directory: bytes, position: int) -> tuple[str, int, int, int, int]:
    """(name, size, crc32, local header offset, next position) of the central entry at `position`."""
    if position + _CENTRAL.size > len(directory):
        raise InvalidError("the package's directory is cut short")
    fields = _CENTRAL.unpack_from(directory, position)
    magic, made, system, needed, reserved, flags, method, time, date, crc32, packed, size = fields[:12]
    name_bytes, extra_bytes, comment_bytes, disk, internal, external, header_at = fields[12:]
    fixed = (magic, system, reserved, flags, method, time, date, comment_bytes, disk, internal, external)
    if fixed != (b"PK\x01\x02", CREATE_SYSTEM_UNIX, 0, 0, 0, _DOS_TIME, _DOS_DATE, 0, 0, 0, FIXED_EXTERNAL_ATTR):
        raise InvalidError("an entry of the package is not in the strict form (compressed, dated, commented or marked)")
    position += _CENTRAL.size
    name = _entry_name(directory[position : position + name_bytes], name_bytes)
    position += name_bytes
    extra = directory[position : position + extra_bytes]
    wanted = [field for field in (size, packed, header_at) if field == _FULL32]
    values = iter(_zip64_values(extra, len(wanted), extra_bytes))
    size = next(values) if size == _FULL32 else size
    packed = next(values) if packed == _FULL32 else packed
    header_at = next(values) if header_at == _FULL32 else header_at
    if packed != size or made != needed or made not in (20, 45):
        raise InvalidError(f"the entry {name} is not stored plainly")
    return name, size, crc32, header_at, position + extra_bytes


def _local_entry(read_at: ReadAt, header_at: int, name: str, size: int, crc32: int) -> int:
    """Offset of the content; raises InvalidError unless the local header says the same as the directory."""
    header = _LOCAL.unpack(_exactly(read_at, header_at, _LOCAL.size))
    magic, needed, reserved, flags, method, time, date, crc_here, packed, size_here, name_bytes, extra_bytes = header
    rest = _exactly(read_at, header_at + _LOCAL.size, min(name_bytes, PACKAGE_NAME_BYTES_MAX) + min(extra_bytes, 20))
    fixed = (magic, reserved, flags, method, time, date, crc_here, rest[:name_bytes])
    if fixed != (b"PK\x03\x04", 0, 0, 0, _DOS_TIME, _DOS_DATE, crc32, name.encode()) or needed != (45 if extra_bytes else 20):
        raise InvalidError(f"the two headers of the entry {name} disagree")
    if (packed, size_here) == (_FULL32, _FULL32):
        size_here, packed = _zip64_values(rest[name_bytes:], 2, extra_bytes)
    elif extra_bytes:
        raise InvalidError(f"the entry {name} carries extra fields")
    if packed != size or size_here != size:
        raise InvalidError(f"the two headers of the entry {name} disagree about its size")
    return header_at + _LOCAL.size + len(rest)


def _entry_name(raw: bytes, expected_bytes: int) -> str:
    name = raw.decode("ascii", errors="replace")
    if len(raw) != expected_bytes or not is_entry_name(name):
        raise InvalidError("an entry's name is not a plain relative path")
    return name


def _zip64_values(extra: bytes, count: int, extra_bytes: int) -> tuple[int, ...]:
    """The `count` 64-bit values of a ZIP64 extra field that must be all of `extra` (empty when `count` is 0)."""
    expected_bytes = 4 + 8 * count if count else 0
    if extra_bytes != expected_bytes or len(extra) != expected_bytes:
        raise InvalidError("an entry carries extra fields that a package does not have")
    if not count:
        return ()
    kind, length, *values = struct.unpack(f"<2H{count}Q", extra)
    if (kind, length) != (1, 8 * count):
        raise InvalidError("an entry's ZIP64 field is malformed")
    return tuple(values)
