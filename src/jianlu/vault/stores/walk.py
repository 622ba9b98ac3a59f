"""The walk along the ledger for one store: copies of what it names, read back and locked, and every copy read again and again.

Several stores are walked at once (`scrub.py`): what a walk keeps in memory is its own, and what it says in the ledger goes through one
chain. Both passes go on where a crash left them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jianlu.core.errors import ConflictError, JianluError
from jianlu.core.formats.event import Event
from jianlu.core.formats.resealed import Form, Forms
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import OBJECTS, kind_of
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.vault._checked import checked
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.handling import may_keep
from jianlu.vault.index import parse_entry
from jianlu.vault.keys import is_shredded, shredded_parts
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.reseals import GoneForms, read_forms
from jianlu.vault.stores._chain import StoresChain
from jianlu.vault.stores._states import StoreState
from jianlu.vault.stores.copies import Probed, require_fit
from jianlu.vault.stores.copying import (
    Ensured,
    Found,
    Named,
    Outcome,
    confined_to,
    ensure_copy,
    named_of,
    objects_named,
    put_copy,
    withdraw_gone,
)
from jianlu.vault.stores.retaining import PLACED_HOLDS, TERMS, custody_by_case, locked_until, objects_of

Probe = Callable[[Store], Probed | None]
"""What a store turns out to do; None for a backend that claims nothing. UnavailableError when it does not answer."""

ENTRIES = 200
"""Ledger entries that one step of a walk takes: what it found is durable after each."""

AT_ONCE, FAR_AT_ONCE = 4, 8
"""Copies that are made at once in a store, and in one far away: what it takes to answer is not waited for one by one."""

RETRY_MS = 30_000
"""A store that failed is left alone for so long."""

_FAILED_SHOWN = 6
_THERE = (Ensured.VERIFIED, Ensured.MADE)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the walks of one home have in common; all of it is safe for many threads."""

    using: VaultPorts
    tenant: TenantId
    probe: Probe
    chain: StoresChain
    gone: GoneForms
    days: int
    bytes_s: int


