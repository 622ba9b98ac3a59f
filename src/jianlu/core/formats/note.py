"""Signed notes and verifier keys: `specs/checkpoint-and-proof.md`, after c2sp.org/signed-note, Ed25519 (type 0x01) only.

A note is a UTF-8 text, an empty line, and signature lines. Here notes are taken apart, verified and put together; the
signing itself is in `ledger.signer`, what the text says in `checkpoint`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jianlu.core import ed25519
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX

ED25519_TYPE = 0x01
KEY_NAME_CHARACTERS_MAX = 200
_SIGNATURE_MARK = "— "
_KEY_ID = re.compile(r"^[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before each signature of this key: SHA-256(name, newline, type, key), cut."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([ED25519_TYPE]) + self.public_key).digest()[:4]

    @property
    def text(self) -> str:
        """The vkey, `name+hex(key id)+base64(type || key)`, as it stands in `trust.json`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([ED25519_TYPE]) + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, taken apart and not verified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, without newline."""
        return f"{_SIGNATURE_MARK}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart; `text` includes its final newline and is only claimed until `verify_note` returned."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def content(self) -> bytes:
        """The note's bytes."""
        return (self.text + "\n" + "".join(signature.line + "\n" for signature in self.signatures)).encode()


def verifier_key(name: str, public_key: bytes) -> VerifierKey:
    """The key `name` with an Ed25519 public key of 32 bytes; raises InvalidError for a name that a note cannot carry."""
    is_odd = any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)
    if not 0 < len(name) <= KEY_NAME_CHARACTERS_MAX or "+" in name or is_odd:
        raise InvalidError("a key name is 1 to 200 characters without spaces and without +")
    if len(public_key) != ed25519.PUBLIC_KEY_BYTES:
        raise InvalidError("an Ed25519 public key has 32 bytes")
    return VerifierKey(name, public_key)


def parse_verifier_key(text: str) -> VerifierKey:
    """The key that the vkey `text` stands for; raises InvalidError for another form, type or a wrong key id."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise InvalidError("a verifier key looks like name+12345678+base64")
    material = decode_base64(parts[2])
    if len(material) != 1 + ed25519.PUBLIC_KEY_BYTES or material[0] != ED25519_TYPE:
        raise InvalidError("a verifier key must be an Ed25519 key (type 1)")
    key = verifier_key(parts[0], material[1:])
    if key.key_id.hex() != parts[1]:
        raise InvalidError("a verifier key's id does not belong to its name and key: copy the whole line again")
    return key


def parse_note(content: bytes) -> Note:
    """`content` taken apart, nothing verified; raises InvalidError unless it is a well-formed note within the bounds."""
    if len(content) > NOTE_BYTES_MAX:
        raise InvalidError(f"a note has {len(content)} bytes, more than {NOTE_BYTES_MAX}")
    try:
        whole = content.decode()
    except UnicodeDecodeError as error:
        raise InvalidError("a note is not UTF-8 text") from error
    if any(character < " " and character != "\n" for character in whole):
        raise InvalidError("a note contains control characters")
    before, separator, after = whole.rpartition("\n\n")
    if not separator or not after.endswith("\n"):
        raise InvalidError("a note must end in an empty line and signature lines")
    lines = after[:-1].split("\n")
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise InvalidError(f"a note has more than {NOTE_SIGNATURES_MAX} signatures")
    return Note(before + "\n", tuple(_parse_signature(line) for line in lines))


def verify_note(content: bytes, keys: Iterable[VerifierKey]) -> Note:
    """The note `content`, signed by at least one of `keys`, with only the verified signatures.

    Signatures of unknown keys are left out. Raises InvalidError for malformed bytes, IntegrityError when a known key's
    signature is wrong or none of `keys` signed.
    """
    note = parse_note(content)
    known = {(key.name, key.key_id): key for key in keys}
    verified = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not ed25519.verify(key.public_key, signature.signature, note.text.encode()):
            raise IntegrityError(f"the note's signature by {key.name} is wrong: its text was altered or another key signed")
        verified.append(signature)
    if not verified:
        raise IntegrityError("the note is not signed by a trusted key: check that you trust the right ledger or signer")
    return Note(note.text, tuple(verified))


def assemble_note(text: str, signatures: Sequence[NoteSignature]) -> bytes:
    """The bytes of a note of `text` (with final newline) and `signatures`; raises InvalidError when it would not parse back."""
    note = Note(text, tuple(signatures))
    if not signatures or parse_note(note.content) != note:
        raise InvalidError("a note needs a text that ends in a newline, has no control characters, and a signature")
    return note.content


def _parse_signature(line: str) -> NoteSignature:
    if not line.startswith(_SIGNATURE_MARK):
        raise InvalidError("a note's signature line must begin with an em dash and a space")
    name, separator, encoded = line[len(_SIGNATURE_MARK) :].partition(" ")
    blob = decode_base64(encoded)
    if not separator or not name or "+" in name or any(c.isspace() for c in name) or len(blob) < 5:
        raise InvalidError("a note's signature line must be: em dash, key name, base64 of key id and signature")
    return NoteSignature(name, blob[:4], blob[4:])


def decode_base64(text: str) -> bytes:
    """The bytes of canonical standard base64; raises InvalidError for any other text, so that bytes have one spelling."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("a base64 text is malformed") from error
    if base64.b64encode(content).decode() != text:
        raise InvalidError("a base64 text is not in its canonical form")
    return content
