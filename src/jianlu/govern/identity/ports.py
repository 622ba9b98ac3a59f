"""What identity needs from elsewhere: a database, a clock, a keeper of small secrets, and hashing under a cap.

The keeper is the home's key keeper (`vault.ports.Keys`), of which only wrapping is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Engine

from jianlu.govern.identity.localities import Localities
from jianlu.govern.identity.passwords import Passwords
from jianlu.runtime.clock import Clock


class SecretKeeper(Protocol):
    """Encrypts small secrets so that the database alone is useless; safe for threads."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` (1 to 64 bytes) encrypted and bound to `context`. UnavailableError when the keeper is away."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped with the same `context`; IntegrityError when it was not, UnavailableError when the keeper is away."""
        ...


@dataclass(frozen=True, slots=True)
class IdentityPorts:
    """Everything that identity's use cases are given."""

    database: Engine
    clock: Clock
    secrets: SecretKeeper
    passwords: Passwords
    localities: Localities = field(default_factory=Localities)
    needs_second_factor: bool = False
