"""Identity for tests: a real database, a clock that a test sets, cheap hashing, a key keeper that was never on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.passwords import Passwords
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.database import migrate_database, open_database
from tests.fakes.vault.memory import SteppingClock, memory_keys

TENANT = TenantId("demo-bank")
PASSWORD = "correct horse battery"
OTHER_PASSWORD = "another long password"


def cheap_passwords() -> Passwords:
    """Argon2id at the least cost that it takes."""
    return Passwords(time_cost=1, memory_kib=8, lanes=1, turn_wait_s=5)


@contextmanager
def identity_world(url: str) -> Iterator[tuple[IdentityPorts, SteppingClock]]:
    """Identity over a fresh database at `url`, and its clock."""
    engine, clock = open_database(url), SteppingClock()
    migrate_database(engine)
    try:
        yield IdentityPorts(database=engine, clock=clock, secrets=memory_keys(), passwords=cheap_passwords()), clock
    finally:
        engine.dispose()
