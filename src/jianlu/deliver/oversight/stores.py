"""The stores for people: how each stands, what went wrong with its copies, newest first, and what there is to do about it.

How far a store is comes from the index, for showing; alarms, repairs, refusals and what the last scrub found are the ledger's own
events. Nothing of a case is said but its reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.vault.custody.due import placed_events
from jianlu.vault.index import catch_up
from jianlu.vault.ports import VaultPorts
from jianlu.vault.stores.places import KeptAway, kept_away, running_cases
from jianlu.vault.stores.reports import StoreReport, store_reports

EVENTS_SHOWN, CASES_SHOWN = 50, 50
CASES_LOOKED_AT = 100
"""A running case takes some milliseconds to read: a page does not wait for all of them, `jianlu stores list` looks at each."""

_KINDS = {
    EventType.STORE_COPY_ALARMED: "alarmed",
    EventType.STORE_COPY_REPAIRED: "repaired",
    EventType.STORE_COPIES_REFUSED: "refused",
}
_OBJECT = ("of", "object", "version", "form")


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a store. An alarm `is_open` while no repair of that copy follows it and no whole scrub since saw the copy right."""

    kind: str
    position: int
    at: str
    body: Mapping[str, Any]
    is_open: bool


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """A store, its newest events first, the last whole scrub as the ledger has it, cases kept away, and codes of what to do next."""

    report: StoreReport
    happened: Sequence[Happened]
    scrubbed: Event | None
    away: Sequence[KeptAway]
    next_steps: Sequence[str]


def see_stores(using: VaultPorts, tenant: TenantId, *, scrub_days: int) -> tuple[Sequence[StoreSeen], int]:
    """Every store of the settings, in their order, and how many running cases beyond `CASES_LOOKED_AT` were not asked about.

    UnavailableError when the database fails; else as `kept_away`.
    """
    catch_up(using)
    scrubs: dict[str, Event] = {}
    for event in reversed([event for _, event in placed_events(using, tenant, EventType.STORE_SCRUB_COMPLETED)]):
        scrubs[str(event.body["store"])] = event
    running = running_cases(tenant, using=using)
    happened, away = _by_store(using, tenant, scrubs), kept_away(tenant, using=using, among=running[:CASES_LOOKED_AT])
    stale = instant_text(using.clock.now() - timedelta(days=2 * scrub_days))
    found = []
    for report in store_reports(using):
        name = report.store.name
        next_steps = tuple(_next_steps(report, happened[name], away[name], stale))
        found.append(StoreSeen(report, happened[name], scrubs.get(name), away[name], next_steps))
    return found, max(0, len(running) - CASES_LOOKED_AT)


def advice(seen: Sequence[StoreSeen]) -> Sequence[str]:
    """What concerns the stores together: `one_copy` where nothing could mend the only one, `no_lock` where none keeps what is deleted."""
    said = ["one_copy"] if len(seen) < 2 else []
    return said if any(each.report.state.label == "compliance" for each in seen) else [*said, "no_lock"]


def _by_store(using: VaultPorts, tenant: TenantId, scrubs: Mapping[str, Event]) -> Mapping[str, Sequence[Happened]]:
    """The newest alarms, repairs and refusals of each store, newest first."""
    placed = [(position, event) for kind in _KINDS for position, event in placed_events(using, tenant, kind)]
    found: dict[str, list[Happened]] = defaultdict(list)
    mended: set[tuple[str, ...]] = set()
    for position, event in sorted(placed, key=lambda each: each[0], reverse=True):
        name, copy = str(event.body["store"]), tuple(str(event.body.get(key, "")) for key in ("store", *_OBJECT))
        if event.type is EventType.STORE_COPY_REPAIRED:
            mended.add(copy)
        is_alarm = event.type is EventType.STORE_COPY_ALARMED
        since = str(scrubs[name].body["since"]) if name in scrubs else ""
        is_open = is_alarm and copy not in mended and event.at >= since
        found[name].append(Happened(_KINDS[event.type], position, event.at, event.body, is_open))
    return found


def _next_steps(report: StoreReport, happened: Sequence[Happened], away: Sequence[KeptAway], stale: str) -> Iterator[str]:
    """What somebody has to do, the most urgent first; nothing where all is well."""
    state, reasons = report.state, {each.body["reason"] for each in happened if each.is_open}
    if state.scrub_lost or reasons - {"misplaced"}:
        yield "lost"
    if state.label == "pretends":
        yield "pretends"
    if state.problem:
        yield "stopped"
    if "misplaced" in reasons:
        yield "misplaced"
    if not state.label:
        yield "unprobed"
    if report.behind and not state.problem:
        yield "behind"
    if state.label and not report.behind and state.scrubbed_at < stale and not state.scrub_since:
        yield "unscrubbed"
    if away:
        yield "kept_away"
    if away and not report.store.place:
        yield "placeless"
