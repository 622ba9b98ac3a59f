"""The application: what a request passes, in order, and the routes.

Made by `create_app` for one set of `Deps`; nothing is global. Pages are mounted by whoever serves it (`entry/serve/web.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from jianlu.deliver.api import cases, conduct, health, joining, me, media, playback, scripts, stream
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.guard import AccessLog, Guard, SecurityHeaders
from jianlu.deliver.api.idempotency import Idempotency
from jianlu.deliver.api.problems import install_problems

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

DESCRIPTION = (
    "Regulated conversations become evidence that an outsider can check. Errors are application/problem+json (RFC 9457). Calls that change "
    "something need the header `X-Jianlu: 1` and a cookie of /sign-in or /join; a POST may carry an Idempotency-Key."
)


def create_app(deps: Deps, *, lifespan: Lifespan | None = None) -> FastAPI:
    """The application for `deps`; `lifespan` is what lives as long as it serves."""
    app = FastAPI(
        title="Jianlu",
        version=deps.version,
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan or _nothing,
        separate_input_output_schemas=False,
    )
    app.state.deps = deps
    install_problems(app, deps)
    for routes in (health, me, cases, scripts, joining, conduct, stream, media, playback):
        app.include_router(routes.router)
    # The last one added is the first one passed.
    app.add_middleware(Idempotency, deps=deps)
    app.add_middleware(Guard, deps=deps)
    app.add_middleware(SecurityHeaders, public_url=deps.public_url)
    app.add_middleware(AccessLog)
    return app


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield
