"""Names of an anchor's files and how its parts are checked: `specs/time.md` and `specs/witness.md`.

An anchor is a checkpoint for which others vouch: authorities by time-stamp tokens of its note, witnesses by cosignatures on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jianlu.core.errors import InvalidError
from jianlu.core.formats.cosignature import Cosignature, WitnessKey, verify_cosignatures
from jianlu.core.formats.stamp import check_stamp, parse_stamp
from jianlu.core.formats.x509 import Certificate

CHECKPOINT, COSIGNATURES, STAMP_SUFFIX = "checkpoint", "cosignatures", ".tst"
AUTHORITY_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,39}$")


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a token shows: `is_checked` when a signature that leads to a trusted root bears it out, else it only claims it."""

    authority: str
    at: datetime
    is_checked: bool


def stamped(authority: str, token: bytes, note: bytes, trusted: Sequence[Certificate] | None) -> Stamped:
    """What `token` says of the anchor's `note`: fully checked with `trusted` certificates; without, only that it agrees with itself.

    Raises InvalidError and IntegrityError as `check_stamp`.
    """
    if trusted is not None:
        return Stamped(authority, check_stamp(token, note, trusted).gen_at, is_checked=True)
    stamp = parse_stamp(token)
    stamp.check_of(note)
    stamp.check_signature()
    return Stamped(authority, stamp.gen_at, is_checked=False)


def cosigned(note: bytes, lines: bytes, keys: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """The cosignatures of `keys` among `lines` on the anchor's `note`; raises as `verify_cosignatures`."""
    if not lines:
        return ()
    if not lines.endswith(b"\n"):
        raise InvalidError("cosignatures are whole lines")
    return verify_cosignatures(note + lines, keys)
