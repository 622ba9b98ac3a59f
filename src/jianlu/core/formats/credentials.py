"""Where content credentials (C2PA) lie in an MP4: one `uuid` box right after `ftyp`, as `specs/package.md` section 3 wants it.

Whoever takes the box out has the file as it was before. What the box says is other people's to read: C2PA 2.x, ISO/IEC 14496-12.
"""

from __future__ import annotations

from collections.abc import Callable

from jianlu.core.errors import InvalidError

UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The extended type of the box, C2PA 2.2 section A.4."""

FTYP_BYTES_MAX = 4096
BOX_BYTES_MAX = 1 << 20
_HEADER_BYTES = 8


def ftyp_bytes(read: Callable[[int, int], bytes]) -> int:
    """Length of the `ftyp` box with which an MP4 begins; `read(at, length)` gives its bytes. InvalidError where it begins otherwise."""
    header = read(0, _HEADER_BYTES)
    size = int.from_bytes(header[:4], "big")
    if header[4:] != b"ftyp" or not _HEADER_BYTES <= size <= FTYP_BYTES_MAX:
        raise InvalidError("the recording does not begin as an MP4")
    return size


def credentials_place(read: Callable[[int, int], bytes]) -> tuple[int, int]:
    """(offset, length) of the box of credentials in an MP4; length 0 when it has none there.

    InvalidError when the file begins with no `ftyp`, or the box is longer than `BOX_BYTES_MAX`.
    """
    at = ftyp_bytes(read)
    header = read(at, _HEADER_BYTES + len(UUID))
    if header[4:] != b"uuid" + UUID:
        return at, 0
    size = int.from_bytes(header[:4], "big")
    if not len(header) <= size <= BOX_BYTES_MAX:
        raise InvalidError("the box of content credentials has no possible length")
    return at, size
