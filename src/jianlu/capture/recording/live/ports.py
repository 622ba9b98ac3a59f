"""What the live recorder needs from outside: a tap to read, a log to write, a place for what cannot be delivered, keys, and time.

Implementations: `backends/taps`, `backends/desk`, `backends/spools`; fakes in `tests/fakes/live`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jianlu.capture.recording.live.tap_frames import TapFrame
from jianlu.core.terms.events import EventType


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the case as its log has it."""

    n: int
    type: EventType
    body: Mapping[str, Any]


class LiveLog(Protocol):
    """One case's log, kept by another process. Every method raises UnavailableError when that process, or what it needs, is away."""

    async def events(self, types: Sequence[EventType]) -> list[LoggedEvent]:
        """The case's events of these kinds, in order."""

    async def append(
        self, type: EventType, body: Mapping[str, Any], *, commits: Mapping[str, str] | None = None, is_again: bool = False
    ) -> int:
        """Record an event and return its number; durable on return. `commits` adds commitments to digests.

        With `is_again` an equal event that stands already is the answer, so that a call whose answer was lost can be repeated.
        """

    async def seal_and_append(
        self,
        type: EventType,
        object: str,
        plaintext: bytes,
        body: Mapping[str, Any],
        *,
        part: str = "",
        commits: Mapping[str, str] | None = None,
        is_again: bool = False,
    ) -> int:
        """Seal `plaintext` as `object`, then as `append`; both durable on return."""

    async def close(self) -> None:
        """Let the connection go."""


class TapStream(Protocol):
    """An open tap of one room."""

    async def read(self) -> list[TapFrame]:
        """The next frames, at least one; an empty list when the tap has ended. InvalidError when it speaks another language."""

    def ask_key_frame(self, feed: str) -> None:
        """Ask the publisher of `feed` for a key frame; lost silently when the tap has ended."""

    async def close(self) -> None:
        """Let the tap go."""


class Tap(Protocol):
    """Where media comes from."""

    async def open(self, room: str) -> TapStream:
        """The tap of `room`; UnavailableError when the process that holds the room is away."""


class Spool(Protocol):
    """Entries of one case that could not be delivered, in order, encrypted at rest. Used from one thread.

    Every method raises UnavailableError when the disk refuses.
    """

    def append(self, content: bytes) -> None:
        """Keep `content` behind all others; durable on return."""

    def first(self) -> bytes | None:
        """The oldest content; None when there is none. IntegrityError when it was altered."""

    def drop_first(self) -> None:
        """Forget the oldest; with the last one the key goes too."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...


class StateStore(Protocol):
    """One small text by case that survives the process: what a recorder must know to resume. UnavailableError when the disk refuses."""

    def save(self, case: str, text: str) -> None:
        """Keep `text` for `case`; it is the old or the new one after any crash."""

    def load_all(self) -> dict[str, str]:
        """Everything kept, by case."""

    def remove(self, case: str) -> None:
        """Forget it; idempotent."""

    def free_bytes(self) -> int:
        """What the disk has left."""


class MachineClock(Protocol):
    """The machine's clocks."""

    def monotonic_us(self) -> int:
        """Microseconds of CLOCK_MONOTONIC, as taps use it."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, as the machine believes."""

    async def sleep(self, seconds: float) -> None:
        """Let others work for so long."""

    def boot(self) -> str:
        """Which run of the machine this is: the monotonic clock starts anew with it."""
