"""Checkpoints: `specs/checkpoint-and-proof.md`, after c2sp.org/tlog-checkpoint.

A checkpoint is a signed note that states a ledger's origin, its size and its root hash. Whoever keeps one can later
tell whether the ledger still has that history.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.note import VerifierKey, decode_base64, parse_note, verify_note
from jianlu.core.limits import LOG_ENTRIES_MAX

ROOT_BYTES = 32
_DECIMAL = re.compile(r"^(0|[1-9][0-9]{0,15})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: the tree of `size` entries of the ledger `origin` has this `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_decimal(text: str, *, maximum: int = LOG_ENTRIES_MAX) -> int:
    """The number `text` says in ASCII decimal without leading zeroes, at most `maximum`; raises InvalidError otherwise."""
    if not _DECIMAL.fullmatch(text) or int(text) > maximum:
        raise InvalidError(f"a number must be decimal, without leading zeroes, at most {maximum}")
    return int(text)


def parse_checkpoint_text(text: str) -> Checkpoint:
    """What the note text `text` states; raises InvalidError for another form.

    Extension lines are refused: the ledger writes none, and nothing could check them.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise InvalidError("a checkpoint has exactly three lines: origin, size and root hash")
    root = decode_base64(lines[2])
    if len(root) != ROOT_BYTES:
        raise InvalidError("a checkpoint's root hash must have 32 bytes")
    return Checkpoint(lines[0], parse_decimal(lines[1]), root)


def claimed_checkpoint(content: bytes) -> Checkpoint:
    """What the note `content` claims, no signature verified; raises InvalidError for malformed bytes."""
    return parse_checkpoint_text(parse_note(content).text)


def verify_checkpoint(content: bytes, keys: Sequence[VerifierKey], *, origin: str | None = None) -> Checkpoint:
    """What `content` states, signed by one of `keys` whose name is the checkpoint's origin.

    With `origin`, it must be that ledger's. Raises InvalidError for malformed bytes, IntegrityError for a missing or wrong
    signature or another ledger's checkpoint.
    """
    note = verify_note(content, keys)
    checkpoint = parse_checkpoint_text(note.text)
    if checkpoint.origin not in {signature.name for signature in note.signatures}:
        raise IntegrityError("the checkpoint is signed by a key of another ledger than the one it names")
    if origin is not None and checkpoint.origin != origin:
        raise IntegrityError(f"the checkpoint is of ledger {checkpoint.origin}, not of {origin}")
    return checkpoint
