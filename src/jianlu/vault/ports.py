"""What the vault needs from outside: a blob store, a keeper of the root key, a ledger of entries, a clock, an index database.

The docstrings are the contracts; `tests/contract/vault` holds every implementation, and the fakes, to them. Nothing here
names an implementation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from sqlalchemy import Engine

from jianlu.core.terms.suites import Suite
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
        """Remove the blob, durable on return; nothing happens if it is absent.

        Bytes that a lock keeps (`Locks`) stay until it ends: the blob is gone for every other call, and `Locks.kept` lists it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ranged:
    """A range of a blob and what came with it: the blob's first bytes as the store noted them when it was put, and its whole length.

    `head` is empty where the store noted none. It is a note beside the blob, not the blob: whoever uses it checks that it fits.
    """

    content: bytes
    head: bytes
    whole: int


@runtime_checkable
class SizedHeads(Protocol):
    """What a blob store far away can do besides: say in one request what would otherwise take several."""

    @property
    def is_far(self) -> bool:
        """Whether a request takes so long that two at once save time."""
        ...

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """The first `length` bytes of the blob (fewer where it ends earlier) and its whole length; NotFoundError if absent."""
        ...

    def ranged(self, name: str, start: int, length: int) -> Ranged:
        """Bytes [start, start+length) as `Blobs.get`, with what else the store says of the blob; NotFoundError if absent.

        `whole` is 0, and there is no head, where the range begins behind the blob's end.
        """
        ...


@runtime_checkable
class UnreadPuts(Protocol):
    """What a blob store that reads back whatever it puts can do besides: leave that to a caller who reads it back himself."""

    def put_unread(self, name: str, parts: Iterable[Buffer]) -> bool:
        """As `Blobs.put`, not read back: whether the name was free. False changes nothing, whatever is there: the caller looks at it."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that a store still has under a name, `versions` times, hidden ones included; `until`: locked so long, None without a lock."""

    name: str
    versions: int
    until: datetime | None


class Locks(Protocol):
    """What a blob store that locks can do besides: nobody, not its administrator, deletes or changes a locked version by its interface.

    Compliance mode alone counts. A lock is as good as the store means it: a probe at registration finds out, and scrubbing goes on.
    """

    def lock(self, name: str, until: datetime, *, is_new: bool = False) -> datetime:
        """Lock the blob's present version at least until `until`, and return until when it is locked; longer locks stay as they are.

        `is_new`: the caller put it just now, so that no lock of ours can stand and none is asked for first. Read back before it returns.
        NotFoundError if the blob is absent, IntegrityError when the store takes the lock and does not keep it.
        """
        ...

    def locked_until(self, name: str) -> datetime | None:
        """Until when the blob's present version is locked, None when it is not; NotFoundError if absent."""
        ...

    def kept(self, prefix: str) -> Iterator[Kept]:
        """Every name with `prefix` of which the store has bytes, sorted, hidden ones included: for proofs of destruction."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """A place for sealed objects: the blob store, its name in the settings, its `address` without credentials.

    `where` names the room or city for people, `place` is the code of the jurisdiction (`CN-31`), each empty if not said. `locks` is None
    where the backend cannot lock; `promises_lock` says that the settings hold it to compliance mode.
    """

    name: str
    address: str
    blobs: Blobs
    locks: Locks | None = None
    promises_lock: bool = False
    where: str = ""
    place: str = ""


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


@runtime_checkable
class KeyVersions(Keys, Protocol):
    """A keeper whose root key has versions: wrapping is by the newest, for every process from `rotate` on."""

    def newest_version(self) -> int:
        """The version that wraps, counted from 1."""
        ...

    def oldest_version(self) -> int:
        """The oldest version that still unwraps."""
        ...

    def version_of(self, wrapped: bytes) -> int:
        """Under which version `wrapped` was made, by its own claim."""
        ...

    def rotate(self) -> int:
        """Make a new version and return it; the older ones still unwrap. The keeper's description stays the same."""
        ...

    def disable_before(self, version: int) -> None:
        """Older versions unwrap nothing any more, durable on return: `unwrap` raises IntegrityError for what they made."""
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

    def require_open(self) -> None:
        """Raise, as `append` would, when nothing can be appended any more: what was handed over last may be recorded all the same."""
        ...


@dataclass(frozen=True, slots=True)
class VaultPorts:
    """What the vault's use cases work with; made by `wiring`, once per process.

    `blobs` holds sealed objects, `key_blobs` wrapped keys, apart, so that deleting keys needs no write access to objects that are locked.
    `stores` are what `blobs` is made of, the first where objects are sealed; none where a test has no use for them.
    `suite` is what new objects and keys are sealed in; what is there already says its own.
    `index` is a migrated database (`runtime.database`); losing it loses no evidence.
    """

    blobs: Blobs
    key_blobs: Blobs
    keys: Keys
    ledger: EventLog
    clock: Clock
    index: Engine
    stores: tuple[Store, ...] = ()
    suite: Suite = Suite.INTERNATIONAL
