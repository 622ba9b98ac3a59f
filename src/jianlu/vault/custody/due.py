"""Which cases may be due, and which destructions began, were refused or are done.

By the index, for lists; never for a decision, which `custody_reading.py` makes from the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select

from jianlu.core.formats.custody import LAST_ZONE, has_ended, part_kept_until
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import OPEN
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import ENDING_PARTS
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault._kept import is_of_part, is_there
from jianlu.vault._tables import cases, events, objects, retentions, settlements
from jianlu.vault.custody.destruction import parts_begun
from jianlu.vault.custody.holds import held_cases
from jianlu.vault.custody.time_reading import LeapFinder, LedgerTime
from jianlu.vault.index import BATCH_ENTRIES, catch_up, parse_entry
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import SEALED, EventRow

DUE_MAX, NEWEST_MAX = 500, 200


@dataclass(frozen=True, slots=True)
class DueCase:
    """A closed case whose every term is over, as indexed: the last of its days, and under which hold it stands, if any."""

    case: str
    until: str
    is_held: bool


def due_cases(using: VaultPorts, tenant: TenantId, now: datetime) -> list[DueCase]:
    """The cases that may be due at `now`, those first whose time ended first; at most `DUE_MAX`. Open terms sort behind every day.

    Where days were stated, the newest end that follows from them counts.
    """
    catch_up(using)
    settled = (
        select(func.max(settlements.c.until))
        .where(
            settlements.c.tenant == retentions.c.tenant,
            settlements.c.case_ref == retentions.c.case_ref,
            settlements.c.until != OPEN,
        )
        .scalar_subquery()
    )
    last = func.max(func.coalesce(settled, retentions.c.until))
    query = (
        select(retentions.c.case_ref, last)
        .join(cases, (cases.c.tenant == retentions.c.tenant) & (cases.c.case_ref == retentions.c.case_ref))
        .where(retentions.c.tenant == tenant, cases.c.state == "closed", is_there())
        .group_by(retentions.c.case_ref)
        .having(last < (now - LAST_ZONE).date().isoformat())
        .order_by(last, retentions.c.case_ref)
        .limit(DUE_MAX)
    )
    secret, held, today = tenant_secret(using, tenant), held_cases(using, tenant), instant_text(now - LAST_ZONE)[:10]
    found = []
    with transaction(using.index, writes=False) as connection:
        for case, until in connection.execute(query).all():
            chain = _records.case_events(connection, tenant, custody_chain(secret, case))
            if not any(row.type == EventType.DESTRUCTION_STARTED.value for row in chain):
                found.append(DueCase(case, max(until, _extended(using, chain)), case in held))
    return [each for each in found if each.until < today]


@dataclass(frozen=True, slots=True)
class DuePart:
    """A part of a closed case whose own term is over while the case is kept: its last day, and whether a hold stands over it all."""

    case: str
    part: str
    until: str
    clause: str
    is_held: bool


def due_parts(using: VaultPorts, tenant: TenantId, now: datetime) -> list[DuePart]:
    """The parts of which there is something and whose time has ended at `now` while their case is kept on; at most `DUE_MAX`.

    Found by the index, read from the ledger's own entries; for lists, never for a decision.
    """
    catch_up(using)
    c, today = retentions.c, instant_text(now - LAST_ZONE)[:10]
    is_in = or_(
        *(and_(c.part == part, exists(_sealed_of(part))) for part in ENDING_PARTS)
    )  # what was never sealed, or is gone, is not due
    is_over = or_(
        c.until < today,
        and_(
            c.until == OPEN,
            exists(select(settlements.c.position).where(settlements.c.tenant == c.tenant, settlements.c.case_ref == c.case_ref)),
        ),
    )
    query = (
        select(c.case_ref, c.part)
        .join(cases, (cases.c.tenant == c.tenant) & (cases.c.case_ref == c.case_ref))
        .where(c.tenant == tenant, cases.c.state == "closed", is_there(), is_in, is_over)
        .group_by(c.case_ref, c.part)
        .order_by(func.max(c.until), c.case_ref, c.part)
        .limit(DUE_MAX)
    )
    whole, held = {each.case for each in due_cases(using, tenant, now)}, held_cases(using, tenant)
    with transaction(using.index, writes=False) as connection:
        rows = [(case, part) for case, part in connection.execute(query).all() if case not in whole]
    said = {case: _stated(using, tenant, case) for case in {case for case, _ in rows}}
    found = []
    for case, part in rows:
        end = part_kept_until(part, said[case])
        if end is not None and has_ended(end.until, now) and part not in parts_begun(said[case]):
            found.append(DuePart(case, part, end.until, end.clause, case in held))
    return found


def _sealed_of(part: str) -> Select[Any]:
    mine = (objects.c.tenant == retentions.c.tenant, objects.c.unit == retentions.c.case_ref)
    return select(objects.c.position).where(*mine, objects.c.state == SEALED, is_of_part(objects.c.object, part))


def _stated(using: VaultPorts, tenant: TenantId, case: str) -> list[Event]:
    """What the ledger says of the terms of the case: those that were set, and all of its custody."""
    chain = custody_chain(tenant_secret(using, tenant), case)
    with transaction(using.index, writes=False) as connection:
        own = _records.events_of_kinds(connection, tenant, case, (EventType.RETENTION_SET.value,))
        rows = [*own, *_records.case_events(connection, tenant, chain)]
    return [parse_entry(using.ledger.read(row.position, 1)[0], row.position) for row in rows]


def _extended(using: VaultPorts, chain: Sequence[EventRow]) -> str:
    """The latest day to which the case was extended; empty when it was not."""
    positions = [row.position for row in chain if row.type == EventType.RETENTION_EXTENDED.value]
    return max((str(parse_entry(using.ledger.read(each, 1)[0], each).body["until"]) for each in positions), default="")


def custody_events(using: VaultPorts, tenant: TenantId, kind: EventType) -> Sequence[Event]:
    """The newest `NEWEST_MAX` events of that kind of all custody chains, newest first: from the ledger, found by the index."""
    return [event for _, event in placed_events(using, tenant, kind)]


def placed_events(using: VaultPorts, tenant: TenantId, kind: EventType) -> Sequence[tuple[int, Event]]:
    """As `custody_events`, each with its position in the ledger."""
    query = (
        select(events.c.position).where(events.c.tenant == tenant, events.c.type == kind.value).order_by(events.c.position.desc())
    )
    with transaction(using.index, writes=False) as connection:
        positions = list(connection.execute(query.limit(NEWEST_MAX)).scalars())
    return [(position, parse_entry(using.ledger.read(position, 1)[0], position)) for position in positions]


def recorded_statements(using: VaultPorts, tenant: TenantId, statement: str) -> frozenset[tuple[str, str]]:
    """Cases and triggers whose day the ledger has by that statement, as indexed; for lists, never for a decision."""
    catch_up(using)
    query = select(settlements.c.case_ref, settlements.c.trigger).where(
        settlements.c.tenant == tenant, settlements.c.statement == statement
    )
    with transaction(using.index, writes=False) as connection:
        return frozenset((case, trigger) for case, trigger in connection.execute(query))


def newest_time(using: VaultPorts) -> LedgerTime:
    """The ledger's own time by its newest entries alone, for showing; before something is destroyed all of it is read."""
    size, leaps = using.ledger.size, LeapFinder()
    start = max(0, size - BATCH_ENTRIES)
    for entry in using.ledger.read(start, size - start) if size else ():
        leaps.take(entry[7:31].decode("ascii", "replace"))
    return LedgerTime(size - 1, leaps.newest, leaps.leapt_at)
