"""Scrub: the ledger is followed store by store, so that each object has its copy everywhere, and every copy is read again and again.

Two walks a store: the first makes copies of what the ledger names and locks them, the second reads and hashes everything anew, mends what
is missing or altered, and begins again. Both go on where a crash left them. What they find is in the ledger; one process of a home does it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jianlu.core.errors import ConflictError, JianluError
from jianlu.core.formats.event import Event
from jianlu.core.formats.resealed import Form, Forms
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId, derive_case_ref
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.runtime.database import transaction
from jianlu.vault._checked import checked
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.handling import may_keep
from jianlu.vault.index import parse_entry
from jianlu.vault.keys import is_shredded, tenant_secret
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.reseals import GoneForms, read_forms
from jianlu.vault.stores._states import StoreState, read_states, write_state
from jianlu.vault.stores.copies import Probed, require_fit
from jianlu.vault.stores.copying import Ensured, Found, Named, Outcome, confined_to, ensure_copy, named_of, objects_named
from jianlu.vault.stores.retaining import PLACED_HOLDS, TERMS, custody_by_case, locked_until, objects_of

Probe = Callable[[Store], Probed | None]
"""What a store turns out to do; None for a backend that claims nothing. UnavailableError when it does not answer."""

ENTRIES = 200
"""Ledger entries that one turn of a walk takes: what it found is durable after each."""

AT_ONCE = 4
"""Copies that are made at once: what a far store takes to answer is not waited for one by one."""

RETRY_MS = 30_000
"""A store that failed is left alone for so long."""

_FAILED_SHOWN = 6


class Scrubber:
    """The walks of one home's stores; one thread uses it.

    `bytes_s` bounds what scrubbing reads of a store, an object more at most; `days` after one scrub the next begins.
    """

    def __init__(self, using: VaultPorts, tenant: TenantId, probe: Probe, *, days: int, bytes_s: int) -> None:
        """Nothing is read before the first `turn`."""
        self._using, self._tenant, self._probe, self._days, self._bytes_s = using, tenant, probe, days, bytes_s
        self._fit: dict[str, bool] = {}
        self._not_before_ms: dict[str, int] = {}
        self._custody: Mapping[str, list[Event]] | None = None
        self._chain: CaseLog | None = None
        self._gone = GoneForms(using, tenant)
        self._alarmed: set[tuple[str, str]] = set()
        self._declaring = threading.Lock()

    def turn(self) -> float | None:
        """Do the next piece of work of every store. Seconds to wait before the next one, None when there is nothing to do.

        A store that fails stands still, with the reason in its state, and holds up no other. UnavailableError when database or ledger fail.
        """
        with transaction(self._using.index, writes=False) as connection:
            states = read_states(connection)
        waits = [self._turn_of(store, states.get(store.name) or StoreState(store.name)) for store in self._using.stores]
        busy = [wait for wait in waits if wait is not None]
        return max(busy) if busy else None

    def begin(self) -> None:
        """Have every store scrubbed anew now, whenever the last time was."""
        since = instant_text(self._using.clock.now())
        for store in self._using.stores:
            fresh = replace(self._read(store), scrub_since=since, scrub_at=0, scrub_objects=0, scrub_bytes=0)
            self._write(replace(fresh, scrub_repaired=0, scrub_lost=0))
        self._custody = None

    def _turn_of(self, store: Store, state: StoreState) -> float | None:
        now_ms = self._using.clock.monotonic_ms()
        if now_ms < self._not_before_ms.get(store.name, now_ms):
            return None
        try:
            fresh, wait = self._next(store, state)
        except JianluError as error:
            self._not_before_ms[store.name] = now_ms + RETRY_MS
            fresh, wait = replace(self._read(store), problem=str(error)[:200]), None
        if fresh != state:
            self._write(fresh)
        return wait

    def _next(self, store: Store, state: StoreState) -> tuple[StoreState, float | None]:
        if store.name not in self._fit:
            state = self._probe_now(store, state)
        if not self._fit[store.name]:
            return state, None
        if state.placed < self._using.ledger.size:
            return self._place(store, replace(state, problem="")), 0.0
        if state.scrub_since or self._is_due(state):
            return self._scrub(store, replace(state, problem=""))
        return replace(state, problem=""), None

    def _probe_now(self, store: Store, state: StoreState) -> StoreState:
        """What it can do, tried; recorded when it is another thing than before."""
        probed = self._probe(store)
        label, failed = (probed.label, probed.failed) if probed else ("none", ())
        at = state.probed_at if probed is None and state.probed_at else instant_text(self._using.clock.now())
        problem = ""
        try:
            if probed is not None:
                require_fit(store, probed)
        except ConflictError as error:
            problem = str(error)[:200]
        self._fit[store.name] = not problem
        said = ", ".join(failed)[:400]
        if probed is not None and (label, said) != (state.label, state.failed):
            body = {"store": store.name, "label": label, "steps": len(probed.steps), "failed": list(failed[:_FAILED_SHOWN])}
            self._declare(EventType.STORE_PROBE_RECORDED, {**body, "locks": "compliance" if store.promises_lock else "none"})
        return replace(state, label=label, failed=said, probed_at=at, problem=problem)

    def _place(self, store: Store, state: StoreState) -> StoreState:
        """Copies of what the next entries name, read back and locked; then the terms that they set."""
        events = self._events(state.placed, ENTRIES)
        is_first = store is self._using.stores[0]
        if is_first and not store.promises_lock:  # sealed there, durable before the event: read again by the next scrub
            named_here = objects_of(events)
            objects, size = state.objects + len(named_here), state.bytes + sum(each.bytes for each in named_here)
            return replace(state, placed=state.placed + len(events), objects=objects, bytes=size)
        with ThreadPoolExecutor(AT_ONCE) as copiers:  # a far store mostly waits
            sizes = list(copiers.map(lambda named: self._copy(store, named, is_new=not is_first), objects_of(events)))
        self._refuse(store, state.placed, events)
        objects, size = sum(each is not None for each in sizes), sum(each or 0 for each in sizes)
        self._settle(store, _termed(events))
        end = state.placed + len(events)
        if objects:
            body = {"store": store.name, "first": state.placed, "end": end, "objects": objects, "bytes": size}
            self._declare(EventType.STORE_COPIES_PLACED, body)
        return replace(state, placed=end, objects=state.objects + objects, bytes=state.bytes + size)

    def _refuse(self, store: Store, first: int, events: Sequence[Event]) -> None:
        """On record, by the clause: what these entries name and may not be kept where the store is, so that it has no copy of it."""
        refused: dict[tuple[str, str], int] = {}
        for event in events:
            for within, clause in confined_to(event):
                if not may_keep(store, within):
                    refused[within, clause] = refused.get((within, clause), 0) + 1
        for (within, clause), objects in refused.items():
            body = {"store": store.name, "place": store.place, "first": first, "end": first + len(events), "objects": objects}
            self._declare(EventType.STORE_COPIES_REFUSED, {**body, "within": within, "clause": clause})

    def _scrub(self, store: Store, state: StoreState) -> tuple[StoreState, float]:
        """About a second's worth of the next entries' objects, read whole; where placing has come to, the pass is done."""
        if not state.scrub_since:
            since = instant_text(self._using.clock.now())
            state = replace(state, scrub_since=since, scrub_at=0, scrub_objects=0, scrub_bytes=0, scrub_repaired=0, scrub_lost=0)
            self._custody = None
        if self._custody is None and store.promises_lock:
            self._custody = custody_by_case(self._using, self._tenant)
        locks: dict[str, tuple[datetime, set[Form]]] = {}
        size = 0
        for event in self._events(state.scrub_at, min(ENTRIES, state.placed - state.scrub_at)):
            state = replace(state, scrub_at=state.scrub_at + 1)
            for named in objects_named(event):
                outcome = self._ensure(store, named, is_new=False)
                if outcome.ensured in (Ensured.GONE, Ensured.REFUSED):
                    continue
                size += named.bytes
                state = _counted(state, named, outcome)
                if outcome.ensured is not Ensured.LOST and store.promises_lock:
                    unit = named.place.unit  # not the event's: an object that was sealed anew is named by another chain
                    until, replaced = locks.get(unit) or locks.setdefault(
                        unit, (self._due(unit), set(self._forms(unit).replaced))
                    )
                    if named.place.numbered not in replaced:
                        self._lock(store, named, until)
            if size >= self._bytes_s:
                break
        if state.scrub_at >= state.placed:
            state = self._complete(state)
        return state, size / self._bytes_s

    def _complete(self, state: StoreState) -> StoreState:
        """The pass is done; what it found is in the ledger on return."""
        body = {"store": state.store, "end": state.scrub_at, "objects": state.scrub_objects, "bytes": state.scrub_bytes}
        body |= {"repaired": state.scrub_repaired, "lost": state.scrub_lost, "since": state.scrub_since}
        self._declare(EventType.STORE_SCRUB_COMPLETED, body)
        self._alarmed = {each for each in self._alarmed if each[0] != state.store}
        return replace(state, scrubbed_at=instant_text(self._using.clock.now()), scrub_since="")

    def _copy(self, store: Store, named: Named, *, is_new: bool) -> int | None:
        """The bytes of a copy that is there now and locked; None where there is none."""
        outcome = self._ensure(store, named, is_new=is_new)
        if outcome.ensured not in (Ensured.VERIFIED, Ensured.MADE):
            return None
        self._lock(store, named, self._rolling())
        return named.bytes

    def _ensure(self, store: Store, named: Named, *, is_new: bool) -> Outcome:
        """The copy as it must be. What was wrong is in the ledger before it is mended; that a copy is not there yet is not wrong."""

        def alarm(found: Found) -> None:
            if not (is_new and found is Found.MISSING):
                self._alarm(store, named, found)

        outcome = ensure_copy(self._using, store, named, on_wrong=alarm, gone=self._gone)
        if outcome.ensured is Ensured.LOST:
            self._alarm(store, named, outcome.found)
        elif outcome.ensured is Ensured.MADE and not (is_new and outcome.found is Found.MISSING):
            self._declare(EventType.STORE_COPY_REPAIRED, {**_said_of(store, named, outcome.found), "from": outcome.source})
        return outcome

    def _alarm(self, store: Store, named: Named, found: Found) -> None:
        """Once a scrub: a source that is away for a while is asked again and again."""
        if (store.name, named.place.blob_name) not in self._alarmed:
            self._declare(EventType.STORE_COPY_ALARMED, _said_of(store, named, found))
            self._alarmed.add((store.name, named.place.blob_name))

    def _settle(self, store: Store, cases: Sequence[str]) -> None:
        """Lock every object of these cases until their terms end, as far as the ledger states them now."""
        if not cases or store.locks is None or not store.promises_lock:
            return
        self._custody = custody_by_case(self._using, self._tenant)
        for case in cases:
            named = [] if is_shredded(self._using, self._tenant, case) else self._lasting(store, case)
            until = self._due(case)
            for each in named:
                self._lock(store, each, until)
            if named:
                body = {"store": store.name, "of": case, "objects": len(named), "until": instant_text(until)}
                self._declare(EventType.STORE_LOCKS_EXTENDED, body)

    def _lasting(self, store: Store, case: str) -> list[Named]:
        """Every object of the case in its newest form, as far as copies are there: what was replaced keeps the lock that it has."""
        forms = self._forms(case)
        fresh = [named_of(self._tenant, each) for each in forms.all]
        fresh = [each for each in fresh if checked(store.blobs).exists(each.place.blob_name)]
        replaced = set(forms.replaced)
        return [each for each in [*objects_of(self._log(case).events), *fresh] if each.place.numbered not in replaced]

    def _forms(self, case: str) -> Forms:
        return read_forms(self._using, self._tenant, case)

    def _lock(self, store: Store, named: Named, until: datetime) -> None:
        if store.locks is not None and store.promises_lock:
            store.locks.lock(named.place.blob_name, until)

    def _due(self, case: str) -> datetime:
        """Until when the objects of the case must be locked now."""
        return locked_until([*self._log(case).events, *(self._custody or {}).get(case, ())], rolling=self._rolling())

    def _log(self, case: str) -> CaseLog:
        return open_case_log(self._using, self._tenant, case)

    def _rolling(self) -> datetime:
        """Long enough that the next scrub comes before it ends."""
        return self._using.clock.now() + timedelta(days=2 * self._days)

    def _is_due(self, state: StoreState) -> bool:
        """Where there are copies the first scrub follows them at once; a lone store has its first when a whole interval has gone by."""
        last = state.scrubbed_at or (state.probed_at if len(self._using.stores) == 1 else "")
        return not last or self._using.clock.now() - parse_instant(last) >= timedelta(days=self._days)

    def _events(self, start: int, count: int) -> list[Event]:
        return [parse_entry(entry, start + offset) for offset, entry in enumerate(self._using.ledger.read(start, count))]

    def _declare(self, kind: EventType, body: Mapping[str, Any]) -> None:
        """Into this month's chain, read again where another process wrote there meanwhile; copiers wait for each other."""
        with self._declaring:
            self._append(kind, body)

    def _append(self, kind: EventType, body: Mapping[str, Any]) -> None:
        month = self._using.clock.now().strftime("%Y-%m")
        chain = derive_case_ref(tenant_secret(self._using, self._tenant), f"stores/{month}")
        if self._chain is None or self._chain.case != chain:
            self._chain = self._log(chain)
        try:
            self._chain.append(kind, body)
        except ConflictError:
            self._chain = self._log(chain)
            self._chain.append(kind, body)
        except JianluError:
            self._chain = None
            raise

    def _read(self, store: Store) -> StoreState:
        with transaction(self._using.index, writes=False) as connection:
            return read_states(connection).get(store.name) or StoreState(store.name)

    def _write(self, state: StoreState) -> None:
        with transaction(self._using.index) as connection:
            write_state(connection, state)


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
