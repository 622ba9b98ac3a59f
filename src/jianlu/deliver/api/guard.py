"""What every request passes before a route sees it: bounds on size and rate, the check against forged cross-site calls, headers.

Plain ASGI, so that streams pass untouched. The order is in `app.py`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jianlu.capture.sessions.depositing import require_depositor
from jianlu.core.errors import JianluError, UnavailableError
from jianlu.deliver.api.bearer import bearer_key
from jianlu.deliver.api.bodies import (
    BODY_BYTES_MAX,
    LONG_BODY_S,
    Bounded,
    LongBodies,
    announced_bytes,
    bytes_max,
    deposit_case,
    too_long,
)
from jianlu.deliver.api.cookies import AS_HEADER
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.methods import methods_taken
from jianlu.deliver.api.problems import problem, problem_of, route_of
from jianlu.govern.identity.model import SignInNeededError, Staff
from jianlu.runtime.logging import logger
from jianlu.runtime.pace import Pace

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-jianlu"
BEARER_PATHS = ("/whip/", "/whep/", "/scim/")
"""Authenticated by a token in a header, never by a cookie: other sites cannot forge these calls."""

RATE_PER_S, BURST = 50.0, 300.0
"""Of one address, everything: a branch behind one address plays back and records without noticing."""

TRIES_PER_S, TRIES_BURST = 0.5, 30.0
"""Of one address, for signing in, joining and one's own copy: thirty people arrive at once, a guesser gets thirty a minute.

