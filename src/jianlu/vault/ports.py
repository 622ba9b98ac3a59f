"""What the vault needs from outside: a blob store, a keeper of the root key, a ledger of entries, a clock, an index database.

The docstrings are the contracts; `tests/contract/vault` holds every implementation, and the fakes, to them. Nothing here
names an implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine

from jianlu.runtime.clock import Clock

Buffer = bytes | bytearray | memoryview


class Blobs(Protocol):
    """Named immutable byte strings. Safe for many threads and processes at once.

    A name is 1 to 8 parts joined by `/`, each 1 to 100 characters of a-z 0-9 . _ - that begins with a letter or digit and has no `..`;
    any other raises InvalidError. An implementation may let `OSError` out: the vault's checked wrapper turns it into ours.
    """

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        """Store the concatenation of `parts` under `name`; durable (content and name) on return, invisible before.

        Exclusive: when `name` holds the same bytes nothing changes, when it holds others ConflictError is raised. Each part is consumed
        before the next is asked for, so the caller may reuse its buffer. When `parts` raises, nothing is kept.
        """
        ...

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes [start, start+length) of the blob, to its end without `length`; fewer where the blob ends earlier.

        NotFoundError if the blob is absent.
        """
        ...

    def size(self, name: str) -> int:
        """Length in bytes; NotFoundError if absent."""
        ...

    def exists(self, name: str) -> bool:
        """Whether the blob is there, whole."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Names that begin with `prefix`, sorted; a blob that is put meanwhile may or may not be among them."""
        ...

    def delete(self, name: str) -> None:
        """Remove the blob, durable on return; nothing happens if it is absent."""
        ...


@dataclass(frozen=True, slots=True)
class KeysDescription:
    """Which keeper holds the root key: its name, version and the public id of the key; all enter wrapped-key records."""

    name: str
    version: str
    key_id: str


class Keys(Protocol):
    """Keeper of the root key, which never leaves it. Safe for many threads at once."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` (1 to 64 bytes) encrypted and bound to `context`; a fresh result on each call. UnavailableError when the keeper is down."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key that `wrap` was given; IntegrityError when `wrapped` or `context` differ in any bit or another root key wrapped it."""
        ...

    def describe(self) -> KeysDescription:
        """Name and version of the keeper and the public id of its root key; no secret."""
        ...


class EventLog(Protocol):
    """An append-only list of entries (the ledger), numbered from 0. Safe for many threads at once."""

    def append(self, entry: bytes) -> int:
        """The position of `entry`, which is durable on return; UnavailableError or IntegrityError when it may not be."""
        ...

    def read(self, start: int, count: int) -> Sequence[bytes]:
        """Entries [start, start+count), fewer at the end: every acknowledged one, whether published in tiles yet or not."""
        ...

    @property
    def size(self) -> int:
        """How many entries are acknowledged."""
        ...


@dataclass(frozen=True, slots=True)
class VaultPorts:
    """What the vault's use cases work with; made by `wiring`, once per process.

    `blobs` holds sealed objects, `key_blobs` wrapped keys, apart, so that deleting keys needs no write access to objects that are locked.
    `index` is a migrated database (`runtime.database`); losing it loses no evidence.
    """

    blobs: Blobs
    key_blobs: Blobs
    keys: Keys
    ledger: EventLog
    clock: Clock
    index: Engine
