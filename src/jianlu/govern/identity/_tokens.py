"""Tokens of cookies: random, shown once, kept as a digest.

Whoever reads the database cannot use them.
"""

from __future__ import annotations

import secrets

from jianlu.core.terms.digests import digest_of

_BYTES = 32
_CHARACTERS_MAX = 64


def fresh_token() -> tuple[str, str]:
    """A new token and the digest to keep of it."""
    token = secrets.token_urlsafe(_BYTES)
    return token, digest_of(token.encode())


def digest_of_claimed(token: str) -> str:
    """The digest that a right token would be kept under; an overlong one has none that is kept."""
    return digest_of(token[:_CHARACTERS_MAX].encode(errors="replace")) if len(token) <= _CHARACTERS_MAX else ""
