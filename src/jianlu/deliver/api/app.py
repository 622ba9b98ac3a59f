"""The application: what a request passes, in order, and the routes.

Made by `create_app` for one set of `Deps`; nothing is global. Pages are mounted by whoever serves it (`entry/serve/application.py`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache

from fastapi import FastAPI
from fastapi.routing import APIRoute
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from jianlu.deliver.api import cases, conduct, deposits, encryption, health, joining, ledger, me, media, playback, scripts, stream
from jianlu.deliver.api.access import router as access_router
from jianlu.deliver.api.account_acts import router as account_acts_router
from jianlu.deliver.api.administration import router as administration_router
from jianlu.deliver.api.casefile import router as casefile_router
from jianlu.deliver.api.copies import router as copies_router
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.describe import API_VERSION, DESCRIPTION, Api, operation_name, staff_operations
from jianlu.deliver.api.destructions import router as destructions_router
from jianlu.deliver.api.emergencies import router as emergencies_router
from jianlu.deliver.api.enrolling import router as enrolling_router
from jianlu.deliver.api.enrolments import router as enrolments_router
from jianlu.deliver.api.exporting import router as exporting_router
from jianlu.deliver.api.guard import AccessLog, Guard, SecurityHeaders
from jianlu.deliver.api.holds import router as holds_router
from jianlu.deliver.api.idempotency import Idempotency
from jianlu.deliver.api.inspection import router as inspection_router
from jianlu.deliver.api.key_limits import KeyLimits
from jianlu.deliver.api.keys import router as keys_router
from jianlu.deliver.api.notices import router as notices_router
from jianlu.deliver.api.organisation import router as organisation_router
from jianlu.deliver.api.overtime import seat_routes
from jianlu.deliver.api.passkeys import router as passkeys_router
from jianlu.deliver.api.planes import Elsewhere, administrative_routes
from jianlu.deliver.api.policies import router as policies_router
from jianlu.deliver.api.problems import install_problems
from jianlu.deliver.api.recent import router as recent_router
from jianlu.deliver.api.retention import router as retention_router
from jianlu.deliver.api.review import router as review_router
from jianlu.deliver.api.scim import router as scim_router
from jianlu.deliver.api.scim_groups import router as scim_groups_router
from jianlu.deliver.api.script_drafts import router as script_drafts_router
from jianlu.deliver.api.search import router as search_router
from jianlu.deliver.api.statements import router as statements_router
from jianlu.deliver.api.supervision import router as supervision_router
from jianlu.deliver.api.webhooks import router as webhooks_router
from jianlu.deliver.api.withdrawals import router as withdrawals_router

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

ROUTERS = tuple(
    routes.router
    for routes in (health, me, cases, scripts, joining, conduct, deposits, encryption, stream, media, playback, ledger)
)
ROUTERS += (search_router, review_router, script_drafts_router)
ROUTERS += (
    supervision_router,
    casefile_router,
    copies_router,
    withdrawals_router,
    retention_router,
    holds_router,
    destructions_router,
    statements_router,
    inspection_router,
    administration_router,
    keys_router,
    webhooks_router,
    passkeys_router,
    enrolling_router,
    organisation_router,
    account_acts_router,
    enrolments_router,
    notices_router,
    scim_router,
    scim_groups_router,
    access_router,
    policies_router,
    exporting_router,
    recent_router,
    emergencies_router,
)


def create_app(deps: Deps, *, lifespan: Lifespan | None = None) -> FastAPI:
    """The application for `deps`; `lifespan` is what lives as long as it serves."""
    app = _plain_app(lifespan or _nothing)
    app.state.deps, app.state.seat_routes = deps, _seat_routes()
    install_problems(app, deps)
    app.described_by = _routed()
    if deps.administration_port:
        app.router.routes.append(Elsewhere(deps.administration_port, administrative_routes(ROUTERS)))
    app.router.routes.extend(app.described_by.routes)
    # The last one added is the first one passed.
    app.add_middleware(Idempotency, deps=deps)
    app.add_middleware(KeyLimits, deps=deps)
    app.add_middleware(Guard, deps=deps)
    app.add_middleware(SecurityHeaders, public_url=deps.public_url)
    app.add_middleware(AccessLog)
    if proxies := deps.settings.serve.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))
    return app


def description_text() -> str:
    """The text of `specs/api/openapi.json`."""
    return json.dumps(_routed().openapi(), ensure_ascii=False, indent=1) + "\n"


@cache
def _seat_routes() -> tuple[APIRoute, ...]:
    return seat_routes(ROUTERS)


@cache
def _routed() -> Api:
    """The routes, resolved once a process: they find their `Deps` in whichever application took the request."""
    app = _plain_app(_nothing)
    app.router.routes.clear()  # its own route to the description is each application's own
    for router in ROUTERS:
        app.include_router(router)
    return app


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
