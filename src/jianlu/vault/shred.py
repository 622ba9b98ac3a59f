"""Shred: a unit's evidence becomes unreadable for good, by destroying its keys.

The order survives a crash at any point: first a durable mark that makes the keys count as gone, then the unit's key, then
object keys, then the objects themselves. Who may shred, and whether retention forbids it, is decided before; a hold is asked for here,
of the ledger itself, so that no door leads past it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.custody import standing_holds
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault._checked import checked
from jianlu.vault.custody.holds import HeldError
from jianlu.vault.index import scan_ledger
from jianlu.vault.keys import SHREDDED_FORMAT, is_unit_key, tombstone_name, unit_key_names
from jianlu.vault.ports import VaultPorts
from jianlu.vault.projection import SHREDDED


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
    return Shredded(keys=len(object_keys) + bool(unit_keys), objects=len(sealed))


def _yield_to_hold(using: VaultPorts, tenant: TenantId, unit: str) -> None:
    """HeldError or KeptError, with the mark taken away again, when a hold came before it or the mark was set beside this function."""
    try:
        _require_free(using, tenant, unit)
    except (HeldError, KeptError):
        checked(using.key_blobs).delete(tombstone_name(tenant, unit))
        raise


def _require_free(using: VaultPorts, tenant: TenantId, unit: str) -> None:
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
    if own and not is_started and not _is_nobodys(own):
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