Counted over all processes of a home and over restarts (`runtime/pace.py`)."""

TRY_PATHS = frozenset(
    {
        *("/api/v1/copy", "/api/v1/queue"),
        *("/api/v1/sign-in", "/api/v1/sign-in/passkey", "/api/v1/sign-in/passkey/options", "/api/v1/sign-in/organisation"),
        *("/api/v1/sign-in/organisation/begin", "/api/v1/join", "/api/v1/me/step-up", "/api/v1/me/totp/confirm"),
        *("/api/v1/enrol", "/api/v1/enrol/look", "/api/v1/enrol/options"),
    }
)
_ADDRESSES_MAX = 10_000
PACE_FILE = "run/pace"
_CAPACITY = re.compile(r"staff|seat(:[a-z]+)?")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), geolocation=(), payment=(), usb=()",
}
_HSTS = "max-age=31536000; includeSubDomains"

Next = Callable[[Scope, Receive, Send], Awaitable[None]]


class SecurityHeaders:
    """Adds the headers of every answer; nothing is kept by browsers unless its route says so. HSTS only under a real name: it would bind
    all of localhost."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        host = urlsplit(public_url).hostname or ""
        is_named = "." in host and not host.replace(".", "").isdigit() and ":" not in host
        self._headers = {**HEADERS, **({"strict-transport-security": _HSTS} if is_named else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class AccessLog:
    """One line a request: route, method, status, milliseconds. No path, no query, no address: they could say who spoke with whom."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = logger("web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic_ns(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            ms = (time.monotonic_ns() - started) // 1_000_000
            note = self._log.warning if status in (401, 403, 409, 429) or status >= 500 else self._log.info
            note("request", route=route_of(Request(scope)), method=scope["method"], status=status, ms=ms)


class Guard:
    """Refuses what no route should see: draining, floods, forged calls, overlong bodies."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps
        self._all = Buckets(RATE_PER_S, BURST)
        self._pace = Pace(deps.home / PACE_FILE)
        self._long = LongBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await problem(refusal[0], refusal[1], kind=refusal[3], instance=scope["path"], headers=refusal[2])(
                scope, receive, send
            )
            return
        announced = announced_bytes(scope)
        if announced is not None and not 0 <= announced <= bytes_max(scope):
            await too_long(bytes_max(scope), scope["path"])(scope, receive, send)
        elif deposit_case(scope) and (announced is None or announced > BODY_BYTES_MAX):
            await self._carry_out_long(scope, receive, send, announced)
        else:
            await Bounded(scope, receive, send, BODY_BYTES_MAX).carry_out(self._app)

    async def _carry_out_long(self, scope: Scope, receive: Receive, send: Send, announced: int | None) -> None:
        """A document of somebody who may deposit it; of all others a body that does not say its length is a short one."""
        size = bytes_max(scope) if announced is None else announced
        try:
            caller = await asyncio.to_thread(self._depositor, scope)
        except JianluError as error:
            if announced is None:
                await Bounded(scope, receive, send, BODY_BYTES_MAX).carry_out(self._app)
            else:
                await problem_of(error, self._deps.status_of(error), scope["path"])(scope, receive, send)
            return
        try:
            give_back = self._long.take(caller, size)
        except UnavailableError as error:
            await problem_of(error, self._deps.status_of(error), scope["path"])(scope, receive, send)
            return
        try:
            await Bounded(scope, receive, send, size, within_s=LONG_BODY_S).carry_out(self._app)
        finally:
            give_back()

    def _depositor(self, scope: Scope) -> str:
        """Who deposits, by a name that is theirs alone; our errors for whoever may not."""
        caller = self._deps.look_up(Request(scope))
        if caller is None:
            raise SignInNeededError("you are not signed in, or no longer: sign in, or open your invitation again")
        require_depositor(deposit_case(scope), using=self._deps.sessions, by=caller)
        return f"staff:{caller.account.id}" if isinstance(caller, Staff) else f"seat:{caller.admission}"

    def _refusal(self, scope: Scope) -> tuple[int, str, dict[str, str], str] | None:
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        address = (scope.get("client") or ("", 0))[0]
        now_ms = self._deps.clock.monotonic_ms()
        is_try = path in TRY_PATHS and method == "POST"
        wait_s = max(self._all.take(address, now_ms), self._try(address, now_ms) if is_try else 0)
        if wait_s > 0:
            detail = "too many requests from this address: wait as long as Retry-After says"
            return 429, detail, {"Retry-After": str(wait_s)}, "too-many-requests"
        if self._deps.is_draining.is_set() and method not in SAFE_METHODS and not _ends_something(method, path):
            return 503, "the service is about to stop: try again in a few seconds", {"Retry-After": "5"}, "unavailable"
        if (
            "content-length" in headers and "transfer-encoding" in headers
        ):  # a proxy in front may end it elsewhere (RFC 9112, 6.1)
            return 400, "a request has a length or is sent in chunks, never both", {"Connection": "close"}, "invalid"
        if _says_twice(scope):  # whoever looks in between may take the first, we the last
            return 422, "a parameter stands twice in the address: say each once", {}, "invalid"
        if _may_be_forged(scope, headers, self._deps.public_url):
            return 403, f"this call may come from another site: send the header {CSRF_HEADER}: 1", {}, "own-call-needed"
        if not _CAPACITY.fullmatch(headers.get(AS_HEADER, "staff")):
            return 422, f"the header {AS_HEADER} is staff, seat, or seat: and which one", {}, "invalid"
        return None

    def _try(self, address: str, now_ms: int) -> int:
        """0, or after how many seconds this address may try again."""
        taken = self._pace.take(f"try {address}", per_s=TRIES_PER_S, burst=TRIES_BURST, now_ms=now_ms)
        return 0 if taken.is_granted else -(-taken.next_ms // 1_000)


def _says_twice(scope: Scope) -> bool:
    """Whether a parameter of the address has two values; none of ours has several."""
    names = [name for name, _ in parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)]
    return len(names) != len(set(names))


def _may_be_forged(scope: Scope, headers: Headers, public_url: str) -> bool:
    """Whether another site may have sent this, and some route would act on it; a method that no route takes is answered as such."""
    method, path = scope["method"], scope["path"]
    if method in SAFE_METHODS or path.startswith(BEARER_PATHS) or bearer_key(Request(scope)):
        return False  # with a token or a key, cookies do not count
    if _is_ours(headers) and not _is_of_another_site(headers, public_url):
        return False
    taken = methods_taken(scope)
    return not taken or method in taken


def _is_ours(headers: Headers) -> bool:
    """Other sites cannot set the one header without asking us first, nor the other at all."""
    return headers.get(CSRF_HEADER) == "1" or headers.get("sec-fetch-site") == "same-origin"


def _is_of_another_site(headers: Headers, public_url: str) -> bool:
    """Whether a browser says so itself, whatever else was sent; programs say nothing of it."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    own = urlsplit(public_url)
    return headers.get("origin", public_url).lower() not in {
        public_url,
        f"{own.scheme}://{own.netloc}".lower(),
        f"https://{headers.get('host', '')}".lower(),
    }


def _ends_something(method: str, path: str) -> bool:
    return method == "DELETE" or path.endswith(("/end", "/refuse", "/sign-out"))


class Buckets:
    """Token buckets by address; the least recently seen of ten thousand is forgotten. For one event loop."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, address: str, now_ms: int) -> int:
        """Take one token; 0 when there was one, else after how many seconds there will be."""
        level, at_ms = self._levels.pop(address, (self._burst, now_ms))
        level = min(self._burst, level + (now_ms - at_ms) / 1000 * self._per_s)
        self._levels[address] = (level - 1 if level >= 1 else level, now_ms)
        if len(self._levels) > _ADDRESSES_MAX:
            self._levels.popitem(last=False)
        return 0 if level >= 1 else int((1 - level) / self._per_s) + 1
