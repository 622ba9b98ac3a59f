"""Standings of accounts: branch, place and level, as the security administrator set them. Kept in a table, each change in the ledger.

An account without a row has the usual standing. Who may set one is decided by policies; here is only that nobody sets their own.
"""

from __future__ import annotations

import re

from sqlalchemy import Engine, delete, insert, select

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access._tables import standings
from jianlu.govern.access.model import LEVEL_MAX, LEVEL_MIN, Standing
from jianlu.govern.access.ports import DecisionLog
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

_BRANCH = re.compile(r"[A-Za-z0-9._-]{0,40}")
_PLACE = re.compile(r"([A-Z]{2}(-[A-Z0-9]{1,3})?)?")


def standing_of(database: Engine, tenant: str, account: str) -> Standing:
    """The standing of that account; the usual one when none was set."""
    mine = select(standings).where(standings.c.tenant == tenant, standings.c.account == account)
    with transaction(database, writes=False) as connection:
        row = connection.execute(mine).mappings().one_or_none()
    return Standing(row["branch"], row["place"], row["level"]) if row else Standing()


def branch_of(database: Engine, tenant: str, account: str) -> str:
    """The branch that the account works in, "" for all."""
    return standing_of(database, tenant, account).branch


def change_standing(
    database: Engine, clock: Clock, log: DecisionLog, tenant: str, account: str, standing: Standing, *, by: str
) -> None:
    """Write the standing of an account, kept in the log before it holds; InvalidError for what is no branch, place or level.

    DeniedError for one's own: nobody grants to themselves.
    """
    if by == account:
        raise DeniedError("nobody changes their own standing: ask another security administrator")
    if not _BRANCH.fullmatch(standing.branch) or not _PLACE.fullmatch(standing.place):
        raise InvalidError("a branch is up to 40 letters, digits and . _ -, a place a code such as CN-31")
    if not LEVEL_MIN <= standing.level <= LEVEL_MAX:
        raise InvalidError(f"a level is {LEVEL_MIN} to {LEVEL_MAX}")
    mine = (standings.c.tenant == tenant, standings.c.account == account)
    fields = {"branch": standing.branch, "place": standing.place, "level": standing.level}
    at = instant_text(clock.now())
    log.change("standing", {"account": account, "by": by, **fields})
    with transaction(database) as connection:
        connection.execute(delete(standings).where(*mine))
        connection.execute(insert(standings).values(tenant=tenant, account=account, changed_by=by, changed_at=at, **fields))
