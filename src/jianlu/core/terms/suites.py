"""Suites: which cipher, digest and signature a home uses together, by the names that stand in its formats.

A sealed object names its suite in its header and in its context, a wrapped-key record in its authenticated head; neither can be relabelled.
What each suite is, byte by byte, is in `specs/sealed-segment.md`, `specs/keys.md` and `specs/checkpoint-and-proof.md`.
"""

from __future__ import annotations

from enum import StrEnum


class Suite(StrEnum):
    """The international suite, and the one of the Chinese standards (GB/T 32905, 32907, 32918)."""

    INTERNATIONAL = "aes-256-gcm+sha-256+ed25519"
    SM = "sm4-gcm+sm3+sm2"

    @property
    def number(self) -> int:
        """The byte in headers and contexts of sealed objects."""
        return 1 if self is Suite.INTERNATIONAL else 2

    @property
    def wrapping(self) -> str:
        """The name of its cipher in wrapped-key records."""
        return "AES-256-GCM" if self is Suite.INTERNATIONAL else "SM4-GCM"


SUITE_NAMES = {"international": Suite.INTERNATIONAL, "sm": Suite.SM}
"""By what settings and commands call them."""
