"""The only SQL of the vault: reads and writes index rows as the frozen dataclasses of `projection`.

No row is evidence: all of them can be rebuilt. The caller opens and commits the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from jianlu.vault._kept import counted_anew, is_of_part
from jianlu.vault._tables import cases, events, holds, index_progress, index_schema, objects, retentions, settlements
from jianlu.vault.projection import SEALED, CaseRow, EventRow, HoldRow, ObjectRow, RetentionRow, SettlementRow

Row = EventRow | ObjectRow | RetentionRow | HoldRow | SettlementRow
"""A row that one ledger entry gives rise to, keyed by its position."""

_THE_LEDGER = 1
_TABLES: Mapping[type, Table] = {
    EventRow: events,
    ObjectRow: objects,
    RetentionRow: retentions,
    HoldRow: holds,
    SettlementRow: settlements,
}


def read_progress(connection: Connection) -> int:
    """How many ledger entries the index holds without a hole, from 0."""
    return (
        connection.execute(select(index_progress.c.entries).where(index_progress.c.ledger == _THE_LEDGER)).scalar_one_or_none()
        or 0
    )


def write_progress(connection: Connection, entries: int) -> None:
    """Set what `read_progress` returns."""
    changed = connection.execute(update(index_progress).where(index_progress.c.ledger == _THE_LEDGER).values(entries=entries))
    if changed.rowcount == 0:
        connection.execute(insert(index_progress).values(ledger=_THE_LEDGER, entries=entries))


def read_case(connection: Connection, tenant: str, case_ref: str) -> CaseRow | None:
    """The case's row."""
    found = (
        connection.execute(select(cases).where(cases.c.tenant == tenant, cases.c.case_ref == case_ref)).mappings().one_or_none()
    )
    return CaseRow(**found) if found else None


def read_cases(connection: Connection, tenant: str, case_refs: Sequence[str]) -> dict[str, CaseRow]:
    """The rows of these cases."""
    found = connection.execute(select(cases).where(cases.c.tenant == tenant, cases.c.case_ref.in_(case_refs))).mappings()
    return {row["case_ref"]: CaseRow(**row) for row in found}


def closed_cases(connection: Connection, tenant: str, case_refs: Sequence[str]) -> dict[str, bool]:
    """Of these cases those that are closed, and whether a recording of theirs ended."""
    mine = (cases.c.tenant == tenant, cases.c.case_ref.in_(case_refs), cases.c.closed_at.is_not(None))
    found = connection.execute(select(cases.c.case_ref, cases.c.duration_ms).where(*mine))
    return {case: duration_ms is not None for case, duration_ms in found}


def cases_with(connection: Connection, tenant: str, types: Sequence[str], before: str) -> Sequence[str]:
    """References of the cases that have events of every one of `types`, the last of them before an instant, in no order."""
    found = (
        select(events.c.case_ref)
        .where(events.c.tenant == tenant, events.c.type.in_(types))
        .group_by(events.c.case_ref)
        .having(func.count(events.c.type.distinct()) == len(types), func.max(events.c.at) < before)
    )
    return connection.execute(found).scalars().all()


def write_case(connection: Connection, case: CaseRow) -> None:
    """Insert or replace the case's row."""
    connection.execute(delete(cases).where(cases.c.tenant == case.tenant, cases.c.case_ref == case.case_ref))
    connection.execute(insert(cases).values(**_columns_of(case)))


