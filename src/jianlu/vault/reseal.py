"""Reseal: every object of a unit opened, checked, sealed anew in the suite of the home, and only then its former form removed.

What is done is in the unit's reseal chain (`specs/resealed.md`), so that a call that was killed at any step goes on with the next one. An
object is durable and read back before its event; nothing former goes before every store has the new form, and none of it while a hold
stands or a lock keeps it.
"""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jianlu.core.errors import ConflictError, IntegrityError, NotFoundError
from jianlu.core.formats.custody import standing_holds
from jianlu.core.formats.event import Event
from jianlu.core.formats.resealed import Form, Forms, Resealed, fold_forms
from jianlu.core.terms.digests import opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.core.terms.suites import Suite
from jianlu.vault._checked import checked
from jianlu.vault.case_events import find_events
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.index import scan_ledger
from jianlu.vault.keys import (
    UnitKey,
    drop_older_unit_records,
    is_gone,
    is_shredded,
    open_unit_key,
    rewrap_unit_key,
    tenant_secret,
)
from jianlu.vault.model import Draft, ObjectPart, Place, Plaintext, object_parts
from jianlu.vault.open import BATCH_BYTES, open_stream
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.reseals import GoneForms, reseal_chain
from jianlu.vault.seal import seal
from jianlu.vault.stores.copying import Ensured, ensure_copy, named_of

HOLD, LOCK = "hold", "lock"
"""Why former forms stay."""


@dataclass(frozen=True, slots=True)
class UnitResealed:
    """What one call did: objects sealed anew, former forms removed, former forms that stay and why (empty: none does)."""

    objects: int
    removed: int
    kept: int
    reason: str


class Holds:
    """The holds over all units, by the ledger, which is read once and then from where it went on; the index is not asked."""

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        """Nothing is read before it is asked."""
        self._using, self._tenant, self._read = using, tenant, 0
        self._events: dict[str, list[Event]] = {}

    def stand_over(self, unit: str) -> bool:
        """Whether a hold stands over the unit now."""
        size = self._using.ledger.size
        for position, event in scan_ledger(self._using, b"custody:hold:", start=self._read):
            if position < size and event.tenant == self._tenant:
                self._events.setdefault(str(event.body.get("of")), []).append(event)
        self._read = max(self._read, size)
        return bool(standing_holds(self._events.get(unit, ())))


def reseal_unit(using: VaultPorts, tenant: TenantId, unit: CaseRef, *, holds: Holds) -> UnitResealed:
    """Have every object of the unit in the suite of the home, and what it was before removed; calling again goes on, then does nothing.

    Nobody may seal into the unit's reseal chain meanwhile; who reads the unit, or appends to it, is not disturbed. ConflictError when the
    unit is destroyed, or is being destroyed. IntegrityError when an object is not what its event says, in any form: what was there stays.
    UnavailableError when a store or the keeper does not answer: call again.
    """
    work = _Work(using, tenant, unit)
    objects = work.reseal_objects()
    rewrap_unit_key(using, tenant, unit)
    forms, removed = work.forms, 0
    if forms.going and not (holds.stand_over(unit) and work.are_there(forms.going)):
        removed = work.remove(forms.going, holds)  # killed in the midst of it: a hold that came since came too late for these
        forms = work.forms
    reason = work.retained(holds)
    if forms.former and not reason:
        work.require_copies(forms)
        reason, until = (HOLD, "") if holds.stand_over(unit) else work.locked(forms.former)
        if not reason and work.remove(forms.former, holds):
            return UnitResealed(objects, removed + len(forms.former), 0, "")
        reason = reason or HOLD
        work.retain(len(forms.former), reason, until)
    drop_older_unit_records(using.key_blobs, tenant, unit)
    return UnitResealed(objects, removed, len(forms.former), reason)


