"""Shred: a unit's evidence becomes unreadable for good, by destroying its keys.

The order survives a crash at any point: first a durable mark that makes the keys count as gone, then the unit's key, then
object keys, then the objects themselves. Who may shred, and when retention or a hold forbids it, is decided before.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault._checked import checked
from jianlu.vault.keys import SHREDDED_FORMAT, tombstone_name, unit_key_name
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import SHREDDED


@dataclass(frozen=True, slots=True)
class Shredded:
    """Receipt: how many key records and sealed objects were removed; all of them, durable."""

    keys: int
    objects: int


def shred_unit(using: VaultPorts, tenant: TenantId, unit: str) -> Shredded:
    """Destroy the keys and delete the objects of a shred unit; calling again finishes what a crash left, then does nothing.

    Afterwards its objects, and the salts of its commitments, cannot be had by anybody who has not copied the keys before; the unit can
    not be opened again under this name. Ledger entries stay. UnavailableError when the store fails: call again. How thoroughly a key
    record is erased is the key store's affair (`specs/keys.md`).
    """
    key_blobs, blobs = checked(using.key_blobs), checked(using.blobs)
    unit_key, tombstone = unit_key_name(tenant, unit), tombstone_name(tenant, unit)
    key_blobs.put(tombstone, [canonical_bytes({"format": SHREDDED_FORMAT, "context": f"unit/{tenant}/{unit}"})])
    object_keys = [name for name in key_blobs.names(f"{tenant}/{unit}/") if name not in (unit_key, tombstone)]
    had_unit_key = key_blobs.exists(unit_key)
    key_blobs.delete(unit_key)
    for name in object_keys:
        key_blobs.delete(name)
    sealed = list(blobs.names(f"{tenant}/{unit}/"))
    for name in sealed:
        blobs.delete(name)
    try:
        with transaction(using.index) as connection:
            _records.set_object_states(connection, tenant, unit, SHREDDED)
    except UnavailableError:
        pass  # the index only reports; `compare_index` and `reindex` see the truth in the files
    return Shredded(keys=len(object_keys) + had_unit_key, objects=len(sealed))
