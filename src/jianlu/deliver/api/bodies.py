"""How long a request's body may be, and how many long ones at once: what comes is held in memory until it is sealed.

Long is only a deposited document, and only of a caller who may deposit it; that is known before the first byte of it is read.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from functools import partial

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jianlu.capture.sessions.signed_pdf import PDF_BYTES_MAX
from jianlu.core.errors import UnavailableError
from jianlu.deliver.api.problems import RETRY_AFTER_S, problem

BODY_BYTES_MAX = 1 << 20
"""Requests are JSON and SDP; an offer with simulcast and twenty candidates is below 40 KiB."""

LONG_BYTES_MAX = 6 * PDF_BYTES_MAX
"""Of all long bodies together, by what they announce: the largest six, or some forty contracts of the usual size."""

LONG_OF_A_CALLER = 2
"""One that hangs, and the same again."""

LONG_BODY_S = 300
"""The longest document comes in so long at half a megabit a second; who is slower holds what others wait for."""

_DEPOSIT = re.compile(r"/api/v1/cases/([a-z0-9]+)/deposits/[a-z0-9_]+")


def deposit_case(scope: Scope) -> str:
    """The case into which the request deposits a document; empty for any other request."""
    found = _DEPOSIT.fullmatch(scope["path"]) if scope["method"] == "POST" else None
    return found.group(1) if found else ""


def bytes_max(scope: Scope) -> int:
    """The longest body that anybody may send there."""
    return PDF_BYTES_MAX if deposit_case(scope) else BODY_BYTES_MAX


def announced_bytes(scope: Scope) -> int | None:
    """How long the body is said to be; None where it comes without saying so, -1 for what is no length."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return None
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else -1


def too_long(most: int, instance: str) -> Response:
    """The answer to a body of more than `most` bytes."""
    return problem(413, f"a request has at most {most} bytes here: send less at once", instance=instance)


class LongBodies:
    """Room for long bodies: so many bytes in all, so many bodies of one caller. For one event loop."""

    def __init__(self) -> None:
        self._bytes = 0
        self._callers: Counter[str] = Counter()

    def take(self, caller: str, size: int) -> Callable[[], None]:
        """Take room for a body of `size` bytes; what is returned gives it back. UnavailableError where there is none."""
        if self._bytes + size > LONG_BYTES_MAX or self._callers[caller] >= LONG_OF_A_CALLER:
            raise UnavailableError("too many documents are on their way: send this one again in a few seconds")
        self._bytes += size
        self._callers[caller] += 1
        return partial(self._give_back, caller, size)

    def _give_back(self, caller: str, size: int) -> None:
        self._bytes -= size
        self._callers[caller] -= 1
        if not self._callers[caller]:
            del self._callers[caller]


class Bounded:
    """One request whose body is counted as it comes: a length that was not announced does not get past the bound, nor one that lasts."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most: int, *, within_s: float | None = None) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._most, self._within_s = most, within_s
        self._seen, self._is_refused, self._is_whole = 0, False, False
        self._until: float | None = None

    async def carry_out(self, app: ASGIApp) -> None:
        """Let `app` answer the request."""
        if self._within_s is not None:
            self._until = asyncio.get_running_loop().time() + self._within_s
        await app(self._scope, self._bounded, self._unless_refused)

    async def _bounded(self) -> Message:
        try:
            async with asyncio.timeout_at(None if self._is_whole else self._until):
                message = await self._receive()
        except TimeoutError:
            return await self._refuse(_too_slow(self._scope["path"]))
        self._seen += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._seen <= self._most:
            return message
        return await self._refuse(too_long(self._most, self._scope["path"]))

    async def _refuse(self, answer: Response) -> Message:
        if not self._is_refused:
            self._is_refused = True
            await answer(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}

    async def _unless_refused(self, message: Message) -> None:
        if not self._is_refused:
            await self._send(message)


def _too_slow(instance: str) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return problem(503, "the document came too slowly: send it again on a better line", instance=instance, headers=headers)
