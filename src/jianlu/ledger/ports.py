"""What the ledger needs from outside: somebody who signs checkpoints.

The first implementation is a key in a file (`signer`); a hardware key is another.
"""

from __future__ import annotations

from typing import Protocol

from jianlu.core.formats.note import VerifierKey


class Signer(Protocol):
    """A key that signs checkpoints under a name.

    `sign` is called from one thread at a time, about once a second; it returns the 64-byte Ed25519 signature of `message`,
    or raises UnavailableError when the key cannot be reached. A failure stops the ledger, it is not retried.
    """

    @property
    def key(self) -> VerifierKey:
        """The public half, with the name that the signature lines carry."""

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`."""
