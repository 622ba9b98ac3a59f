"""Compare: does every index row about a case follow from the ledger and the vault's files?

Asked before a package is made, so that an edited row never decides what a court reads. Reads only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from jianlu.core.errors import IntegrityError
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import CaseRef, ObjectId, TenantId
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault._checked import checked
from jianlu.vault.index import parse_entry, rows_of, scan_case
from jianlu.vault.keys import is_shredded, is_unit_key, shredded_parts
from jianlu.vault.model import Place, is_resealed
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import (
    ENDED,
    MISSING,
    SEALED,
    SHREDDED,
    CaseRow,
    EventRow,
    HoldRow,
    ObjectRow,
    RetentionRow,
    SettlementRow,
    advance,
    event_row,
)
from jianlu.vault.reseals import read_forms
from jianlu.vault.stores.copies import names_somewhere

Row = _records.Row | CaseRow


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that the ledger and the vault's files do not bear out; `row` names it by its key, without content."""

    table: str
    row: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.table} row {self.row}: {', '.join(self.fields)}"


def compare_index(using: VaultPorts, tenant: TenantId, case: CaseRef) -> list[Difference]:
    """Every row about the case that the ledger and the vault's files do not bear out, missing and surplus rows included.

    Reads the whole ledger from the case's first event on, so that no row is believed. Empty means that they agree.
    """
    with transaction(using.index, writes=False) as connection:
        found_events = _records.case_events(connection, tenant, case)
        found: list[Row] = [*found_events, *_records.case_objects(connection, tenant, case)]
        found += [*_records.case_retentions(connection, tenant, case), *_records.chain_holds(connection, tenant, case)]
        found += _records.chain_settlements(connection, tenant, case)
        row = _records.read_case(connection, tenant, case)
    recorded = scan_case(using, tenant, case, start=_first_position(using, found_events))
    due: list[Row] = []
    due_case: CaseRow | None = None
    for position, event in recorded:
        due += rows_of(event, position)
        due_case = advance(due_case, event)
    objects = object_states(using, [row for row in due if isinstance(row, ObjectRow)])
    due = [*(row for row in due if not isinstance(row, ObjectRow)), *objects]
    return _differences([*due, *([due_case] if due_case else [])], [*found, *([row] if row else [])])


def require_agreement(using: VaultPorts, tenant: TenantId, case: CaseRef) -> None:
    """Raise IntegrityError, naming table and row, unless `compare_index` finds nothing; asked before a package is made."""
    differences = compare_index(using, tenant, case)
    if differences:
        raise IntegrityError(
            f"the index was edited or lags ({len(differences)} rows; {differences[0]}): find out why, then run `jianlu vault reindex`"
        )


def object_states(using: VaultPorts, rows: Sequence[ObjectRow]) -> list[ObjectRow]:
    """`rows` of one shred unit with each object's state as the vault's files show it; two listings, no object is read."""
    if not rows:
        return []
    tenant, unit = TenantId(rows[0].tenant), rows[0].unit
    if is_shredded(using, tenant, unit):
        return [replace(row, state=SHREDDED) for row in rows]
    names = {*names_somewhere(using.blobs, f"{tenant}/{unit}/"), *checked(using.key_blobs).names(f"{tenant}/{unit}/")}
    ended = shredded_parts(using, tenant, unit)
    places = [Place(tenant, unit, ObjectId(row.object), row.version) for row in rows]
    if any(is_resealed(name) for name in names):
        forms = read_forms(using, tenant, unit)
        places = [replace(place, form=forms.form_of(place.object, place.version)) for place in places]
    has_key = any(is_unit_key(name) for name in names)
    are_there = [has_key and names >= {place.blob_name, place.key_name} for place in places]
    states = (
        ENDED if kind_of(row.object) in ended else SEALED if is_there else MISSING
        for row, is_there in zip(rows, are_there, strict=True)
    )
    return [replace(row, state=state) for row, state in zip(rows, states, strict=True)]


def _first_position(using: VaultPorts, rows: Sequence[EventRow]) -> int:
    """Where the case begins: the indexed position if the ledger has the case's event 0 there, else 0."""
    if not rows or rows[0].n != 0:
        return 0
    entries = using.ledger.read(rows[0].position, 1)
    if not entries:
        return 0
    event = parse_entry(entries[0], rows[0].position)
    return rows[0].position if event.n == 0 and event_row(event, rows[0].position) == rows[0] else 0


def _differences(due: Sequence[Row], found: Sequence[Row]) -> list[Difference]:
    due_by_key, found_by_key = {_key(row): row for row in due}, {_key(row): row for row in found}
    differences: list[Difference] = []
    for key in sorted({*due_by_key, *found_by_key}):
        left, right = due_by_key.get(key), found_by_key.get(key)
        if left is None or right is None:
            differences.append(Difference(*key, ("missing" if right is None else "surplus",)))
        elif left != right:
            names = tuple(each.name for each in fields(left) if getattr(left, each.name) != getattr(right, each.name))
            differences.append(Difference(*key, names))
    return differences


def _key(row: Row) -> tuple[str, str]:
    match row:
        case EventRow():
            return "events", str(row.position)
        case ObjectRow():
            return "objects", f"{row.position}/{row.field}" if row.field else str(row.position)
        case RetentionRow():
            return "retentions", str(row.position)
        case HoldRow():
            return "holds", str(row.position)
        case SettlementRow():
            return "settlements", str(row.position)
        case CaseRow():
            return "cases", row.case_ref
