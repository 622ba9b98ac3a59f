"""Reindex: every row of the index again, from the ledger, the sealed objects and the key records alone.

The proof that the database holds nothing of its own; also the repair after it was lost, edited or restored from a backup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import migrate_database, transaction
from jianlu.vault import _kept, _records
from jianlu.vault.compare import object_states
from jianlu.vault.index import catch_up
from jianlu.vault.keys import is_shredded, shredded_parts
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import ENDED, SEALED, SHREDDED


@dataclass(frozen=True, slots=True)
class Reindexed:
    """What the index holds now."""

    entries: int
    cases: int
    objects: int
    objects_gone: int


def reindex(using: VaultPorts, *, progress: Callable[[int, int], None] | None = None) -> Reindexed:
    """Create or migrate the schema, delete every row and fill the index from the ledger and the vault's files.

    `progress` is called with entries done and due. Until it returns, the index is incomplete, never wrong: a crash is repaired by calling
    again. IntegrityError when the ledger holds an entry that is no event.
    """
    migrate_database(using.index)
    with transaction(using.index) as connection:
        _records.clear_index(connection)
    entries = catch_up(using, progress=progress)
    with transaction(using.index, writes=False) as connection:
        units = _records.units(connection)
    for tenant, unit in units:
        with transaction(using.index, writes=False) as connection:
            rows = _records.case_objects(connection, tenant, unit)
        looked_at = object_states(using, rows)  # which may ask the index for the unit's reseal chain: not while it is locked
        with transaction(using.index) as connection:
            if is_shredded(using, TenantId(tenant), unit):  # meanwhile
                looked_at = [replace(row, state=SHREDDED) for row in rows]
            elif ended := shredded_parts(using, TenantId(tenant), unit):
                looked_at = [replace(row, state=ENDED) if kind_of(row.object) in ended else row for row in looked_at]
            _records.set_states(connection, [row for row in looked_at if row.state != SEALED])
    with transaction(using.index) as connection:
        _kept.recount(connection)
        cases, objects, gone = _records.count_rows(connection)
    return Reindexed(entries=entries, cases=cases, objects=objects, objects_gone=gone)
