"""Whether the service works, for load balancers and the supervisor.

Says nothing of cases, and so anybody may ask.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from jianlu.deliver.api.deps import TheDeps
from jianlu.runtime.database import transaction

router = APIRouter(prefix="/api/v1", tags=["health"])


@router.get("/health", responses={503: {"description": "The service is about to stop."}})
def health(deps: TheDeps) -> JSONResponse:
    """`ok`, or `draining` with 503; UnavailableError when the database is away."""
    with transaction(deps.database, writes=False) as connection:
        connection.exec_driver_sql("SELECT 1")
    is_draining = deps.is_draining.is_set()
    document: dict[str, Any] = {"status": "draining" if is_draining else "ok", "version": deps.version}
    return JSONResponse(document, 503 if is_draining else 200)
