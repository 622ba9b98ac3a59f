"""What can be seen of a PDF without trusting anybody: whether it is one, and over what it claims to be signed. Pure.

By ISO 32000-2, 12.8.1: a signature dictionary names by `/ByteRange` what it was computed over, everything but its own `/Contents`. Whether
the file is really signed, and by whom, is not checked here: that needs a trust list, and is not evidenced.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Literal

from jianlu.core.errors import InvalidError

PDF_BYTES_MAX = 16 * 1024 * 1024
"""A contract of a hundred scanned pages."""

SignatureSeen = Literal["covers_file", "covers_part", "none_found"]
_HEAD, _TAIL = b"%PDF-", b"%%EOF"
_TAIL_WITHIN = 1024
_HEXADECIMAL = re.compile(rb"<[0-9A-Fa-f\s]+>")
_OBJECT = re.compile(rb"\d\s+obj\b")
_SCHEME = re.compile(rb"/SubFilter\s*/\w")
_CONTENTS = re.compile(rb"/Contents\s*<")
_HOLE_BEGINS = re.compile(rb"/Contents\s*\Z")
_NEAR_BYTES = 1024 * 1024
"""A signature with all its certificates and revocation lists is far below; so a file of nothing but claims costs no more time."""

_RANGES_MAX = 100
"""Nobody signs more often; a file that claims more is odd."""

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")


def signature_seen(content: bytes) -> SignatureSeen:
    """`covers_file`, `covers_part` when the file was added to after what it claims (or the claim is odd), `none_found` without one.

    InvalidError for what is no PDF, is empty, or is too long.
    """
    if not 0 < len(content) <= PDF_BYTES_MAX:
        raise InvalidError(f"a deposited document has 1 to {PDF_BYTES_MAX} bytes: make it smaller")
    if not content.startswith(_HEAD) or _TAIL not in content[-_TAIL_WITHIN:]:
        raise InvalidError("the deposited document is no whole PDF: export it again, then send it as it is", code="no_signed_pdf")
    claims = list(islice(_RANGE.finditer(content), _RANGES_MAX + 1))
    if len(claims) > _RANGES_MAX:
        return "covers_part"
    seen = [_seen(claim, content) for claim in claims]
    return "covers_file" if "covers_file" in seen else "covers_part" if "covers_part" in seen else "none_found"


def _seen(claim: re.Match[bytes], content: bytes) -> SignatureSeen:
    """What one `/ByteRange` says: nothing, unless its object is a signature dictionary."""
    start, begin = max(0, claim.start() - _NEAR_BYTES), None
    for begin in _OBJECT.finditer(content, start, claim.start()):
        start = begin.end()
    end = content.find(b"endobj", claim.end(), claim.end() + _NEAR_BYTES)
    end = claim.end() if end < 0 else end
    if begin is None or not _SCHEME.search(content, start, end) or not _CONTENTS.search(content, start, end):
        return "none_found"
    return "covers_file" if _covers(claim, start, content) else "covers_part"


def _covers(claim: re.Match[bytes], start: int, content: bytes) -> bool:
    """From the first byte to the last but for one hole, the hexadecimal `/Contents` of the object that begins at `start`."""
    first, first_bytes, second, second_bytes = (int(number) for number in claim.groups())
    if first != 0 or second + second_bytes != len(content) or not start < first_bytes < second <= first_bytes + _NEAR_BYTES:
        return False
    is_contents = _HOLE_BEGINS.search(content, max(start, first_bytes - 64), first_bytes) is not None
    return is_contents and _HEXADECIMAL.fullmatch(content, first_bytes, second) is not None
