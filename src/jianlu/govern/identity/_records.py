"""The SQL of accounts: reads and writes rows as `Account` and its secrets.

The caller opens and commits the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from jianlu.core.errors import ConflictError, NotFoundError
from jianlu.core.terms.ids import tenant_id
from jianlu.govern.identity._tables import accounts
from jianlu.govern.identity.model import Account, Role


@dataclass(frozen=True, slots=True)
class Kept:
    """An account with what is kept about signing in."""

    account: Account
    password_hash: str
    totp_wrapped: bytes | None
    totp_last_step: int
    failures: int
    locked_until: str | None


def find(connection: Connection, tenant: str, name: str, *, lock: bool = False) -> Kept | None:
    """The account of that name; with `lock` the row is this transaction's until it ends."""
    query = select(accounts).where(accounts.c.tenant == tenant, accounts.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _kept(row) if row else None


def require(kept: Kept | None) -> Account:
    """The account that was looked for; NotFoundError when there is none."""
    if kept is None:
        raise NotFoundError("there is no account of that name: `jianlu account list` shows them")
    return kept.account


def find_by_id(connection: Connection, account: str) -> Kept | None:
    """The account with that id."""
    row = connection.execute(select(accounts).where(accounts.c.account == account)).mappings().one_or_none()
    return _kept(row) if row else None


def all_of(connection: Connection, tenant: str) -> list[Account]:
    """Every account of the tenant, by name."""
    rows = connection.execute(select(accounts).where(accounts.c.tenant == tenant).order_by(accounts.c.name)).mappings()
    return [_kept(row).account for row in rows]


def add(connection: Connection, account: Account, password_hash: str, at: str) -> None:
    """Insert the account; ConflictError when the name is taken."""
    if find(connection, account.tenant, account.name) is not None:
        raise ConflictError("there is an account of that name: choose another, or set the password of this one")
    connection.execute(
        insert(accounts).values(
            account=account.id,
            tenant=account.tenant,
            name=account.name,
            display=account.display,
            roles=_joined(sorted(account.roles)),
            languages=_joined(account.languages),
            licences=_joined(account.licences),
            skills=_joined(account.skills),
            password_hash=password_hash,
            totp_is_on=False,
            totp_last_step=0,
            failures=0,
            is_active=account.is_active,
            created_at=at,
        )
    )


def change(connection: Connection, account: str, **values: Any) -> None:
    """Set columns of the account's row."""
    connection.execute(update(accounts).where(accounts.c.account == account).values(**values))


def give_back_try(connection: Connection, account: str) -> None:
    """Take back one counted try, which turned out to be right as far as it went."""
    mine = update(accounts).where(accounts.c.account == account, accounts.c.failures > 0)
    connection.execute(mine.values(failures=accounts.c.failures - 1, locked_until=None))


def take_step(connection: Connection, account: str, step: int) -> bool:
    """Mark the TOTP time step as used; False when it or a later one was used already."""
    used = accounts.c.totp_last_step
    done = connection.execute(update(accounts).where(accounts.c.account == account, used < step).values(totp_last_step=step))
    return done.rowcount == 1


def _kept(row: RowMapping) -> Kept:
    account = Account(
        id=row["account"],
        tenant=tenant_id(row["tenant"]),
        name=row["name"],
        display=row["display"],
        roles=frozenset(Role(role) for role in row["roles"].split()),
        languages=tuple(row["languages"].split()),
        licences=tuple(row["licences"].split()),
        skills=tuple(row["skills"].split()),
        is_active=row["is_active"],
        has_totp=row["totp_is_on"],
    )
    wrapped = bytes.fromhex(row["totp_wrapped"]) if row["totp_wrapped"] else None
    return Kept(account, row["password_hash"], wrapped, row["totp_last_step"], row["failures"], row["locked_until"])


def _joined(codes: tuple[str, ...] | list[Role]) -> str:
    return " ".join(codes)
