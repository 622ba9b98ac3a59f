"""Requests that take a second person: approval of one act (an export), and emergency access to one resource.

Asked with a reason by one, decided by another, good for an hour; an approval is good for one act and used up by it. Who may ask and
decide is the policies'; that nobody decides their own request is kept here too. Each change is in the ledger before it holds.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, insert, select, update

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access._tables import requests
from jianlu.govern.access.decide import EMERGENCIES, FOUR_EYES
from jianlu.govern.access.destinations import NOWHERE, Destination, check_destination
from jianlu.govern.access.grants import APPROVAL, APPROVED, ASKED, EMERGENCY, REFUSED
from jianlu.govern.access.model import Resource
from jianlu.govern.access.ports import DecisionLog
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction

GOOD_FOR = timedelta(hours=1)
"""From the approval on; an emergency that lasts longer is asked for again."""

WAITS_FOR = timedelta(days=3)
"""A request that nobody decides is over."""

REASON_MIN, REASON_MAX = 10, 400
_deciding = threading.Lock()
"""One decision at a time, since it is in the ledger before it is in the table; one process decides."""

KINDS = {APPROVAL: FOUR_EYES, EMERGENCY: frozenset({""})}


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """A request: `kind` is `approval` (of `action`) or `emergency`; `state` is asked, approved or refused.

    `used_at` is when an approval was used up, `used_for` the digest of what was taken away by it, where something was. `place` and
    `recipient` are where an export goes; they are empty for all else.
    """

    request: str
    tenant: str
    kind: str
    action: str
    resource_kind: str
    resource: str
    reason: str
    state: str
    asked_by: str
    asked_at: str
    decided_by: str
    decided_at: str | None
    expires_at: str
    used_at: str | None = None
    used_for: str = ""
    place: str = ""
    recipient: str = ""

    @property
    def on(self) -> tuple[str, str]:
        """Kind and id of the resource."""
        return self.resource_kind, self.resource

    @property
    def case(self) -> str:
        """The case that it is about."""
        return self.resource.partition(".")[0]

    @property
    def hold(self) -> str:
        """The hold over that case that it is about; empty for a request about the case."""
        return self.resource.partition(".")[2]

    @property
    def destination(self) -> Destination:
        """Where an export goes."""
        return Destination(self.place, self.recipient)


@dataclass(frozen=True, slots=True)
class RequestPorts:
    """Database, clock and the log of changes."""

    database: Engine
    clock: Clock
    log: DecisionLog


def ask(
    kind: str, action: str, on: Resource, reason: str, *, using: RequestPorts, by: str, to: Destination = NOWHERE
) -> AccessRequest:
    """A request for a second person, of an export with where it goes `to`.

    InvalidError for a kind or an action that takes none, a reason that says nothing, or an export to nowhere.
    """
    if kind not in KINDS or action not in KINDS[kind]:
        raise InvalidError(
            f"a second person is asked for an emergency (without an action), or to approve {', '.join(sorted(FOUR_EYES))}"
        )
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX or not reason.isprintable():
        raise InvalidError(
            f"say why in {REASON_MIN} to {REASON_MAX} characters: the second person decides by it, and the customer may read it"
        )
    check_destination(action, to)
    now = using.clock.now()
    made = AccessRequest(
        request="r" + secrets.token_hex(13),
        tenant=on.tenant,
        kind=kind,
        action=action,
        resource_kind=on.kind,
        resource=on.id,
        reason=reason.strip(),
        state=ASKED,
        asked_by=by,
        asked_at=instant_text(now),
        decided_by="",
        decided_at=None,
        expires_at=instant_text(now + WAITS_FOR),
        place=to.place,
        recipient=to.recipient,
    )
    using.log.change("request", _document(made))
    with transaction(using.database) as connection:
        connection.execute(insert(requests).values(**_values(made)))
    return made


def decide(request: str, tenant: str, *, is_approved: bool, using: RequestPorts, by: str) -> AccessRequest:
    """Approve or refuse, once. DeniedError for whoever asked; ConflictError when it was decided or is over."""
    with _deciding:
        now = using.clock.now()
        found = find_request(request, tenant, database=using.database)
        if found.asked_by == by:
            raise DeniedError("nobody decides their own request: ask a second person")
        if found.state != ASKED or found.expires_at <= instant_text(now):
            raise ConflictError("the request was decided already or is over: have it asked again")
        state = APPROVED if is_approved else REFUSED
        until = instant_text(now + GOOD_FOR) if is_approved else found.expires_at
        decided = replace(found, state=state, decided_by=by, decided_at=instant_text(now), expires_at=until)
        using.log.change(_kind_of(decided), _document(decided))
        with transaction(using.database) as connection:
            connection.execute(update(requests).where(requests.c.request == request).values(**_values(decided)))
    return decided


@contextmanager
def used_up(action: str, on: Resource, *, for_digest: str, using: RequestPorts, by: str) -> Iterator[AccessRequest]:
    """Use up the approval by which `by` may do `action` to `on`, and do it within the block: of two at once, one gets it.

    Where the block raises, nothing was done and the approval stands again. ConflictError when there is none that is unused.
    """
    tenant = on.tenant
    while True:
        found = approval_for(tenant, by, action, on, database=using.database, clock=using.clock)
        if found is None:
            raise ConflictError("the approval of a second person was used up or is over: ask for it again")
        mine = (requests.c.tenant == tenant, requests.c.request == found.request)
        used = {"used_at": instant_text(using.clock.now()), "used_for": for_digest}
        with transaction(using.database) as connection:
            taken = connection.execute(update(requests).where(*mine, requests.c.used_at.is_(None)).values(**used))
        if taken.rowcount == 1:
            break
    try:
        yield replace(found, used_at=used["used_at"], used_for=for_digest)
    except BaseException:
        with transaction(using.database) as connection:
            connection.execute(update(requests).where(*mine).values(used_at=None, used_for=""))
        raise


def goes_on(action: str, on: Resource, digest: str, *, using: RequestPorts, by: str) -> bool:
    """Whether `by` used up an approval of `action` for these very bytes, within the hour that it was good for: then the rest may be had."""
    columns = requests.c
    used = select(columns.request).where(
        *_approved(on, action, by, instant_text(using.clock.now())), columns.used_at.is_not(None), columns.used_for == digest
    )
    with transaction(using.database, writes=False) as connection:
        return connection.execute(used.limit(1)).one_or_none() is not None


def find_request(request: str, tenant: str, *, database: Engine) -> AccessRequest:
    """That request; NotFoundError when there is none."""
    with transaction(database, writes=False) as connection:
        return _require(connection, tenant, request)


def open_requests(tenant: str, *, database: Engine, clock: Clock, of: str = "") -> list[AccessRequest]:
    """Those that wait for a second person, and those of the account `of` whatever their state, newest first; at most a hundred."""
    columns = requests.c
    waiting = (columns.state == ASKED) & (columns.expires_at > instant_text(clock.now()))
    query = select(requests).where(columns.tenant == tenant, waiting | (columns.asked_by == of))
    with transaction(database, writes=False) as connection:
        found = connection.execute(query.order_by(columns.asked_at.desc(), columns.request).limit(100)).mappings()
        return [_row(row) for row in found]


def approval_for(tenant: str, account: str, action: str, on: Resource, *, database: Engine, clock: Clock) -> AccessRequest | None:
    """The unused approval by which `account` may do `action` to `on` now, the newest where there are several; None where there is none."""
    columns = requests.c
    unused = (*_approved(on, action, account, instant_text(clock.now())), columns.used_at.is_(None))
    query = select(requests).where(columns.tenant == tenant, *unused)
    with transaction(database, writes=False) as connection:
        row = connection.execute(query.order_by(columns.decided_at.desc()).limit(1)).mappings().one_or_none()
        return _row(row) if row is not None else None


def emergencies_of(tenant: str, kind: str, resource: str, *, database: Engine) -> list[AccessRequest]:
    """Every emergency that opened the resource, newest first: what its people are given notice of."""
    columns = requests.c
    query = select(requests).where(
        columns.tenant == tenant,
        columns.kind == EMERGENCY,
        columns.resource_kind == kind,
        columns.resource == resource,
        columns.state == APPROVED,
    )
    with transaction(database, writes=False) as connection:
        return [_row(row) for row in connection.execute(query.order_by(columns.decided_at.desc())).mappings()]


def _approved(on: Resource, action: str, account: str, now: str) -> tuple[ColumnElement[bool], ...]:
    columns = requests.c
    return (
        columns.tenant == on.tenant,
        columns.asked_by == account,
        columns.kind == APPROVAL,
        columns.action == action,
        columns.resource_kind == on.kind,
        columns.resource == on.id,
        columns.state == APPROVED,
        columns.decided_by != account,
        columns.expires_at > now,
    )


def _kind_of(decided: AccessRequest) -> str:
    return "refusal" if decided.state == REFUSED else decided.kind


def _document(each: AccessRequest) -> dict[str, Any]:
    return {
        name: value if value is not None else "" for name, value in _values(each).items() if name not in ("tenant", "kind")
    } | {
        "request_kind": each.kind,
        "opens": sorted(EMERGENCIES) if each.kind == EMERGENCY else [each.action],
    }


def _values(each: AccessRequest) -> dict[str, Any]:
    return {name: getattr(each, name) for name in AccessRequest.__dataclass_fields__}


def _require(connection: Connection, tenant: str, request: str) -> AccessRequest:
    query = select(requests).where(requests.c.tenant == tenant, requests.c.request == request)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such request: see the list of requests")
    return _row(row)


def _row(row: RowMapping) -> AccessRequest:
    return AccessRequest(**{name: row[name] for name in AccessRequest.__dataclass_fields__})