def insert_rows(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert rows of any of the position-keyed tables, one statement a table."""
    by_table: dict[Table, list[dict[str, object]]] = {}
    kept: set[tuple[str, str]] = set()
    for row in rows:
        by_table.setdefault(_TABLES[type(row)], []).append(_columns_of(row))
        if isinstance(row, RetentionRow | SettlementRow):
            kept.add((row.tenant, row.case_ref))
    with counted_anew(connection, kept):
        for table, values in by_table.items():
            connection.execute(insert(table), values)


def case_events(connection: Connection, tenant: str, case_ref: str) -> Sequence[EventRow]:
    """The case's event rows in ledger order."""
    found = select(events).where(events.c.tenant == tenant, events.c.case_ref == case_ref).order_by(events.c.position)
    return [EventRow(**row) for row in connection.execute(found).mappings()]


def events_of_kinds(connection: Connection, tenant: str, case_ref: str, types: Sequence[str]) -> Sequence[EventRow]:
    """The chain's events of these kinds, in ledger order."""
    wanted = (events.c.tenant == tenant, events.c.case_ref == case_ref, events.c.type.in_(types))
    found = select(events).where(*wanted).order_by(events.c.position)
    return [EventRow(**row) for row in connection.execute(found).mappings()]


def case_objects(connection: Connection, tenant: str, unit: str) -> Sequence[ObjectRow]:
    """The unit's object rows in ledger order."""
    found = (
        select(objects).where(objects.c.tenant == tenant, objects.c.unit == unit).order_by(objects.c.position, objects.c.field)
    )
    return [ObjectRow(**row) for row in connection.execute(found).mappings()]


def case_retentions(connection: Connection, tenant: str, case_ref: str) -> Sequence[RetentionRow]:
    """The case's retention rows in ledger order."""
    wanted = (retentions.c.tenant == tenant, retentions.c.case_ref == case_ref)
    found = select(retentions).where(*wanted).order_by(retentions.c.position)
    return [RetentionRow(**row) for row in connection.execute(found).mappings()]


def chain_holds(connection: Connection, tenant: str, chain: str) -> Sequence[HoldRow]:
    """The hold rows of a custody chain in ledger order."""
    found = select(holds).where(holds.c.tenant == tenant, holds.c.chain == chain).order_by(holds.c.position)
    return [HoldRow(**row) for row in connection.execute(found).mappings()]


def chain_settlements(connection: Connection, tenant: str, chain: str) -> Sequence[SettlementRow]:
    """The rows of stated days of a custody chain in ledger order."""
    columns = settlements.c
    found = select(settlements).where(columns.tenant == tenant, columns.chain == chain).order_by(columns.position)
    return [SettlementRow(**row) for row in connection.execute(found).mappings()]


def set_object_states(connection: Connection, tenant: str, unit: str, state: str) -> None:
    """Mark all objects of a unit."""
    with counted_anew(connection, [(tenant, unit)]):
        connection.execute(update(objects).where(objects.c.tenant == tenant, objects.c.unit == unit).values(state=state))


def set_part_states(connection: Connection, tenant: str, unit: str, part: str, state: str) -> None:
    """Mark the objects of a part of a unit."""
    with counted_anew(connection, [(tenant, unit)]):
        mine = (objects.c.tenant == tenant, objects.c.unit == unit, is_of_part(objects.c.object, part))
        connection.execute(update(objects).where(*mine).values(state=state))


def set_states(connection: Connection, rows: Sequence[ObjectRow]) -> None:
    """Store the state of each of these objects."""
    if not rows:
        return
    wanted = (objects.c.position == bindparam("at_position"), objects.c.field == bindparam("at_field"))
    changed = [{"at_position": row.position, "at_field": row.field, "to_state": row.state} for row in rows]
    with counted_anew(connection, {(row.tenant, row.unit) for row in rows}):
        connection.execute(update(objects).where(*wanted).values(state=bindparam("to_state")), changed)


def units(connection: Connection) -> Sequence[tuple[str, str]]:
    """Tenant and shred unit of every object, each pair once."""
    found = select(objects.c.tenant, objects.c.unit).distinct().order_by(objects.c.tenant, objects.c.unit)
    return [(tenant, unit) for tenant, unit in connection.execute(found)]


def count_rows(connection: Connection) -> tuple[int, int, int]:
    """How many cases, objects, and objects that are not there any more."""
    whole = select(func.count()).select_from(objects)
    counts = (select(func.count()).select_from(cases), whole, whole.where(objects.c.state != SEALED))
    cases_count, objects_count, gone_count = (connection.execute(count).scalar_one() for count in counts)
    return cases_count, objects_count, gone_count


def clear_index(connection: Connection) -> None:
    """Delete every row of every index table."""
    for table in reversed(index_schema.sorted_tables):
        connection.execute(delete(table))


def _columns_of(row: Row | CaseRow) -> dict[str, object]:
    """The row's fields by column name; `dataclasses.asdict` would copy each value deeply."""
    return {field.name: getattr(row, field.name) for field in fields(row)}
