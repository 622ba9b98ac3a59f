"""Identity for tests: a real database, a clock that a test sets, cheap hashing, a key keeper that was never on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.accounts import OPERATOR, make_account, new_account
from jianlu.govern.identity.enrolment import enrol_with_password
from jianlu.govern.identity.model import Account, Staff
from jianlu.govern.identity.passwords import Passwords
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import offer_enrolment, release
from jianlu.govern.identity.sign_ins import sign_out
from jianlu.runtime.database import open_database
from tests.fakes.schema import bring_schema
from tests.fakes.vault.memory import SteppingClock, memory_keys

TENANT = TenantId("demo-bank")
PASSWORD = "correct horse battery"
OTHER_PASSWORD = "another long password"


def cheap_passwords() -> Passwords:
    """Argon2id at the least cost that it takes."""
    return Passwords(time_cost=1, memory_kib=8, lanes=1, turn_wait_s=5)


def add_account(using: IdentityPorts, tenant: TenantId, name: str, password: str, **more: Any) -> Account:
    """An account whose owner has taken their link with a password, and is signed in nowhere."""
    made = make_account(using, tenant, name, **more)
    set_password(using, tenant, name, password)
    return made


def set_password(using: IdentityPorts, tenant: TenantId, name: str, password: str) -> None:
    """The owner takes a released link with a password, and signs out."""
    token, _ = enrol_with_password(using, *released_link(using, tenant, name), password)
    sign_out(using, token)


def released_link(using: IdentityPorts, tenant: TenantId, name: str, *, by: str = OPERATOR) -> tuple[str, str]:
    """A link and its code, released by somebody who is neither its maker nor its owner."""
    offer = offer_enrolment(using, tenant, name, by=by)
    return offer.token, offer.code or release(using, tenant, name, by=a_second_person(using, tenant)).code


def a_second_person(using: IdentityPorts, tenant: TenantId) -> Staff:
    """A supervisor who has just proved who they are."""
    account = new_account(tenant, "second", roles=["supervisor"])
    return Staff(account, "", by_totp=False, proved_at=using.clock.now(), proved_by="passkey")


@contextmanager
def identity_world(url: str) -> Iterator[tuple[IdentityPorts, SteppingClock]]:
    """Identity over a fresh database at `url`, and its clock."""
    engine, clock = open_database(url), SteppingClock()
    bring_schema(engine)
    try:
        yield IdentityPorts(database=engine, clock=clock, secrets=memory_keys(), passwords=cheap_passwords()), clock
    finally:
        engine.dispose()
