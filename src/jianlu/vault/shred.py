"""Shred: a unit's evidence, or a part of it, becomes unreadable for good, by destroying its keys.

The order survives a crash at any point: first a durable mark that makes the keys count as gone, then the unit's key where all of it goes,
then object keys, then the objects themselves. Who may shred, and whether retention forbids it, is decided before; a hold is asked for here,
of the ledger itself, so that no door leads past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from jianlu.core.errors import ConflictError, InvalidError, UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.custody import standing_holds
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import ENDING_PARTS, kind_of
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault._checked import checked
from jianlu.vault.custody.holds import HeldError
from jianlu.vault.index import scan_ledger
from jianlu.vault.keys import (
    SHREDDED_FORMAT,
    is_tombstone,
    is_unit_key,
    part_tombstone_name,
    tombstone_name,
    unit_key_names,
)
from jianlu.vault.ports import Blobs, VaultPorts
from jianlu.vault.projection import ENDED, SHREDDED


class KeptError(ConflictError):
    """The unit is kept: a case whose destruction nobody started, or a chain of custody or access, which outlives cases."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """Receipt: how many key records and sealed objects were removed; all of them, durable."""

    keys: int
    objects: int


def shred_unit(using: VaultPorts, tenant: TenantId, unit: str) -> Shredded:
    """Destroy the keys and delete the objects of a shred unit; calling again finishes what a crash left, then does nothing.

    Afterwards its objects, and the salts of its commitments, cannot be had by anybody who has not copied the keys before; the unit can
    not be opened again under this name. Ledger entries stay. HeldError, and nothing is destroyed, while a hold stands over it; KeptError
    for a recorded case whose destruction was not started (`destruction.py`), and for custody and access logs, which outlive cases.
    UnavailableError when the store fails: call again. How thoroughly a key record is erased is the key store's affair (`specs/keys.md`).

    A hold that comes in between: whoever places one looks for the mark after it is in the ledger, we look into the ledger after the mark
    is there. One of the two sees the other; if we do while the key is there, the mark goes and the hold stands.
    """
    key_blobs, blobs = checked(using.key_blobs), checked(using.blobs)
    tombstone = tombstone_name(tenant, unit)
    if not key_blobs.exists(tombstone):
        _require_free(using, tenant, unit)
    key_blobs.put(tombstone, [canonical_bytes({"format": SHREDDED_FORMAT, "context": f"unit/{tenant}/{unit}"})])
    unit_keys = unit_key_names(key_blobs, tenant, unit)
    if unit_keys:
        _yield_to_hold(using, tenant, unit)
    for name in unit_key_names(key_blobs, tenant, unit):
        key_blobs.delete(name)
    object_keys = [name for name in key_blobs.names(f"{tenant}/{unit}/") if name != tombstone and not is_unit_key(name)]
    removed = _remove(using, object_keys, list(blobs.names(f"{tenant}/{unit}/")))
    _report(using, lambda connection: _records.set_object_states(connection, tenant, unit, SHREDDED))
    return Shredded(removed.keys + bool(unit_keys), removed.objects)


def shred_part(using: VaultPorts, tenant: TenantId, unit: str, part: str) -> Shredded:
    """As `shred_unit`, of the objects of one part (`ENDING_PARTS`): the rest of the unit, its key and its salts stay.

    InvalidError for no such part; KeptError unless the destruction of that part was started (`destruction.py`). The salts of its
    commitments stay too: they hide a digest of 256 bits of what is gone, of which nobody can guess more than whether he has it.
    """
    if part not in ENDING_PARTS:
        raise InvalidError(f"no part of a case that ends by itself: one of {', '.join(ENDING_PARTS)}")
    key_blobs, mark = checked(using.key_blobs), part_tombstone_name(tenant, unit, part)
    if not key_blobs.exists(mark):
        _require_free(using, tenant, unit, part)
    key_blobs.put(mark, [canonical_bytes({"format": SHREDDED_FORMAT, "context": f"unit/{tenant}/{unit}/{part}"})])
    object_keys = names_of_part(using.key_blobs, tenant, unit, part)
    if object_keys:
        _yield_to_hold(using, tenant, unit, part)
    removed = _remove(using, object_keys, names_of_part(using.blobs, tenant, unit, part))
    _report(using, lambda connection: _records.set_part_states(connection, tenant, unit, part, ENDED))
    return removed


def names_of_part(blobs: Blobs, tenant: TenantId, unit: str, part: str) -> list[str]:
    """The names, in a store of keys or of objects, of what belongs to that part of the unit, in whatever form."""
    prefix = f"{tenant}/{unit}/"
    return [name for name in checked(blobs).names(prefix) if kind_of(name.removeprefix(prefix)) == part]


def _remove(using: VaultPorts, object_keys: Sequence[str], sealed: Sequence[str]) -> Shredded:
    """Keys first: from then on nothing opens what is left."""
    for name in object_keys:
        checked(using.key_blobs).delete(name)
    for name in sealed:
        checked(using.blobs).delete(name)
    return Shredded(sum(not is_tombstone(name) for name in object_keys), len(sealed))


def _report(using: VaultPorts, write: Callable[[Connection], None]) -> None:
    """The index only reports: `compare_index` and `reindex` see the truth in the files."""
    with suppress(UnavailableError), transaction(using.index) as connection:
        write(connection)


def _yield_to_hold(using: VaultPorts, tenant: TenantId, unit: str, part: str = "") -> None:
    """HeldError or KeptError, with the mark taken away again, when a hold came before it or the mark was set beside this function."""
    try:
        _require_free(using, tenant, unit, part)
    except (HeldError, KeptError):
        mark = part_tombstone_name(tenant, unit, part) if part else tombstone_name(tenant, unit)
        checked(using.key_blobs).delete(mark)
        raise


def _require_free(using: VaultPorts, tenant: TenantId, unit: str, part: str = "") -> None:
    """Asked of the ledger, which is read whole: HeldError, KeptError."""
    own: list[Event] = []
    about: list[Event] = []
    for _, event in scan_ledger(using, f'"{unit}"'.encode()):
        if event.tenant == tenant and event.case == unit:
            own.append(event)
        elif event.tenant == tenant and event.body.get("of") == unit:
            about.append(event)
    standing = standing_holds(about)
    if standing:
        raise HeldError(f"the case is under a hold ({', '.join(standing)}): two people lift it before anything is destroyed")
    is_started = any(event.type is EventType.DESTRUCTION_STARTED for event in about)
    if part:
        is_started |= any(event.type is EventType.PART_DESTRUCTION_STARTED and event.body.get("part") == part for event in about)
    if (own and not is_started and not _is_nobodys(own)) or (part and not is_started):
        raise KeptError("this is kept until its time ends: have its destruction asked for and approved under destructions")


def is_given_up(kinds: Iterable[EventType]) -> bool:
    """Whether a unit with events of these kinds says itself that its keys go: a recording that never ended, a review's record."""
    found = frozenset(kinds)
    if EventType.REVIEW_RECORD_SHREDDED in found:
        return True
    return EventType.RECORDING_ABANDONED in found and EventType.RECORDING_ENDED not in found


def _is_nobodys(own: list[Event]) -> bool:
    """Whether a unit with these events may go without being asked for."""
    kinds = [event.type for event in own]
    if any(kind.value.startswith(("custody:", "access:")) for kind in kinds):
        return False
    return EventType.PLAN_FROZEN not in kinds or is_given_up(kinds)
