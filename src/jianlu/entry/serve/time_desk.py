"""The web process's side of the one that asks authorities and witnesses: what it declares becomes events of the time log.

One method, `declare`; what may be said is `vault/time_log.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.terms.events import EventType
from jianlu.runtime.rpc import Answer, BlockingRpcClient, RpcServer
from jianlu.vault.time_log import TimeLog

TIME_SOCKET = Path("run") / "time.sock"


def time_server(path: Path, log: TimeLog) -> RpcServer:
    """A server of `log`; start it in a running loop."""

    async def declare(fields: dict[str, Any], _: bytes) -> Answer:
        kind, body = str(fields.get("kind")), fields.get("body")
        if kind not in EventType._value2member_map_ or not isinstance(body, dict):
            raise InvalidError("a declaration names a kind of event and its body")
        await asyncio.to_thread(log.declare, EventType(kind), body)
        return {}, b""

    return RpcServer(path, {"declare": declare})


class TimeDesk:
    """`ledger.outbox.Declare` over the socket."""

    def __init__(self, path: Path) -> None:
        self._client = BlockingRpcClient(path)

    def __call__(self, kind: EventType, body: Mapping[str, Any]) -> None:
        """UnavailableError while the web process is away."""
        self._client.call("declare", {"kind": kind.value, "body": dict(body)})

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()
