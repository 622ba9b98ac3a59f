"""Administration on a port of its own, in a network that customers and agents are not on; elsewhere it does not exist.

By the port that a request came in at, which nobody can put into a request. What belongs to administration is said here, by the actions
that its routes declare (`rights.py`), so that a new route of such an action is on the right side by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Receive, Scope, Send

from jianlu.deliver.api.rights import ASKS_INSIDE, asks_of

ADMINISTRATIVE = frozenset(
    {
        *("system.read", "system.change", "account.make", "account.change", "policy.propose", "policy.approve"),
        *("store.list", "apikey.list", "apikey.make", "apikey.revoke", "webhook.list", "webhook.make", "webhook.change"),
    }
)
"""What changes or shows the system itself. To read the policies in force and to release somebody's link is work of other roles too."""

DIRECTORY = "/scim/"
"""The organisation's directory makes and ends accounts."""

PAGES = ("/administration", "/stores", "/integrations", "/integrations/webhooks/{endpoint}", "/policies/edit")


def is_administrative(route: APIRoute) -> bool:
    """Whether a route of the interface belongs to administration."""
    asked = {asks.action for asks in asks_of(route)} | {ASKS_INSIDE.get(route.name, "")}
    return route.path.startswith(DIRECTORY) or bool(asked & ADMINISTRATIVE)


def administrative_routes(routers: Iterable[APIRouter]) -> Iterator[APIRoute]:
    """Those of the interface's routes that belong to administration."""
    for router in routers:
        yield from (route for route in router.routes if isinstance(route, APIRoute) and is_administrative(route))


class Elsewhere(BaseRoute):
    """Stands before all routes: a request for administration that did not come in at `port` is answered as one for what does not exist.

    A route of the interface is administration's by its method and path, a page by its path.
    """

    def __init__(self, port: int, routes: Iterable[APIRoute]) -> None:
        self._port = port
        self._routes = tuple(routes)
        self._pages = tuple(compile_path(path)[0] for path in PAGES)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for what is hidden here, so that nothing behind is asked; a request whose port is not known came from elsewhere."""
        if scope["type"] != "http" or (scope.get("server") or ("", None))[1] == self._port:
            return Match.NONE, {}
        return (Match.FULL if self._is_hidden(scope) else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the framework's signature
        """HTTPException 404, always."""
        raise HTTPException(404)

    def _is_hidden(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if any(page.match(path) for page in self._pages):
            return True
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)
