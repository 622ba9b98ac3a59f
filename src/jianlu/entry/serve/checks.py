"""The web process's side of the checker: which talks are under way, and what was found of their steps.

Methods `watched`, `look` and `prompts`; what they do is `capture/sessions/checking.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jianlu.capture.sessions.checking import report_look, report_prompts, watched_sessions
from jianlu.capture.sessions.checks import Prompt, look_from
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.runtime.rpc import Answer, Method, RpcServer

CHECKS_SOCKET = Path("run") / "checks.sock"
METHODS = ("watched", "look", "prompts")


class CheckDesk:
    """What the checker may call, for the sessions of this process; `notify` is told of each case about which something was reported."""

    def __init__(self, sessions: SessionPorts, notify: Callable[[str], None] = lambda _: None) -> None:
        self._sessions = sessions
        self._notify = notify

    def call(self, method: str, fields: dict[str, Any]) -> Answer:
        """One call; raises what the use cases raise."""
        if method == "watched":
            return watched_sessions(busy_ms=int(fields["busy_ms"]), using=self._sessions), b""
        case = str(fields["case"])
        if method == "look":
            report_look(case, look_from(fields["look"]), using=self._sessions)
        else:
            prompts = [Prompt(str(code), str(track)) for code, track in fields["prompts"]]
            report_prompts(case, prompts, using=self._sessions)
        self._notify(case)
        return {}, b""


def checks_server(path: Path, desk: CheckDesk) -> RpcServer:
    """A server of `desk` for the checker; start it in a running loop."""

    def answering(method: str) -> Method:
        async def answer(fields: dict[str, Any], _: bytes) -> Answer:
            return await asyncio.to_thread(desk.call, method, fields)

        return answer

    return RpcServer(path, {method: answering(method) for method in METHODS})
