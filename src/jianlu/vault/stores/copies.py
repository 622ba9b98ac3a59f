"""Stores: the places in which the vault keeps sealed objects, the first of them where they are sealed, the others with copies.

A store is a blob store with a name, what it promises by the settings, and what the probe found of it. Wrapped keys are in none of them. How
a copy is made and looked at is `copying.py`, when `walk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.vault._checked import CheckedBlobs, checked
from jianlu.vault.ports import Blobs, Buffer, Kept, Ranged, Store, VaultPorts

_T = TypeVar("_T")

Label = Literal["compliance", "none", "pretends", "unfit"]

HELD = "held"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a probe and its outcome: `held`, `failed`, or how the store refused; `is_lock` where it is about locks."""

    code: str
    outcome: str
    is_lock: bool

    @property
    def is_held(self) -> bool:
        """Whether the store did what it must."""
        return self.outcome == HELD


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found, step by step."""

    steps: tuple[Step, ...]

    @property
    def label(self) -> Label:
        """What they amount to.

        `compliance`: every lock step held. `none`: it does not claim to lock. `pretends`: it claims to, and a step failed. `unfit`: it
        does not even do what a store without locks must.
        """
        if not all(step.is_held for step in self.steps if not step.is_lock):
            return "unfit"
        locking = [step for step in self.steps if step.is_lock]
        if locking and all(step.is_held for step in locking):
            return "compliance"
        claims = any(step.is_held for step in locking if step.code in CLAIMS)
        return "pretends" if claims else "none"

    @property
    def failed(self) -> tuple[str, ...]:
        """The codes of the steps that did not hold."""
        return tuple(step.code for step in self.steps if not step.is_held)


CLAIMS = ("lock-is-configured", "put-with-lock")
"""Steps by which a store says that it locks: what then fails was pretended."""


def require_fit(store: Store, probed: Probed) -> None:
    """ConflictError, naming what failed, when the store cannot be used as the settings say."""
    label, failed = probed.label, ", ".join(probed.failed[:6])
    if label == "unfit":
        raise ConflictError(f"the store {store.name} does not do what a store must ({failed}): take it out of the settings")
    if store.promises_lock and label != "compliance":
        raise ConflictError(
            f'the store {store.name} is to lock and does not ({label}: {failed}): mend it, or write lock = "none" and rely on copies'
        )


class Copies:
    """`Blobs` over several stores: sealed into the first, read from whichever has it, removed from all. Safe as its stores are.

    Reading falls back to a copy when the first store has no such blob or does not answer; what was altered is met by whoever decrypts or
    hashes it, and mended by `scrub`. The others get their copies by `walk.py`, which alone may count them.
    """

    def __init__(self, stores: Sequence[Store]) -> None:
        self._first = checked(stores[0].blobs)
        self._others = [checked(store.blobs) for store in stores[1:]]

    @property
    def is_far(self) -> bool:
        """As the first store is."""
        return self._first.is_far

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        """As the port, into the first store."""
        self._first.put(name, parts)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """As the port, from the first store that has it."""
        return self._read(lambda blobs: blobs.get(name, start, length))

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """As `SizedHeads`, from the first store that has it."""
        return self._read(lambda blobs: blobs.head(name, length))

    def ranged(self, name: str, start: int, length: int) -> Ranged:
        """As `SizedHeads`, from the first store that has it."""
        return self._read(lambda blobs: blobs.ranged(name, start, length))

    def size(self, name: str) -> int:
        """As the port, by the first store that has it."""
        return self._read(lambda blobs: blobs.size(name))

    def _read(self, read: Callable[[CheckedBlobs], _T]) -> _T:
        """What the first store that has it reads; when none has it, what the first one said."""
        try:
            return read(self._first)
        except (NotFoundError, UnavailableError):
            for other in self._others:
                try:
                    return read(other)
                except (NotFoundError, UnavailableError):
                    continue
            raise

    def exists(self, name: str) -> bool:
        """Whether the first store has it: where a name is free is decided where objects are sealed."""
        return self._first.exists(name)

    def names(self, prefix: str = "") -> Iterator[str]:
        """As the port, of every store: what is to be destroyed is on none afterwards. UnavailableError when one does not answer."""
        yield from sorted({name for each in (self._first, *self._others) for name in each.names(prefix)})

    def names_that_answer(self, prefix: str) -> set[str]:
        """Names with `prefix` of every store that answers; UnavailableError when none does."""
        found: set[str] = set()
        silent: list[UnavailableError] = []
        for each in (self._first, *self._others):
            try:
                found.update(each.names(prefix))
            except UnavailableError as error:
                silent.append(error)
        if len(silent) > len(self._others):
            raise silent[0]
        return found

    def delete(self, name: str) -> None:
        """As the port, from every store; UnavailableError when one does not answer: it is tried again."""
        for each in (*self._others, self._first):  # the first last: while it has the blob, whoever lists it asks again
            each.delete(name)


def names_somewhere(blobs: Blobs, prefix: str) -> set[str]:
    """Names with `prefix` that can be read from somewhere now: a copy that is away for an hour makes no object missing."""
    return blobs.names_that_answer(prefix) if isinstance(blobs, Copies) else set(checked(blobs).names(prefix))


@dataclass(frozen=True, slots=True)
class Remains:
    """What a store still has of a prefix: bytes under a name, so many versions, locked so long (None: not)."""

    store: str
    kept: Kept


def remains_of(using: VaultPorts, prefix: str) -> list[Remains]:
    """Everything that any store still has of names with `prefix`, versions that are hidden behind a delete marker included.

    For the proof of a destruction: empty means that no store returns a byte of it. UnavailableError when a store does not answer, because
    then nothing is proved. What is locked stays until its lock ends and is worthless without its key.
    """
    found: list[Remains] = []
    for store in using.stores or (Store("vault", "", using.blobs),):
        if store.locks is not None:
            found += [Remains(store.name, kept) for kept in store.locks.kept(prefix)]
        else:
            found += [Remains(store.name, Kept(name, 1, None)) for name in checked(store.blobs).names(prefix)]
    return found
