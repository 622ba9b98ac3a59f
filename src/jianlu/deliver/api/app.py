"""The application: what a request passes, in order, and the routes.

Made by `create_app` for one set of `Deps`; nothing is global. Pages are mounted by whoever serves it (`entry/serve/web.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from jianlu.deliver.api import cases, conduct, deposits, encryption, health, joining, me, media, playback, scripts, stream
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.describe import API_VERSION, DESCRIPTION, Api, operation_name, staff_operations
from jianlu.deliver.api.guard import AccessLog, Guard, SecurityHeaders
from jianlu.deliver.api.idempotency import Idempotency
from jianlu.deliver.api.problems import install_problems

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

ROUTERS = tuple(
    routes.router for routes in (health, me, cases, scripts, joining, conduct, deposits, encryption, stream, media, playback)
)


def create_app(deps: Deps, *, lifespan: Lifespan | None = None) -> FastAPI:
    """The application for `deps`; `lifespan` is what lives as long as it serves."""
    app = _plain_app(lifespan or _nothing)
    app.state.deps = deps
    install_problems(app, deps)
    for router in ROUTERS:
        app.include_router(router)
    # The last one added is the first one passed.
    app.add_middleware(Idempotency, deps=deps)
    app.add_middleware(Guard, deps=deps)
    app.add_middleware(SecurityHeaders, public_url=deps.public_url)
    app.add_middleware(AccessLog)
    if proxies := deps.settings.serve.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    return app


def description_text() -> str:
    """The text of `specs/api/openapi.json`."""
    app = _plain_app(_nothing)
    for router in ROUTERS:
        app.include_router(router)
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1) + "\n"


def _plain_app(lifespan: Lifespan) -> Api:
    app = Api(
        title="Jianlu",
        version=API_VERSION,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_name,
        lifespan=lifespan,
    )
    app.for_staff = staff_operations(ROUTERS)
    return app


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield
