"""Every route of the application and every page, with what it asks of the access model: read from the routes, never written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.routing import APIRoute

from jianlu.deliver.api.app import ROUTERS
from jianlu.deliver.api.exporting import OnExport
from jianlu.deliver.api.rights import (
    ASKS_INSIDE,
    FOR_ANYBODY,
    OWN,
    OnAccount,
    OnCase,
    OnDestruction,
    OnHold,
    OnLink,
    OnPolicy,
    OnRequest,
    OnScript,
    OnStatement,
    asks_of,
)

KINDS = {
    OnCase: "case",
    OnExport: "case",
    OnScript: "script",
    OnAccount: "account",
    OnRequest: "request",
    OnHold: "hold",
    OnDestruction: "destruction",
    OnStatement: "statement",
    OnLink: "enrolment",
    OnPolicy: "policy",
}


@dataclass(frozen=True)
class Asking:
    """A route and one thing that it asks for."""

    route: str
    action: str
    kind: str


def all_routes() -> list[APIRoute]:
    """Every route of the API."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def method_of(route: APIRoute) -> str:
    """The first of its methods."""
    return sorted(route.methods or {"GET"})[0]


def askings() -> Iterator[Asking]:
    """What every route asks for."""
    for route in all_routes():
        name = f"{method_of(route)} {route.path}"
        for asks in asks_of(route):
            yield Asking(name, asks.action, KINDS.get(type(asks), "tenant"))
        if route.name in ASKS_INSIDE:
            yield Asking(name, ASKS_INSIDE[route.name], _inside(ASKS_INSIDE[route.name]))


def undeclared() -> list[str]:
    """Routes that ask for nothing and are not said to be for anybody or about oneself."""
    return [
        f"{method_of(route)} {route.path} ({route.name})"
        for route in all_routes()
        if not list(asks_of(route)) and route.name not in FOR_ANYBODY | OWN | set(ASKS_INSIDE)
    ]


def _inside(action: str) -> str:
    """The kind of what is asked for inside."""
    kinds = {"session": "case", "review": "review", "search": "search", "apikey": "api_key"}
    return kinds.get(action.partition(".")[0], "tenant")
