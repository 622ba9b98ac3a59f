"""Programs that call the API of `world.py` with keys: made by an administrator, as a person would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.testclient import TestClient

from tests.fakes.api.world import PASSWORD, ApiWorld, ok
from tests.fakes.identity.worlds import add_account

EVERYTHING = ("*.*",)


def administrator(api: ApiWorld, role: str = "administrator") -> TestClient:
    """A client of an administrator: the system's makes keys and webhooks, the security's makes accounts."""
    name = f"the-{role.replace('_', '-')}"
    if name not in api.clients:
        add_account(api.deps.identity, api.deps.tenant, name, PASSWORD, roles=[role])
    return api.client(name)


def make_program(api: ApiWorld, name: str = "program-core", roles: Sequence[str] = ("agent",)) -> dict[str, Any]:
    """The account of a program."""
    body = {"name": name, "display": "核心系统", "roles": list(roles), "licences": ["life"]}
    made: dict[str, Any] = ok(administrator(api, "security_administrator").post("/api/v1/programs", json=body)).json()
    return made


def make_key(api: ApiWorld, account: str = "program-core", scopes: Sequence[str] = EVERYTHING, **more: Any) -> dict[str, Any]:
    """A key of the account: `key` is the key itself, `entry` what is listed."""
    body = {"name": "core banking", "account": account, "scopes": list(scopes), **more}
    made: dict[str, Any] = ok(administrator(api).post("/api/v1/keys", json=body)).json()
    return made


def program(api: ApiWorld, key: str) -> TestClient:
    """A client that calls with the key alone: no cookie, no header of a page's own calls."""
    client = api.client()
    client.headers.pop("X-Jianlu")
    client.headers["Authorization"] = f"Bearer {key}"
    return client
