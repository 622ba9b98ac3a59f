"""Replacing what is wrapped under the root key when that changes: each record opened once, wrapped anew, proved, put in its place.

Whoever keeps such records lists them as `WrappedRecord`; nothing below the root is touched. A run that was cut off is simply run again:
a record that is done already is left as it is, and between two records every state is a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from jianlu.core.errors import IntegrityError


class Wrapper(Protocol):
    """A keeper, as far as it is needed here; `vault.ports.Keys` is one."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` encrypted and bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key that `wrap` was given; IntegrityError when anything differs."""
        ...


@dataclass(frozen=True, slots=True)
class WrappedRecord:
    """One thing that lies somewhere wrapped under the root key.

    `kind` says what it is, for people. `replace` puts another wrapping in its place, durable and whole or not at all, and does nothing in a
    row that is no longer what was read. `next_context` is what the new wrapping is bound to, where that is not `context`. `is_held`: a
    process at work has it in memory too and may write it back, so it is never replaced while processes run.
    """

    kind: str
    wrapped: bytes
    context: bytes
    replace: Callable[[bytes], None]
    next_context: bytes | None = None
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many records were wrapped anew, by kind, and how many are still as they were because somebody is at work with them."""

    done: dict[str, int]
    held: dict[str, int]


def rewrap(
    records: Iterable[WrappedRecord],
    old: Wrapper,
    new: Wrapper,
    is_done: Callable[[WrappedRecord], bool],
    *,
    is_quiet: bool,
) -> Rewrapped:
    """Wrap every record anew that is not done; those that are held only when it `is_quiet`: no other process is at work.

    A new wrapping is opened before it takes the old one's place. IntegrityError when a record does not open, and nothing of it is changed.
    """
    found = Rewrapped({}, {})
    for record in records:
        if is_done(record):
            continue
        if record.is_held and not is_quiet:
            found.held[record.kind] = found.held.get(record.kind, 0) + 1
            continue
        context = record.context if record.next_context is None else record.next_context
        key = old.unwrap(record.wrapped, record.context)
        fresh = new.wrap(key, context)
        if new.unwrap(fresh, context) != key:
            raise IntegrityError("a keeper does not give back what it was given: have it looked at; nothing was replaced")
        record.replace(fresh)
        found.done[record.kind] = found.done.get(record.kind, 0) + 1
    return found