class StoreWalk:
    """The walk of one store; one thread at a time uses it."""

    def __init__(self, store: Store, shared: Shared) -> None:
        """Nothing is read before the first `step`."""
        self.store = store
        self._shared, self._using, self._tenant = shared, shared.using, shared.tenant
        self._declare = shared.chain.declare
        self._is_fit: bool | None = None
        self._not_before_ms: int | None = None
        self._custody: Mapping[str, list[Event]] | None = None
        self._alarmed: set[str] = set()
        self._looked_below = self._using.ledger.size
        """What was recorded before may have its copy already and is looked for; later entries' copies are put at once."""

    def forget(self) -> None:
        """Have extensions and holds read from the ledger anew: a scrub begins."""
        self._custody = None

    def step(self, state: StoreState) -> tuple[StoreState, float | None]:
        """The next piece of work: how far it comes, and seconds to wait before the next one, None when there is nothing to do.

        A store that fails stands still, with the reason in its state.
        """
        now_ms = self._using.clock.monotonic_ms()
        if self._not_before_ms is not None and now_ms < self._not_before_ms:
            return state, None
        try:
            return self._next(state)
        except JianluError as error:
            self._not_before_ms = now_ms + RETRY_MS
            self._looked_below = self._using.ledger.size  # some of them may have been copied
            return replace(state, problem=str(error)[:200]), None

    def _next(self, state: StoreState) -> tuple[StoreState, float | None]:
        if self._is_fit is None:
            state = self._probe_now(state)
        if not self._is_fit:
            return state, None
        if state.placed < self._using.ledger.size:
            return self._place(replace(state, problem="")), 0.0
        if state.scrub_since or self._is_due(state):
            return self._scrub(replace(state, problem=""))
        return replace(state, problem=""), None

    def _probe_now(self, state: StoreState) -> StoreState:
        """What it can do, tried; recorded when it is another thing than before."""
        store = self.store
        probed = self._shared.probe(store)
        label, failed = (probed.label, probed.failed) if probed else ("none", ())
        at = state.probed_at if probed is None and state.probed_at else instant_text(self._using.clock.now())
        problem = ""
        try:
            if probed is not None:
                require_fit(store, probed)
        except ConflictError as error:
            problem = str(error)[:200]
        self._is_fit = not problem
        said = ", ".join(failed)[:400]
        if probed is not None and (label, said) != (state.label, state.failed):
            body = {"store": store.name, "label": label, "steps": len(probed.steps), "failed": list(failed[:_FAILED_SHOWN])}
            self._declare(EventType.STORE_PROBE_RECORDED, {**body, "locks": "compliance" if store.promises_lock else "none"})
        return replace(state, label=label, failed=said, probed_at=at, problem=problem)

    def _place(self, state: StoreState) -> StoreState:
        """Copies of what the next entries name, read back and locked; then the terms that they set."""
        events = self._events(state.placed, ENTRIES)
        is_first = self.store is self._using.stores[0]
        if is_first and not self.store.promises_lock:  # sealed there, durable before the event: read again by the next scrub
            named_here = objects_of(events)
            objects, size = state.objects + len(named_here), state.bytes + sum(each.bytes for each in named_here)
            return replace(state, placed=state.placed + len(events), objects=objects, bytes=size)
        kept = self._copies(events, state.placed, is_new=not is_first)
        self._refuse(state.placed, events)
        objects, size = len(kept), sum(each.bytes for each in kept)
        self._settle(_termed(events))
        end = state.placed + len(events)
        if objects:
            body = {"store": self.store.name, "first": state.placed, "end": end, "objects": objects, "bytes": size}
            self._declare(EventType.STORE_COPIES_PLACED, body)
        return replace(state, placed=end, objects=state.objects + objects, bytes=state.bytes + size)

    def _copies(self, events: Sequence[Event], first: int, *, is_new: bool) -> list[Named]:
        """The objects of these events, from position `first` on, of which a copy is there now, read back and locked.

        Several are made at once, for a far store mostly waits; whether something was destroyed meanwhile is asked once after all are there.
        """
        due = [(each, at >= self._looked_below) for at, event in enumerate(events, first) for each in objects_named(event)]
        with ThreadPoolExecutor(FAR_AT_ONCE if checked(self.store.blobs).is_far else AT_ONCE) as copiers:
            found = list(copiers.map(lambda each: self._copy(*each, is_new=is_new), due))
            made = [(named, each) for (named, _), each in zip(due, found, strict=True) if each.ensured in _THERE]
            gone = withdraw_gone(self._using, self.store, [named for named, _ in made], self._shared.gone)
            kept = [(named, each) for named, each in made if named.place not in gone]
            until = self._rolling()
            list(copiers.map(lambda each: self._lock(each[0], until, is_new=each[1].is_fresh), kept))
        return [named for named, _ in kept]

    def _refuse(self, first: int, events: Sequence[Event]) -> None:
        """On record, by the clause: what these entries name and may not be kept where the store is, so that it has no copy of it."""
        refused: dict[tuple[str, str], int] = {}
        for event in events:
            for within, clause in confined_to(event):
                if not may_keep(self.store, within):
                    refused[within, clause] = refused.get((within, clause), 0) + 1
        for (within, clause), objects in refused.items():
            body = {
                "store": self.store.name,
                "place": self.store.place,
                "first": first,
                "end": first + len(events),
                "objects": objects,
            }
            self._declare(EventType.STORE_COPIES_REFUSED, {**body, "within": within, "clause": clause})

    def _scrub(self, state: StoreState) -> tuple[StoreState, float]:
        """About a second's worth of the next entries' objects, read whole; where placing has come to, the pass is done."""
        if not state.scrub_since:
            since = instant_text(self._using.clock.now())
            state = replace(state, scrub_since=since, scrub_at=0, scrub_objects=0, scrub_bytes=0, scrub_repaired=0, scrub_lost=0)
            self._custody = None
        if self._custody is None and self.store.promises_lock:
            self._custody = custody_by_case(self._using, self._tenant)
        locks: dict[str, tuple[Mapping[str, datetime], set[Form]]] = {}
        size = 0
        for event in self._events(state.scrub_at, min(ENTRIES, state.placed - state.scrub_at)):
            state = replace(state, scrub_at=state.scrub_at + 1)
            for named in objects_named(event):
                outcome = self._ensure(named, is_new=False)
                if outcome.ensured in (Ensured.GONE, Ensured.REFUSED):
                    continue
                size += named.bytes
                state = _counted(state, named, outcome)
                if outcome.ensured is not Ensured.LOST and self.store.promises_lock:
                    unit = named.place.unit  # not the event's: an object that was sealed anew is named by another chain
                    until, replaced = locks.get(unit) or locks.setdefault(
                        unit, (self._due(unit), set(self._forms(unit).replaced))
                    )
                    if named.place.numbered not in replaced:
                        self._lock(named, until[kind_of(named.place.object)])
            if size >= self._shared.bytes_s:
                break
        if state.scrub_at >= state.placed:
            state = self._complete(state)
        return state, size / self._shared.bytes_s

    def _complete(self, state: StoreState) -> StoreState:
        """The pass is done; what it found is in the ledger on return."""
        body = {"store": state.store, "end": state.scrub_at, "objects": state.scrub_objects, "bytes": state.scrub_bytes}
        body |= {"repaired": state.scrub_repaired, "lost": state.scrub_lost, "since": state.scrub_since}
        self._declare(EventType.STORE_SCRUB_COMPLETED, body)
        self._alarmed.clear()
        return replace(state, scrubbed_at=instant_text(self._using.clock.now()), scrub_since="")

    def _copy(self, named: Named, is_absent: bool, *, is_new: bool) -> Outcome:
        """The copy; with `is_absent` it is put before it is looked for."""
        made = put_copy(self._using, self.store, named) if is_new and is_absent else None
        return made or self._ensure(named, is_new=is_new)

    def _ensure(self, named: Named, *, is_new: bool) -> Outcome:
        """The copy as it must be. What was wrong is in the ledger before it is mended; that a copy is not there yet is not wrong."""

        def alarm(found: Found) -> None:
            if not (is_new and found is Found.MISSING):
                self._alarm(named, found)

        outcome = ensure_copy(self._using, self.store, named, on_wrong=alarm, gone=self._shared.gone)
        if outcome.ensured is Ensured.LOST:
            self._alarm(named, outcome.found)
        elif outcome.ensured is Ensured.MADE and not (is_new and outcome.found is Found.MISSING):
            self._declare(EventType.STORE_COPY_REPAIRED, {**_said_of(self.store, named, outcome.found), "from": outcome.source})
        return outcome

    def _alarm(self, named: Named, found: Found) -> None:
        """Once a scrub: a source that is away for a while is asked again and again."""
        if named.place.blob_name not in self._alarmed:
            self._declare(EventType.STORE_COPY_ALARMED, _said_of(self.store, named, found))
            self._alarmed.add(named.place.blob_name)

    def _settle(self, cases: Sequence[str]) -> None:
        """Lock every object of these cases until their terms end, as far as the ledger states them now."""
        if not cases or self.store.locks is None or not self.store.promises_lock:
            return
        self._custody = custody_by_case(self._using, self._tenant)
        for case in cases:
            named = [] if is_shredded(self._using, self._tenant, case) else self._lasting(case)
            until = self._due(case)
            for each in named:
                self._lock(each, until[kind_of(each.place.object)])
            if named:
                latest = max(until[kind_of(each.place.object)] for each in named)
                body = {"store": self.store.name, "of": case, "objects": len(named), "until": instant_text(latest)}
                self._declare(EventType.STORE_LOCKS_EXTENDED, body)

    def _lasting(self, case: str) -> list[Named]:
        """Every object of the case in its newest form, as far as copies are there: what was replaced keeps the lock that it has.

        Those of a part that was destroyed before the case are none of it any more.
        """
        forms = self._forms(case)
        fresh = [named_of(self._tenant, each) for each in forms.all]
        fresh = [each for each in fresh if checked(self.store.blobs).exists(each.place.blob_name)]
        replaced = set(forms.replaced)
        ended = shredded_parts(self._using, self._tenant, case)
        named = [*objects_of(self._log(case).events), *fresh]
        return [each for each in named if each.place.numbered not in replaced and kind_of(each.place.object) not in ended]

    def _forms(self, case: str) -> Forms:
        return read_forms(self._using, self._tenant, case)

    def _lock(self, named: Named, until: datetime, *, is_new: bool = False) -> None:
        if self.store.locks is not None and self.store.promises_lock:
            self.store.locks.lock(named.place.blob_name, until, is_new=is_new)

    def _due(self, case: str) -> Mapping[str, datetime]:
        """Until when the objects of the case must be locked now, by their kind."""
        events, rolling = [*self._log(case).events, *(self._custody or {}).get(case, ())], self._rolling()
        return {kind: locked_until(events, rolling=rolling, part=kind) for kind in ("", *OBJECTS)}

    def _log(self, case: str) -> CaseLog:
        return open_case_log(self._using, self._tenant, case)

    def _rolling(self) -> datetime:
        """Long enough that the next scrub comes before it ends."""
        return self._using.clock.now() + timedelta(days=2 * self._shared.days)

    def _is_due(self, state: StoreState) -> bool:
        """Where there are copies the first scrub follows them at once; a lone store has its first when a whole interval has gone by."""
        last = state.scrubbed_at or (state.probed_at if len(self._using.stores) == 1 else "")
        return not last or self._using.clock.now() - parse_instant(last) >= timedelta(days=self._shared.days)

    def _events(self, start: int, count: int) -> list[Event]:
        return [parse_entry(entry, start + offset) for offset, entry in enumerate(self._using.ledger.read(start, count))]


def _counted(state: StoreState, named: Named, outcome: Outcome) -> StoreState:
    return replace(
        state,
        scrub_objects=state.scrub_objects + 1,
        scrub_bytes=state.scrub_bytes + named.bytes,
        scrub_repaired=state.scrub_repaired + (outcome.ensured is Ensured.MADE),
        scrub_lost=state.scrub_lost + (outcome.ensured is Ensured.LOST),
    )


def _said_of(store: Store, named: Named, found: Found) -> dict[str, Any]:
    place = named.place
    said = {"store": store.name, "of": place.unit, "object": place.object, "version": place.version, "reason": found.value}
    return {**said, "form": place.form} if place.form else said


def _termed(events: Sequence[Event]) -> list[str]:
    """The cases whose terms or holds these events set."""
    own = [event.case for event in events if event.type is EventType.RETENTION_SET]
    others = [event for event in events if event.type in PLACED_HOLDS or event.type in TERMS]
    return list(dict.fromkeys([*own, *(str(event.body["of"]) for event in others if "of" in event.body)]))
