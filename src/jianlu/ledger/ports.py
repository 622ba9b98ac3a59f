"""What the ledger needs from outside: somebody who signs checkpoints, and others who vouch for them: authorities and witnesses.

The first signer is a key in a file (`signer`); a hardware key is another. Authorities and witnesses are reached by HTTP; none of them is
ever waited for by whoever appends or publishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jianlu.core.formats.cosignature import WitnessKey
from jianlu.core.formats.note import NoteSignature, VerifierKey


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """An HTTP answer of a witness: the status, and the body of at most 64 KiB."""

    status: int
    body: bytes


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


@runtime_checkable
class SecondSigner(Signer, Protocol):
    """A signer whose notes carry a second signature line, of another kind: without it nothing is signed at all."""

    def second_line(self, message: bytes) -> NoteSignature:
        """The line's signature of `message`; raises as `sign`."""


class TimeAuthority(Protocol):
    """A time-stamp authority of RFC 3161, known by `name`, whose tokens lead to a root among `chain` (PEM)."""

    @property
    def name(self) -> str:
        """Lower-case letters, digits and hyphens: the token's file name."""

    @property
    def chain(self) -> str:
        """Certificates that the institution trusts for it (roots) or that help to get there."""

    def stamp(self, content: bytes) -> bytes:
        """A fresh token (DER) of SHA-256 of `content`, asked for with a nonce of its own; takes seconds, never hangs.

        UnavailableError when no answer comes or the authority refuses; IntegrityError when the answer has another nonce or imprint, or a
        signature that does not lead to a root of `chain`.
        """


class Witness(Protocol):
    """A witness of c2sp.org/tlog-witness, whose cosignatures are by `key`."""

    @property
    def key(self) -> WitnessKey:
        """Its public key with its name."""

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """What it answers to the body `request`; takes seconds, never hangs. UnavailableError when no answer comes."""
