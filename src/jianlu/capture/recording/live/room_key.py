"""The secret of an end-to-end encrypted room, and how a member receives it: wrapped to the member's own key by HPKE (RFC 9180).

The secret is made by the agent's page and never leaves it but in an invitation's fragment or wrapped. Keys of senders are derived
from it, one for each feed and kind of media. Suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
Format: `specs/encrypted-room.md`; the browser's half is `web/src/media/roomkey.ts`.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jianlu.core.errors import DeniedError, InvalidError

SECRET_BYTES, KEY_BYTES = 32, 32
WRAPPED_BYTES = 32 + SECRET_BYTES + 16
_ID_BYTES = 8
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


def secret_id(secret: bytes, case: str) -> str:
    """By what everybody may name the secret of `case`: 16 hexadecimal digits that tell nothing of it."""
    return _derived(secret, b"jianlu/room-id@v1", case, "", _ID_BYTES).hex()


def sender_key(secret: bytes, case: str, feed: str, kind: str) -> bytes:
    """The SFrame base key of what `feed` sends: `kind` is audio or video, and neither key opens the other's frames."""
    return _derived(secret, b"jianlu/room-sender@v1", case, f"{feed}/{kind}", KEY_BYTES)


def fingerprint(public_key: bytes) -> str:
    """By what people compare a member's key: SHA-256, in hexadecimal."""
    return hashlib.sha256(public_key).hexdigest()


def wrap_secret(secret: bytes, public_key: bytes, case: str, member: str) -> bytes:
    """`secret` for `member` of `case` alone: encapsulated key, then ciphertext."""
    return _SUITE.encrypt(secret, X25519PublicKey.from_public_bytes(public_key), info=_purpose(case, member))


class MemberKey:
    """A member's own key pair."""

    def __init__(self, private_key: bytes, member: str) -> None:
        """InvalidError for a private key that is none."""
        if len(private_key) != KEY_BYTES:
            raise InvalidError("a member's key has 32 bytes: remove the recorder's key file and start it again")
        self.member = member
        self._private = X25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._private.public_key().public_bytes_raw()

    def unwrap(self, wrapped: bytes, case: str) -> bytes:
        """The secret of `case` that was wrapped to this member.

        InvalidError for an impossible length, DeniedError when it is for another member or case, or altered.
        """
        if len(wrapped) != WRAPPED_BYTES:
            raise InvalidError(f"a wrapped secret has {WRAPPED_BYTES} bytes: wrap the room's secret again")
        try:
            return bytes(_SUITE.decrypt(wrapped, self._private, info=_purpose(case, self.member)))
        except (InvalidTag, ValueError) as error:
            raise DeniedError(
                "this secret was not wrapped to this member's key: look at the member's fingerprint again"
            ) from error


def _purpose(case: str, member: str) -> bytes:
    return b"jianlu/room-secret@v1\0" + case.encode() + b"\0" + member.encode()


def _derived(secret: bytes, label: bytes, case: str, about: str, size: int) -> bytes:
    purpose = label + b"\0" + case.encode() + b"\0" + about.encode()
    return HKDF(SHA256(), size, salt=None, info=purpose).derive(secret)
