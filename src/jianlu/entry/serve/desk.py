"""The desk's socket: recorders append to live cases of the web process, which owns the ledger.

Methods `events`, `append` and `seal_and_append`; what they do is the case log's (`vault/case_log.py`). A recorder may write
recording events only: steps, consents and verdicts are none of its business. A call that is made `again`, because its answer
was lost, is answered with the event that it wrote the first time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jianlu.core.errors import DeniedError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.runtime.rpc import Answer, RpcServer
from jianlu.vault.case_log import CaseLog
from jianlu.vault.desk import CaseDesk

EVENTS_AT_ONCE = 1_000
"""Events in one answer: half a megabyte of JSON; what follows is asked for by `start`."""

RECORDERS_EVENTS = frozenset(
    {
        EventType.RECORDING_STARTED,
        EventType.SEGMENT_SEALED,
        EventType.SEGMENT_MIRRORED,
        EventType.GAP_DECLARED,
        EventType.CLOCK_MEASURED,
        EventType.CLOCK_STEPPED,
        EventType.HEALTH_ALARMED,
        EventType.HEALTH_CLEARED,
        EventType.RECORDERS_RECONCILED,
        EventType.RECORDING_ENDED,
    }
)


def desk_server(path: Path, desk: CaseDesk, tenant: str) -> RpcServer:
    """A server of `desk` for the cases of `tenant`; start it in a running loop."""

    turns: dict[str, threading.Lock] = {}

    async def events(fields: dict[str, Any], _: bytes) -> Answer:
        wanted = set(fields["types"])
        log = await asyncio.to_thread(desk.log, tenant, fields["case"])
        known = log.events[int(fields.get("start", 0)) :]
        found = [event for event in known if not wanted or event.type.value in wanted]
        rows = [{"n": e.n, "type": e.type.value, "at": e.at, "body": dict(e.body)} for e in found[:EVENTS_AT_ONCE]]
        return {"events": rows, "has_more": len(found) > EVENTS_AT_ONCE}, b""

    def once(fields: dict[str, Any], write: Callable[[CaseLog, EventType, dict[str, Any]], Event]) -> int:
        """Calls of one case take turns, so that one made again waits for the first try, which may still be at work."""
        kind, body = _recorders(fields["type"]), {**fields["body"]}
        with turns.setdefault(fields["case"], threading.Lock()):
            log = desk.log(tenant, fields["case"])
            stands = _standing(log, kind, {**body, **_named(fields)}) if fields.get("again") else None
            return (stands or write(log, kind, body)).n

    async def append(fields: dict[str, Any], _: bytes) -> Answer:
        commits = fields.get("commits")
        return {"n": await asyncio.to_thread(once, fields, lambda log, kind, body: log.append(kind, body, commits=commits))}, b""

    async def seal_and_append(fields: dict[str, Any], blob: bytes) -> Answer:
        name, part, commits = fields["object"], str(fields.get("part", "")), fields.get("commits")

        def write(log: CaseLog, kind: EventType, body: dict[str, Any]) -> Event:
            return log.seal_and_append(kind, name, blob, body, part=part, commits=commits)

        return {"n": await asyncio.to_thread(once, fields, write)}, b""

    return RpcServer(path, {"events": events, "append": append, "seal_and_append": seal_and_append})


def _recorders(type: str) -> EventType:
    kind = EventType(type)
    if kind not in RECORDERS_EVENTS:
        raise DeniedError(f"a recorder does not write {kind.value}: run processes of one version")
    return kind


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """How the object that a call seals shows in the event's body."""
    if "object" not in fields:
        return {}
    return {str(fields["part"]): {"object": fields["object"]}} if fields.get("part") else {"object": fields["object"]}


def _standing(log: CaseLog, kind: EventType, body: Mapping[str, Any]) -> Event | None:
    """The event that says all of `body` already."""
    return next((event for event in reversed(log.events) if event.type is kind and _says(event.body, body)), None)


def _says(said: Any, asked: Any) -> bool:
    if isinstance(asked, Mapping):
        return isinstance(said, Mapping) and all(key in said and _says(said[key], value) for key, value in asked.items())
    return bool(said == asked)
