"""The desk's socket: recorders append to live cases of the web process, which owns the ledger.

Methods `events`, `append` and `seal_and_append`; what they do is the case log's (`vault/case_log.py`). A recorder may write
recording events only: steps, consents and verdicts are none of its business.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jianlu.core.errors import DeniedError
from jianlu.core.terms.events import EventType
from jianlu.runtime.rpc import Answer, RpcServer
from jianlu.vault.desk import CaseDesk

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

    async def events(fields: dict[str, Any], _: bytes) -> Answer:
        wanted = set(fields["types"])
        log = await asyncio.to_thread(desk.log, tenant, fields["case"])
        found = [event for event in log.events if not wanted or event.type.value in wanted]
        return {"events": [{"n": e.n, "type": e.type.value, "at": e.at, "body": dict(e.body)} for e in found]}, b""

    async def append(fields: dict[str, Any], _: bytes) -> Answer:
        kind = _recorders(fields["type"])
        log = await asyncio.to_thread(desk.log, tenant, fields["case"])
        event = await asyncio.to_thread(log.append, kind, fields["body"], commits=fields.get("commits"))
        return {"n": event.n}, b""

    async def seal_and_append(fields: dict[str, Any], blob: bytes) -> Answer:
        kind = _recorders(fields["type"])
        log = await asyncio.to_thread(desk.log, tenant, fields["case"])
        part = str(fields.get("part", ""))
        event = await asyncio.to_thread(
            lambda: log.seal_and_append(kind, fields["object"], blob, fields["body"], part=part, commits=fields.get("commits"))
        )
        return {"n": event.n}, b""

    return RpcServer(path, {"events": events, "append": append, "seal_and_append": seal_and_append})


def _recorders(type: str) -> EventType:
    kind = EventType(type)
    if kind not in RECORDERS_EVENTS:
        raise DeniedError(f"a recorder does not write {kind.value}: run processes of one version")
    return kind
