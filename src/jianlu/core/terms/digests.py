"""Content digests and salted commitments.

A digest names content. A commitment hides content until somebody opens it with its salt: the ledger holds commitments
only, so that nothing about a person can be guessed from it. Defined in `specs/event.md`.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from jianlu.core.errors import InvalidError

SALT_BYTES = 32
_DOMAIN = b"jianlu/commitment@v1\x00"
_HEX64 = re.compile(r"^[0-9a-f]{64}$")


def digest_of(content: bytes) -> str:
    """SHA-256 of `content` as 64 lower-case hexadecimal characters."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: object) -> bool:
    """Whether `text` is 64 lower-case hexadecimal characters."""
    return isinstance(text, str) and _HEX64.fullmatch(text) is not None


def commitment_to(content_digest: str, salt: bytes) -> str:
    """Commitment to content whose SHA-256 is `content_digest`: SHA-256(domain, 32-byte salt, raw digest), in hexadecimal.

    Hiding as long as the salt is secret and random, binding as SHA-256 is; raises InvalidError for a salt or digest of another form.
    """
    if len(salt) != SALT_BYTES or not is_digest(content_digest):
        raise InvalidError("a commitment needs a 32-byte salt and a SHA-256 digest in hexadecimal")
    return hashlib.sha256(_DOMAIN + salt + bytes.fromhex(content_digest)).hexdigest()


def opens(commitment: str, content_digest: str, salt: bytes) -> bool:
    """Whether `salt` opens `commitment` to content with `content_digest` (constant-time comparison)."""
    return hmac.compare_digest(commitment, commitment_to(content_digest, salt))
