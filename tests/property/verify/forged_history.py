"""A forger who holds the ledger's key writes a new ledger for changed events: everything fits together, whatever the events say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jianlu.core.formats.event import FIRST_PREV, Event, make_event, parse_event
from jianlu.deliver.packages._history import history_entries
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.ports import Signer
from jianlu.vault.case_log import CaseLog
from tests.e2e.sabotage.forge import Entries


@dataclass(frozen=True)
class _Log:
    """As much of a case log as the history of a package is written from."""

    events: tuple[Event, ...]

    def position_of(self, n: int) -> int:
        return n


def events_in(entries: Entries) -> list[Event]:
    """The events of a package."""
    bundle, found, at = entries["ledger/events"], [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        found.append(parse_event(bundle[at + 2 : end]))
        at = end
    return found


def rechained(events: Sequence[Event], bodies: Sequence[Mapping[str, Any]]) -> tuple[Event, ...]:
    """The same events with other bodies, as one whole chain; raises InvalidError when a body cannot be an event's."""
    chain: list[Event] = []
    prev = FIRST_PREV
    for n, (event, body) in enumerate(zip(events, bodies, strict=True)):
        made = make_event(event.type, tenant=event.tenant, case=event.case, n=n, prev=prev, at=event.at, body=body)
        chain.append(made)
        prev = made.digest
    return tuple(chain)


def with_history(
    entries: Entries, events: tuple[Event, ...], folder: Path, signer: Signer, resealed: Sequence[Event] = ()
) -> Entries:
    """The entries with `events`, and what was `resealed`, in a ledger of their own, signed by `signer`, proofs and tiles and all."""
    create_ledger(folder, origin=signer.key.name, signer=signer)
    with open_ledger(folder, signer=signer, publish_every_ms=None) as ledger:
        for event in (*events, *resealed):
            ledger.append(event.content)
        ledger.publish()
    return entries_of(entries, events, folder, resealed)


def entries_of(entries: Entries, events: tuple[Event, ...], folder: Path, resealed: Sequence[Event] = ()) -> Entries:
    """The entries with `events`, the first ones of the ledger in `folder`, as their history; `resealed` are those that follow."""
    record = [(len(events) + n, event) for n, event in enumerate(resealed)]
    _, history = history_entries(cast("CaseLog", _Log(events)), folder, record)
    kept = {name: content for name, content in entries.items() if not name.startswith("ledger/")}
    return {**kept, **dict(history)}
