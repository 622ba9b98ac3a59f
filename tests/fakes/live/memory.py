"""Live ports in memory: a log that can be away, a spool and states that can be full, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from jianlu.capture.recording.live.ports import LoggedEvent
from jianlu.core.errors import UnavailableError
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.terms.digests import commitment_to, digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id

CASE = case_ref("c" + "a2" * 13)
TENANT = tenant_id("bank-a")
_SALT = bytes(32)


class MemoryLiveLog:
    """Satisfies `live.ports.LiveLog`; `trouble` is raised by every call, `loses_answers` lets calls succeed and fail at once."""

    def __init__(self) -> None:
        self.recorded: list[Event] = []
        self.objects: dict[str, bytes] = {}
        self.is_away = False
        self.loses_answers = 0

    async def events(self, types: Sequence[EventType]) -> list[LoggedEvent]:
        self._answer()
        return [LoggedEvent(event.n, event.type, event.body) for event in self.recorded if event.type in types]

    async def append(
        self, type: EventType, body: Mapping[str, Any], *, commits: Mapping[str, str] | None = None, is_again: bool = False
    ) -> int:
        self._answer()
        stands = self._standing(type, body) if is_again else None
        n = self._append(type, {**body, **_committed(commits)}) if stands is None else stands
        self._lose()
        return n

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
        self._answer()
        digest = digest_of(plaintext)
        sealed = {
            "object": object,
            "version": 1,
            "sealed": digest,
            "bytes": len(plaintext),
            "plain_bytes": len(plaintext),
            "commit": commitment_to(digest, _SALT),
        }
        whole = {**body, part: sealed} if part else {**body, **sealed}
        stands = self._standing(type, whole) if is_again else None
        if stands is None:
            assert object not in self.objects, f"{object} is sealed twice"
            stands = self._append(type, {**whole, **_committed(commits)})
            self.objects[object] = bytes(plaintext)
        self._lose()
        return stands

    async def close(self) -> None:
        pass

    def bodies(self, type: EventType) -> list[Mapping[str, Any]]:
        """The bodies of the events of a kind."""
        return [event.body for event in self.recorded if event.type is type]

    def playable(self, prefix: str = "") -> bytes:
        """Init and segments in order: the MP4 that a package delivers."""
        names = sorted(name for name in self.objects if name.startswith(f"{prefix}seg-"))
        return b"".join((self.objects[f"{prefix}init"], *(self.objects[name] for name in names)))

    def _append(self, type: EventType, body: Mapping[str, Any]) -> int:
        prev = self.recorded[-1].digest if self.recorded else FIRST_PREV
        n = len(self.recorded)
        made = make_event(type, tenant=TENANT, case=CASE, n=n, prev=prev, at="2026-11-22T09:30:00.000Z", body=body)
        self.recorded.append(made)
        return n

    def _standing(self, type: EventType, body: Mapping[str, Any]) -> int | None:
        return next(
            (e.n for e in self.recorded if e.type is type and all(e.body.get(key) == value for key, value in body.items())), None
        )

    def _answer(self) -> None:
        if self.is_away:
            raise UnavailableError("the desk does not answer")

    def _lose(self) -> None:
        if self.loses_answers:
            self.loses_answers -= 1
            raise UnavailableError("the desk's answer was lost")


def _committed(commits: Mapping[str, str] | None) -> dict[str, str]:
    return {field: commitment_to(digest, _SALT) for field, digest in (commits or {}).items()}


class MemorySpool:
    """Satisfies `live.ports.Spool`."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.is_full = False
        self.kept = 0

    def append(self, content: bytes) -> None:
        if self.is_full:
            raise UnavailableError("the recorder's disk refused")
        self.entries.append(content)
        self.kept += 1

    def first(self) -> bytes | None:
        return self.entries[0] if self.entries else None

    def drop_first(self) -> None:
        self.entries.pop(0)

    @property
    def count(self) -> int:
        return len(self.entries)


class MemoryStates:
    """Satisfies `live.ports.StateStore`."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.is_full = False
        self.free = 1 << 40

    def save(self, case: str, text: str) -> None:
        if self.is_full:
            raise UnavailableError("the recorder's disk refused")
        self.texts[case] = text

    def load_all(self) -> dict[str, str]:
        return dict(self.texts)

    def remove(self, case: str) -> None:
        self.texts.pop(case, None)

    def free_bytes(self) -> int:
        return self.free


class ToldClock:
    """Satisfies `live.ports.MachineClock`: time passes when it is told to, and while somebody sleeps."""

    def __init__(self, while_sleeping: Callable[[int], Awaitable[None]]) -> None:
        self.now_us = 1_000_000_000
        self.wall_ahead_ms = 1_790_000_000_000
        self.boots = "one"
        self._while_sleeping = while_sleeping

    def monotonic_us(self) -> int:
        return self.now_us

    def wall_ms(self) -> int:
        return self.now_us // 1000 + self.wall_ahead_ms

    async def sleep(self, seconds: float) -> None:
        await self._while_sleeping(int(seconds * 1000))

    def boot(self) -> str:
        return self.boots
