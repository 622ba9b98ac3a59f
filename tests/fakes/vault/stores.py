"""A vault with several stores: in memory, with locks that a dictionary keeps, or over what a test brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.vault.index import parse_entry
from jianlu.vault.ports import Blobs, Kept, Locks, Store, VaultPorts
from jianlu.vault.stores.copies import Copies
from jianlu.vault.stores.scrub import Scrubber
from tests.fakes.vault.home import TENANT
from tests.fakes.vault.memory import MemoryBlobs

DAYS = 30


class LockingBlobs(MemoryBlobs):
    """Blobs in memory with locks: what is locked is hidden by `delete`, and kept."""

    def __init__(self) -> None:
        super().__init__()
        self.untils: dict[str, datetime] = {}
        self.hidden: dict[str, bytes] = {}
        self.is_away = False

    def delete(self, name: str) -> None:
        if name in self.untils and name in self.contents:
            self.hidden[name] = self.contents[name]
        super().delete(name)

    def _found(self, name: str) -> bytes:
        if self.is_away:
            raise UnavailableError("the store is away")
        return super()._found(name)

    def lock(self, name: str, until: datetime, *, is_new: bool = False) -> datetime:
        self._found(name)
        self.untils[name] = max(until, self.untils.get(name, until))
        return self.untils[name]

    def locked_until(self, name: str) -> datetime | None:
        self._found(name)
        return self.untils.get(name)

    def kept(self, prefix: str) -> Iterator[Kept]:
        for name in sorted({*self.contents, *self.hidden}):
            if name.startswith(prefix):
                yield Kept(name, (name in self.contents) + (name in self.hidden), self.untils.get(name))


def store_of(name: str, blobs: Blobs, locks: Locks | None = None) -> Store:
    """A store that locks where `locks` are given."""
    return Store(name, f"memory:{name}", blobs, locks, promises_lock=locks is not None)


def with_stores(using: VaultPorts, *stores: Store) -> VaultPorts:
    """The vault over these stores."""
    return replace(using, blobs=Copies(stores), stores=stores)


def scrubber(using: VaultPorts, *, days: int = DAYS, bytes_s: int = 1 << 40) -> Scrubber:
    """The walks over its stores, none of which is probed."""
    return Scrubber(using, tenant_id(TENANT), lambda _: None, days=days, bytes_s=bytes_s)


def settle(scrub: Scrubber, turns: int = 200) -> int:
    """Turn until nothing is left to do; returns how often."""
    for turn in range(turns):
        if scrub.turn() is None:
            return turn
    raise AssertionError("the scrub never came to rest")


def said(using: VaultPorts, kind: EventType) -> list[Event]:
    """Every event of a kind in the ledger."""
    events = (parse_entry(entry, at) for at, entry in enumerate(using.ledger.read(0, using.ledger.size)))
    return [event for event in events if event.type is kind]
