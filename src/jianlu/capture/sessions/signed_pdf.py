"""What can be seen of a PDF without trusting anybody: whether it is one, and whether an embedded signature covers all of it. Pure.

By ISO 32000-2, 12.8.1: a signature dictionary names by `/ByteRange` what it was computed over, everything but its own `/Contents`. Whether
the signature is valid, and whose it is, is not checked here: that needs a trust list, and is not evidenced.
"""

from __future__ import annotations

import re
from typing import Literal

from jianlu.core.errors import InvalidError

PDF_BYTES_MAX = 16 * 1024 * 1024
"""A contract of a hundred scanned pages."""

SignatureSeen = Literal["covers_file", "covers_part", "none_found"]
_HEAD, _TAIL = b"%PDF-", b"%%EOF"
_TAIL_WITHIN = 1024
_HEXADECIMAL = re.compile(rb"<[0-9A-Fa-f\s]+>")
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")


def signature_seen(content: bytes) -> SignatureSeen:
    """`covers_file`, `covers_part` when the file was added to after it was signed (or the range is odd), `none_found` without one.

    InvalidError for what is no PDF, is empty, or is too long.
    """
    if not 0 < len(content) <= PDF_BYTES_MAX:
        raise InvalidError(f"a deposited document has 1 to {PDF_BYTES_MAX} bytes: make it smaller")
    if not content.startswith(_HEAD) or _TAIL not in content[-_TAIL_WITHIN:]:
        raise InvalidError("the deposited document is no whole PDF: export it again, then send it as it is")
    ranges = [[int(number) for number in found] for found in _RANGE.findall(content)]
    if not ranges:
        return "none_found"
    return "covers_file" if any(_covers(each, content) for each in ranges) else "covers_part"


def _covers(byte_range: list[int], content: bytes) -> bool:
    """From the first byte to the last but for one hole, which is a hexadecimal string: the signature itself."""
    first, first_bytes, second, second_bytes = byte_range
    hole = content[first_bytes:second]
    return first == 0 and second + second_bytes == len(content) and _HEXADECIMAL.fullmatch(hole) is not None
