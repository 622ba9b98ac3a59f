"""The two cookies: a member of staff's sign-in and a participant's seat.

`__Host-` binds them to this host, TLS and every path (RFC 6265bis). HttpOnly keeps scripts from reading them, SameSite=Strict keeps other
sites from sending them. They end with the browser; the server ends them earlier by its own rules.
"""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import Response

STAFF_COOKIE = "__Host-jianlu"
SEAT_COOKIE = "__Host-jianlu-seat"


def staff_token(request: HTTPConnection) -> str:
    """The claimed token of a sign-in, or nothing."""
    return request.cookies.get(STAFF_COOKIE, "")


def seat_token(request: HTTPConnection) -> str:
    """The claimed token of a seat, or nothing."""
    return request.cookies.get(SEAT_COOKIE, "")


def set_cookie(response: Response, name: str, token: str) -> None:
    """Set one of the two for this browser session."""
    response.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="strict")


def clear_cookie(response: Response, name: str) -> None:
    """Take it away."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
