"""What the console's pages read, from a table: the port `deliver/console/ports.py` without a service behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from jianlu.core.errors import DeniedError, JianluError, NotFoundError
from jianlu.deliver.console.mount import mount_console
from jianlu.deliver.console.ports import Capacity, ConsoleSettings, Json, Viewer
from jianlu.entry.reactions import reaction_to

CASE = "caaaaaaaaaaaaaaaaaaaaaaaaaa"
ROW: dict[str, Any] = {
    "case": CASE,
    "number": "sale-0001",
    "title": "分红型两全保险远程销售",
    "template": "insurance-remote",
    "state": "draft",
    "language": "zh",
    "profile": "standard",
    "customer": "王**",
    "agent": "林经理",
    "created_at": "2026-11-25T22:00:00.000Z",
    "jobs": {"stage": "none", "done": 0, "due": None, "error": ""},
    "result": None,
}
TEMPLATE: dict[str, Any] = {
    "id": "insurance-remote",
    "version": "1.0.0",
    "title": {"zh": "保险销售（远程视频）", "en": "Insurance sale (remote video)"},
    "summary": {"zh": "全程录音录像。", "en": "The whole talk is recorded."},
    "defaults": {"product.kind": "life_insurance", "product.death_benefit": False, "session.biometrics": ["face"]},
    "asks": [
        {"fact": "product.kind", "form": "code", "codes": ["life_insurance", "health_insurance"], "least": 0, "most": 0},
        {"fact": "customer.age", "form": "whole", "codes": [], "least": 0, "most": 130},
        {"fact": "product.benefits", "form": "texts", "codes": [], "least": 0, "most": 0},
        {"fact": "product.death_benefit", "form": "flag", "codes": [], "least": 0, "most": 0},
        {"fact": "session.biometrics", "form": "codes", "codes": ["face", "voice"], "least": 0, "most": 0},
    ],
    "seats": [{"seat": "agent", "is_required": True, "may_share": True}],
    "profiles": [{"id": "standard", "is_large": False, "needs_human": False}],
}
SCRIPT: dict[str, Any] = {
    "id": "insurance-sale",
    "title": {"zh": "人身保险销售话术", "en": "Script of a personal insurance sale"},
    "version": "1.0.0",
    "state": "approved",
    "versions": [
        {
            "version": "1.0.0",
            "state": "approved",
            "digest": "0" * 64,
            "effective_from": "2026-01-01",
            "proposed_by": "a1",
            "proposed_at": "2026-01-01T00:00:00.000Z",
            "content": {"steps": []},
        }
    ],
}
STAFF = Viewer("staff", "林经理", frozenset({"agent"}))
SEATED = Viewer("seat", "", case=CASE, seat="customer")


@dataclass
class TablePages:
    """`ConsolePorts` over fields that a test may change; every case but those in `rows` is unknown."""

    staff: Viewer | None = STAFF
    seated: Viewer | None = SEATED
    settings: ConsoleSettings = field(default_factory=lambda: ConsoleSettings("建安银行", "0.1.0", has_sample_devices=True))
    rows: list[dict[str, Any]] = field(default_factory=lambda: [dict(ROW)])
    offered: list[dict[str, Any]] = field(default_factory=lambda: [TEMPLATE])
    kept: list[dict[str, Any]] = field(default_factory=lambda: [SCRIPT])
    waiting: list[dict[str, Any]] = field(default_factory=list)
    is_forbidden: bool = False

    def viewer(self, request: Request, capacity: Capacity) -> Viewer | None:
        return self.staff if capacity == "staff" else self.seated

    def ice_servers(self, request: Request) -> Sequence[Json]:
        return [{"urls": ["turn:turn.example:3478"], "username": "1", "credential": "2"}]

    def cases(self, request: Request, *, state: str, q: str, page: int) -> Json:
        if self.is_forbidden:
            raise DeniedError("this needs the role agent: ask somebody who has it")
        rows = [row for row in self.rows if state in ("", row["state"]) and q in row["title"]]
        return {"cases": rows, "total": len(rows), "page": page, "pages": 3, "counts": {"draft": 1}}

    def case(self, request: Request, case: str, capacity: Capacity) -> Json:
        found = next((row for row in self.rows if row["case"] == case), None)
        if found is None:
            raise NotFoundError("there is no such case here: check the link, or ask who sent it to you")
        return found

    def templates(self) -> Json:
        return {"templates": self.offered}

    def scripts(self, request: Request) -> Json:
        return {"scripts": self.kept}

    def script(self, request: Request, script: str) -> Json:
        return self.kept[0]

    def queue(self, request: Request) -> Json:
        return {"waiting": self.waiting}


def app_of(pages: TablePages, *more: APIRouter) -> FastAPI:
    """An application with errors as problems, as the API makes them, and the console mounted on it."""
    app = FastAPI()

    def of_ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, JianluError)
        return JSONResponse({"detail": str(error)}, reaction_to(error).http_status, media_type="application/problem+json")

    def of_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"detail": error.detail}, error.status_code, media_type="application/problem+json")

    app.add_exception_handler(JianluError, of_ours)
    app.add_exception_handler(HTTPException, of_http)
    mount_console(app, pages, *more)
    return app