class _Work:
    """One unit under work: its key, its events, its reseal chain."""

    def __init__(self, using: VaultPorts, tenant: TenantId, unit: CaseRef) -> None:
        if is_shredded(using, tenant, unit):
            raise ConflictError("the unit was destroyed: nothing of it is sealed anew")
        self.using, self.tenant, self.unit = using, tenant, unit
        self.key: UnitKey = open_unit_key(using, tenant, unit)
        self.events = [event for _, event in find_events(using, tenant, unit)]
        self.chain: CaseLog = open_case_log(using, tenant, reseal_chain(tenant_secret(using, tenant), unit))

    @property
    def forms(self) -> Forms:
        """As the chain says now."""
        return fold_forms(self.chain.events, self.unit)

    @property
    def stores(self) -> tuple[Store, ...]:
        """Every place of copies; the one blob store where there are none."""
        return self.using.stores or (Store("vault", "", self.using.blobs),)

    def reseal_objects(self) -> int:
        """Seal anew what is in another suite, object by object, each with its event; returns how many."""
        forms, done = self.forms, 0
        for event, part in self._parts():
            newest = forms.newest.get((part.object, part.version))
            place = Place(self.tenant, self.unit, part.object, part.version, newest.form if newest else 0)
            suite = self.key.open_sealing_key(place, self.using.key_blobs)[1]
            if suite is not self.using.suite:
                self._reseal(event, part, place, newest.sealed if newest else part.sealed_digest, suite)
                done += 1
        self._clear_superseded()
        return done

    def require_copies(self, forms: Forms) -> None:
        """Every store has the newest forms, read back, under locks that last as long as those of the former ones."""
        gone, replaced = GoneForms(self.using, self.tenant), defaultdict[tuple[str, int], list[Place]](list)
        for form in forms.former:
            replaced[form[:2]].append(self._place(form))
        for each in forms.newest.values():
            if kind_of(each.object) in self.key.ended:
                continue
            named = named_of(self.tenant, each)
            if self.key.open_sealing_key(named.place, self.using.key_blobs)[1] is not self.using.suite:
                raise IntegrityError("an object that was sealed anew is not in the suite of the home: nothing former is removed")
            for store in self.stores:
                outcome = ensure_copy(self.using, store, named, gone=gone)
                if outcome.ensured in (Ensured.LOST, Ensured.GONE):
                    raise IntegrityError(
                        "an object that was sealed anew is on no store as its event says: nothing former is removed"
                    )
                if outcome.ensured is not Ensured.REFUSED:
                    self._lock_as_before(store, replaced[each.object, each.version], named.place)

    def locked(self, former: list[Form]) -> tuple[str, str]:
        """`LOCK` and until when the longest lock of any store on a former form lasts; two empty words when none is locked."""
        now, latest = self.using.clock.now(), None
        for store in self.stores:
            for form in former:
                until = _locked_until(store, self._place(form))
                if until is not None and until > now and (latest is None or until > latest):
                    latest = until
        return (LOCK, instant_text(latest)) if latest is not None else ("", "")

    def retained(self, holds: Holds) -> str:
        """Why former forms stay by the chain's last event, as far as that still holds; empty when it must be looked into."""
        last = self.chain.events[-1] if self.chain.events else None
        if last is None or last.type is not EventType.FORMERS_RETAINED:
            return ""
        if last.body.get("reason") == HOLD:
            return HOLD if holds.stand_over(self.unit) else ""
        return LOCK if self.using.clock.now() < parse_instant(str(last.body.get("until"))) else ""

    def retain(self, count: int, reason: str, until: str) -> None:
        """Say that former forms stay, unless the chain ends with just that."""
        body = {"of": self.unit, "objects": count, "reason": reason, **({"until": until} if until else {})}
        last = self.chain.events[-1]
        if last.type is not EventType.FORMERS_RETAINED or last.body != body:
            self.chain.append(EventType.FORMERS_RETAINED, body)

    def remove(self, former: list[Form] | set[Form], holds: Holds) -> int:
        """Keys, objects and older records of the unit's key, after the ledger says that they go; 0, and nothing went, when a hold came."""
        if not self.forms.going:
            self.chain.append(EventType.REMOVAL_STARTED, {"of": self.unit, "objects": len(former)})
            if holds.stand_over(self.unit):
                return 0
        key_blobs, blobs = checked(self.using.key_blobs), checked(self.using.blobs)
        places = [self._place(form) for form in sorted(former)]
        for place in places:
            key_blobs.delete(place.key_name)
        for place in places:
            blobs.delete(place.blob_name)
        drop_older_unit_records(key_blobs, self.tenant, self.unit)
        left = {*key_blobs.names(f"{self.tenant}/{self.unit}/"), *blobs.names(f"{self.tenant}/{self.unit}/")}
        if any(place.key_name in left or place.blob_name in left for place in places):
            raise IntegrityError("a store still lists what it was told to remove: look at it, then run this again")
        self.chain.append(EventType.REMOVAL_COMPLETED, {"of": self.unit, "objects": len(places)})
        return len(places)

    def are_there(self, former: set[Form]) -> bool:
        """Whether nothing of these forms went yet: each has its key and its object."""
        key_blobs, blobs = checked(self.using.key_blobs), checked(self.using.blobs)
        places = [self._place(form) for form in former]
        return all(key_blobs.exists(place.key_name) and blobs.exists(place.blob_name) for place in places)

    def _parts(self) -> Iterator[tuple[Event, ObjectPart]]:
        """Those of parts whose destruction began stay as they are: nothing opens them."""
        found = ((event, part) for event in self.events for part in object_parts(event))
        return ((event, part) for event, part in found if kind_of(part.object) not in self.key.ended)

    def _place(self, form: Form) -> Place:
        return Place(self.tenant, self.unit, *form)

    def _reseal(self, event: Event, part: ObjectPart, place: Place, was: str, suite: Suite) -> None:
        fresh = self._vacant(place)
        strict = replace(self.using, stores=())  # an altered copy is told and mended by the scrub before anything of it goes
        parts = open_stream(place, using=strict, unit_key=self.key, sealed_digest=was)
        opened: Plaintext = b"".join(parts) if part.plain_bytes <= BATCH_BYTES else _Opened(parts)
        sealed = seal(Draft(fresh, opened), using=self.using, unit_key=self.key)
        read_back = hashlib.sha256()
        for piece in open_stream(fresh, using=self.using, unit_key=self.key, sealed_digest=sealed.sealed_digest):
            read_back.update(piece)
        is_same = opens(part.commitment, sealed.plain_digest, self.key.salt(f"{event.n}/{part.salt_label}"))
        is_whole = (sealed.sealed_bytes, sealed.plain_bytes) == (part.sealed_bytes, part.plain_bytes)
        if not is_same or not is_whole or read_back.hexdigest() != sealed.plain_digest:
            self._clear(fresh)
            raise IntegrityError(f"object {part.object} is not what event {event.n} committed to: restore it from a replica")
        if is_gone(self.using, fresh):
            self._clear(fresh)
            raise ConflictError("the unit, or that part of it, was destroyed meanwhile: nothing of it is sealed anew")
        said = Resealed(
            of=self.unit,
            object=part.object,
            version=part.version,
            form=fresh.form,
            was=was,
            sealed=sealed.sealed_digest,
            bytes=sealed.sealed_bytes,
            before=suite,
            after=self.using.suite,
            commit=part.commitment,
            event=event.digest,
            within=part.within,
        )
        self.chain.append(EventType.OBJECT_RESEALED, said.body)

    def _vacant(self, place: Place) -> Place:
        """Where the next form goes: behind what no event names, which stays until an event names a higher form (decision 0123)."""
        self.using.ledger.require_open()
        fresh = replace(place, form=place.form + 1)
        while self._is_taken(fresh):
            fresh = replace(fresh, form=fresh.form + 1)
        return fresh

    def _is_taken(self, place: Place) -> bool:
        return checked(self.using.blobs).exists(place.blob_name) or checked(self.using.key_blobs).exists(place.key_name)

    def _clear_superseded(self) -> None:
        """Remove what tries left that were given up: forms that no event names, below one that an event names."""
        named = {(each.object, each.version, each.form) for each in self.forms.all}
        for each in self.forms.newest.values():
            for form in [(each.object, each.version, number) for number in range(1, each.form)]:
                if form not in named:
                    self._clear(self._place(form))

    def _clear(self, place: Place) -> None:
        checked(self.using.blobs).delete(place.blob_name)
        checked(self.using.key_blobs).delete(place.key_name)

    def _lock_as_before(self, store: Store, former: Sequence[Place], place: Place) -> None:
        until = max([end for end in (_locked_until(store, each) for each in former) if end is not None], default=None)
        if store.locks is not None and until is not None and until > self.using.clock.now():
            store.locks.lock(place.blob_name, until)


class _Opened(io.RawIOBase):
    """A plaintext that is opened part by part, as a stream that is sealed; what the opening raises ends the sealing."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        super().__init__()
        self._parts, self._rest = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _locked_until(store: Store, place: Place) -> datetime | None:
    if store.locks is None:
        return None
    try:
        return store.locks.locked_until(place.blob_name)
    except NotFoundError:
        return None
