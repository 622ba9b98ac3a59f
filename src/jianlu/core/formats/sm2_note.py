"""SM2 signature lines of notes: `specs/checkpoint-and-proof.md`, "Second signature". A line beside the Ed25519 one, over the same text.

A line's signature is the DER that openssl writes, a key is the PEM that openssl reads, so that both can be checked with that program alone.
Who signs is `ledger.sm2_signer`; which keys to believe is for the caller's trust file to say.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from jianlu.core import sm2
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.note import NoteSignature, parse_note, verifier_key

SM2_TYPE = b"\xffjianlu/sm2-with-sm3"
"""c2sp.org/signed-note leaves 0xff, followed by a longer name, to signature types that it does not list."""

_ANY_KEY = bytes(32)
_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_BEGIN, _END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
_LINE_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """An SM2 public key (65 bytes, uncompressed) with the name that it signs under."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The 4 bytes before each of its signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + SM2_TYPE + self.public_key).digest()[:4]

    @property
    def pem(self) -> str:
        """The SubjectPublicKeyInfo, as it stands in `trust.json` and as `openssl dgst -verify` takes it."""
        text = base64.b64encode(_SPKI_PREFIX + self.public_key).decode()
        lines = [text[at : at + _LINE_CHARACTERS] for at in range(0, len(text), _LINE_CHARACTERS)]
        return "\n".join([_BEGIN, *lines, _END, ""])


def sm2_key(name: str, spki: bytes) -> Sm2Key:
    """The key `name` with the SubjectPublicKeyInfo `spki` (DER); InvalidError for another kind of key or a bad name."""
    if not spki.startswith(_SPKI_PREFIX):
        raise InvalidError("the key is no SM2 key with the curve named: make it with `openssl genpkey -algorithm SM2`")
    return Sm2Key(verifier_key(name, _ANY_KEY).name, sm2.check_public_key(spki[len(_SPKI_PREFIX) :]))


def parse_sm2_key(name: str, pem: str) -> Sm2Key:
    """The key that `Sm2Key.pem` wrote; InvalidError for any other text, so that a key has one spelling."""
    lines = pem.split("\n")
    try:
        key = sm2_key(name, base64.b64decode("".join(lines[1:-2]), validate=True))
    except ValueError as error:
        raise InvalidError("an SM2 public key must be a PEM text: take the trust.json that `jianlu init` wrote") from error
    if key.pem != pem:
        raise InvalidError(
            "an SM2 public key is not in the one form that its PEM has: take the trust.json that `jianlu init` wrote"
        )
    return key


def verify_sm2(content: bytes, key: Sm2Key) -> NoteSignature:
    """The line by which `key` signed the note `content`.

    InvalidError for malformed bytes; IntegrityError when there is none, or one that is wrong.
    """
    note = parse_note(content)
    made = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
    if not made:
        raise IntegrityError(f"the SM2 signature by {key.name} is missing: it was taken away, or another key signs now")
    for line in made:
        if not sm2.verify(key.public_key, line.signature, note.text.encode()):
            raise IntegrityError(f"the SM2 signature by {key.name} is wrong: the text was altered, or another key signed")
    return made[0]
