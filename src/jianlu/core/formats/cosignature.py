"""Witnesses' cosignatures: `specs/witness.md`, after c2sp.org/tlog-cosignature, `cosignature/v1` (Ed25519, type 0x04) only.

A cosignature says that its witness saw this checkpoint, at this time, and nothing that contradicts it. It is a signature line of the
checkpoint's note. Here lines are verified and requests to witnesses are read and written; keys and state are in `ledger.witness`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jianlu.core import ed25519
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.checkpoint import parse_decimal
from jianlu.core.formats.note import NoteSignature, decode_base64, parse_note, verifier_key
from jianlu.core.limits import NOTE_BYTES_MAX, PROOF_HASHES_MAX

COSIGNATURE_TYPE = 0x04
REQUEST_BYTES_MAX = NOTE_BYTES_MAX + PROOF_HASHES_MAX * 64
_TIME_BYTES = 8
_YEAR_9999 = 253_402_300_799
_HASHES_MAX = 63


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key with its name."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes before each of its cosignatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([COSIGNATURE_TYPE]) + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """The vkey, as it stands in `trust.json` and in settings."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([COSIGNATURE_TYPE]) + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: which witness, and when it says that it saw the checkpoint (to the second)."""

    witness: str
    at: datetime
    line: str


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a witness is asked: to go from the tree of `old_size` entries to the checkpoint `note`, by the consistency proof `hashes`."""

    old_size: int
    hashes: tuple[bytes, ...]
    note: bytes

    @property
    def content(self) -> bytes:
        """The request's body, as c2sp.org/tlog-witness has it."""
        lines = [f"old {self.old_size}", *(base64.b64encode(value).decode() for value in self.hashes), "", ""]
        return "\n".join(lines).encode() + self.note


def parse_witness_key(text: str) -> WitnessKey:
    """The witness's key that the vkey `text` stands for; InvalidError for another form, type or a wrong key id."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise InvalidError("a witness's key looks like name+12345678+base64")
    material = decode_base64(parts[2])
    if len(material) != 1 + ed25519.PUBLIC_KEY_BYTES or material[0] != COSIGNATURE_TYPE:
        raise InvalidError("a witness's key must be an Ed25519 cosignature key (type 4)")
    key = WitnessKey(verifier_key(parts[0], material[1:]).name, material[1:])
    if key.key_id.hex() != parts[1]:
        raise InvalidError("a witness's key id does not belong to its name and key: copy the whole line again")
    return key


def cosigned_message(text: str, at: int) -> bytes:
    """What a witness signs: the note `text` of a checkpoint, at `at` (seconds since 1970)."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_line(key: WitnessKey, at: int, signature: bytes) -> str:
    """The note's line, with its newline, of a `signature` (64 bytes) over `cosigned_message`."""
    return NoteSignature(key.name, key.key_id, at.to_bytes(_TIME_BYTES, "big") + signature).line + "\n"


def verify_cosignatures(note: bytes, keys: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """The cosignatures of `keys` on the checkpoint `note`, one of each at most, the newest; those of unknown keys are left out.

    InvalidError for a malformed note, IntegrityError when a known witness's cosignature is wrong.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    found: dict[WitnessKey, Cosignature] = {}
    for signature in parsed.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        at = int.from_bytes(signature.signature[:_TIME_BYTES], "big")
        message = cosigned_message(parsed.text, at)
        if at > _YEAR_9999 or not ed25519.verify(key.public_key, signature.signature[_TIME_BYTES:], message):
            raise IntegrityError(f"the cosignature by {key.name} is wrong: the checkpoint was altered, or another key signed")
        made = Cosignature(key.name, datetime.fromtimestamp(at, UTC), signature.line + "\n")
        if key not in found or found[key].at < made.at:
            found[key] = made
    return tuple(found.values())


def parse_add_checkpoint(content: bytes) -> AddCheckpoint:
    """The request that `content` is; InvalidError for anything else. The note's signatures are not verified."""
    if len(content) > REQUEST_BYTES_MAX:
        raise InvalidError("the request is longer than any that a witness is asked")
    head, separator, note = content.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidError("the request's head is not ASCII text") from error
    if not separator or not lines[0].startswith("old ") or len(lines) - 1 > _HASHES_MAX:
        raise InvalidError("a request begins with `old <size>` and at most 63 hashes, then an empty line")
    hashes = tuple(decode_base64(line) for line in lines[1:])
    if any(len(value) != 32 for value in hashes):
        raise InvalidError("a hash of the proof must have 32 bytes")
    return AddCheckpoint(parse_decimal(lines[0].removeprefix("old ")), hashes, note)


def join_cosignatures(note: bytes, lines: Sequence[str]) -> bytes:
    """The checkpoint `note` with further signature `lines`; InvalidError when it would not be a note any more."""
    whole = note + "".join(lines).encode()
    parse_note(whole)
    return whole
