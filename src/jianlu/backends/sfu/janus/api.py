"""Janus's HTTP interface: one session, handles on its videoroom plugin, requests answered by events that a long poll brings.

Follows the Janus API of 1.x (`POST /janus/<session>/<handle>`, `GET /janus/<session>`). Nothing here knows what a room means to us.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import secrets
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError

Message = dict[str, Any]
EventTaken = Callable[[Message], None]

_PLUGIN = "janus.plugin.videoroom"
_POLL_S = 40
_CALL_S = 10.0
_ANSWER_BYTES_MAX = 1 << 20
_NOT_FOUND = frozenset({426, 428})
_TAKEN = frozenset({427, 436, 425})
_ROOM_EXISTS = 427


class JanusError(Exception):
    """What Janus refused, by its code; never leaves this package."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code


class JanusSession:
    """One session at the Janus whose HTTP interface is at `url`, such as http://127.0.0.1:8088/janus."""

    def __init__(self, url: str, secret: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidError("Janus is named by its HTTP address, such as http://127.0.0.1:8088/janus")
        self._parts, self._secret = parts, secret
        self._id = 0
        self._handles: dict[int, EventTaken] = {}
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._poll: asyncio.Task[None] | None = None
        self._open: set[http.client.HTTPConnection] = set()
        self.on_lost: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Create the session; UnavailableError when Janus is not there."""
        self._id = int((await self._post("", {"janus": "create"}))["data"]["id"])
        self._poll = asyncio.get_running_loop().create_task(self._poll_events())

    async def stop(self) -> None:
        """End it: Janus lets all its peers go."""
        if self._poll is not None:
            self._poll.cancel()
            with contextlib.suppress(UnavailableError, JanusError):
                await self._post(f"/{self._id}", {"janus": "destroy"})
        for connection in list(self._open):  # a long poll waits half a minute for an event that does not come
            if connection.sock is not None:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    async def version(self) -> str:
        """What Janus says it is."""
        found = await asyncio.to_thread(self._request, "GET", "/info", None, _CALL_S)
        return str(found.get("version_string", found.get("version", "")))

    async def attach(self, on_event: EventTaken) -> int:
        """A handle on the videoroom; `on_event` gets what belongs to no request."""
        handle = int((await self._post(f"/{self._id}", {"janus": "attach", "plugin": _PLUGIN}))["data"]["id"])
        self._handles[handle] = on_event
        return handle

    async def detach(self, handle: int) -> None:
        """Give a handle back; idempotent."""
        if self._handles.pop(handle, None) is not None:
            with contextlib.suppress(JanusError):
                await self._post(f"/{self._id}/{handle}", {"janus": "detach"})

    async def ask(self, handle: int, body: Message, jsep: Message | None = None) -> Message:
        """Send a request to the plugin; its event, with `plugindata` and perhaps `jsep`. JanusError when it refuses."""
        message: Message = {"janus": "message", "body": body, "transaction": secrets.token_hex(8)}
        if jsep is not None:
            message["jsep"] = jsep
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[message["transaction"]] = future
        try:
            answer = await self._post(f"/{self._id}/{handle}", message)
            if answer.get("janus") == "ack":
                async with asyncio.timeout(_CALL_S):
                    answer = await future
        except TimeoutError as error:
            raise UnavailableError("Janus took a request and did not answer it: look at its log") from error
        finally:
            self._waiting.pop(message["transaction"], None)
        _refuse(answer)
        return answer

    async def trickle(self, handle: int, candidates: list[Message]) -> None:
        """Pass on ICE candidates."""
        await self._post(f"/{self._id}/{handle}", {"janus": "trickle", "candidates": candidates})

    async def _post(self, path: str, message: Message) -> Message:
        sent = {"transaction": secrets.token_hex(8), **message}
        if self._secret:
            sent["apisecret"] = self._secret
        answer: Message = await asyncio.to_thread(self._request, "POST", path, sent, _CALL_S)
        if answer.get("janus") == "error":
            raise JanusError(int(answer["error"]["code"]), str(answer["error"]["reason"]))
        return answer

    async def _poll_events(self) -> None:
        suffix = f"&apisecret={self._secret}" if self._secret else ""
        while True:
            try:
                found = await asyncio.to_thread(self._request, "GET", f"/{self._id}?maxev=20{suffix}", None, _POLL_S)
            except UnavailableError:
                self.on_lost()
                return
            for event in found if isinstance(found, list) else [found]:
                self._dispatch(event)

    def _dispatch(self, event: Message) -> None:
        waiting = self._waiting.get(str(event.get("transaction", "")))
        if waiting is not None and event.get("janus") == "event":
            if not waiting.done():
                waiting.set_result(event)
            return
        on_event = self._handles.get(int(event.get("sender", 0)))
        if on_event is not None:
            on_event(event)

    def _request(self, method: str, path: str, message: Message | None, timeout_s: float) -> Any:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=timeout_s)
        self._open.add(connection)
        try:
            body = json.dumps(message).encode() if message is not None else None
            connection.request(method, self._parts.path.rstrip("/") + path, body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read(_ANSWER_BYTES_MAX))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnavailableError("Janus does not answer: see that it runs and that its HTTP address is right") from error
        finally:
            self._open.discard(connection)
            connection.close()


def plugin_answer(event: Message) -> Message:
    """What the plugin says in an event."""
    return dict(event.get("plugindata", {}).get("data", {}))


def as_ours(error: JanusError) -> Exception:
    """Janus's refusal as one of our errors."""
    if error.code in _NOT_FOUND:
        return NotFoundError("Janus does not know it: publish or subscribe anew")
    if error.code in _TAKEN:
        return ConflictError("another device is sending this feed: end it there, or wait until it is gone")
    return InvalidError(f"Janus refused the request ({error.code}): offer what the room allows")


def is_existing_room(error: JanusError) -> bool:
    """Whether Janus refused to create a room because it is there."""
    return error.code == _ROOM_EXISTS


def _refuse(answer: Message) -> None:
    if answer.get("janus") == "error":
        raise JanusError(int(answer["error"]["code"]), str(answer["error"]["reason"]))
    said = plugin_answer(answer)
    if "error_code" in said:
        raise JanusError(int(said["error_code"]), str(said.get("error", "")))
