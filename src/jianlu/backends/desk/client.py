"""The desk of the web process as one case's log: `capture.recording.live.ports.LiveLog` over its socket.

Nothing is retried here: what was perhaps written is asked for again by the delivery, which says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jianlu.capture.recording.live.ports import LoggedEvent
from jianlu.core.terms.events import EventType
from jianlu.runtime.rpc import RpcClient

_TIMEOUT_S = 10.0


class DeskLog:
    """`LiveLog` of `case` at the desk behind `path`."""

    def __init__(self, path: Path, case: str) -> None:
        """Name the socket; it is connected when used."""
        self._client = RpcClient(path)
        self._case = case

    async def events(self, types: Sequence[EventType]) -> list[LoggedEvent]:
        """As the port."""
        found: list[LoggedEvent] = []
        has_more = True
        while has_more:
            start = found[-1].n + 1 if found else 0
            asked = {"case": self._case, "types": [each.value for each in types], "start": start}
            fields, _ = await self._client.call("events", asked, timeout_s=_TIMEOUT_S)
            found += [LoggedEvent(event["n"], EventType(event["type"]), event["body"]) for event in fields["events"]]
            has_more = fields["has_more"]
        return found

    async def append(
        self, type: EventType, body: Mapping[str, Any], *, commits: Mapping[str, str] | None = None, is_again: bool = False
    ) -> int:
        """As the port."""
        call = {"case": self._case, "type": type.value, "body": dict(body), "commits": dict(commits or {}), "again": is_again}
        return int((await self._client.call("append", call, timeout_s=_TIMEOUT_S))[0]["n"])

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
        """As the port."""
        call = {
            "case": self._case,
            "type": type.value,
            "object": object,
            "body": dict(body),
            "part": part,
            "commits": dict(commits or {}),
            "again": is_again,
        }
        return int((await self._client.call("seal_and_append", call, plaintext, timeout_s=_TIMEOUT_S))[0]["n"])

    async def close(self) -> None:
        """As the port."""
        await self._client.close()
