"""How often one API key may call: a bucket for each, and headers that say what is left of it (draft-ietf-httpapi-ratelimit-headers-10).

Also where a key is looked up, once a call, before anything else asks who is calling. Buckets are those of the home
(`runtime/pace.py`): all its processes share them, and a restart forgives nothing.
"""

from __future__ import annotations

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jianlu.core.errors import JianluError
from jianlu.deliver.api.bearer import bearer_key
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.guard import PACE_FILE
from jianlu.deliver.api.problems import problem, problem_of
from jianlu.govern.apikeys.model import KeyHolder
from jianlu.runtime.pace import Pace

WINDOW_S = 60


class KeyLimits:
    """ASGI: slows down a key that calls too often, and says in every answer how much it has left."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps
        self._pace = Pace(deps.home / PACE_FILE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not bearer_key(request := Request(scope)):
            await self._app(scope, receive, send)
            return
        try:
            holder = await asyncio.to_thread(self._deps.principal, request)
        except JianluError as error:
            await problem_of(error, self._deps.status_of(error), scope["path"])(scope, receive, send)
            return
        if not isinstance(holder, KeyHolder):
            await self._app(scope, receive, send)
            return
        limit = holder.key.per_minute
        now_ms = self._deps.clock.monotonic_ms()
        taken = self._pace.take(f"key {holder.key.id}", per_s=limit / WINDOW_S, burst=limit, now_ms=now_ms)
        said = {
            "ratelimit-policy": f'"key";q={limit};w={WINDOW_S}',
            "ratelimit": f'"key";r={taken.left};t={-(-taken.full_ms // 1_000)}',
        }
        if not taken.is_granted:
            headers = {**said, "Retry-After": str(max(1, -(-WINDOW_S // limit)))}
            detail = "this API key calls too often: wait as long as Retry-After says"
            await problem(429, detail, kind="too-many-requests", instance=scope["path"], headers=headers)(scope, receive, send)
            return

        async def send_with_limit(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(said)
            await send(message)

        await self._app(scope, receive, send_with_limit)
