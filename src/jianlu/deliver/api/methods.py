"""Which methods a path takes, of all routes together: several routes may share one path, and the framework names those of the first alone.

For `Allow` in a 405 (RFC 9110, 15.5.6), and for the guard, which lets a method that no route takes reach that answer. Asked only where a
request is refused, so nothing is kept.
"""

from __future__ import annotations

from starlette.routing import Match
from starlette.types import Scope

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def methods_taken(scope: Scope) -> tuple[str, ...]:
    """The methods that some route of the application takes at the path of `scope`; empty where there is no such path."""
    routes = scope["app"].router.routes
    return tuple(
        method for method in METHODS if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    )
