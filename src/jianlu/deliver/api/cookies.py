"""The cookies: a member of staff's sign-in, and a seat's, one for each seat of each case that this browser holds.

`__Host-` binds them to this host, TLS and every path (RFC 6265bis). HttpOnly keeps scripts from reading them, SameSite=Strict keeps other
sites from sending them. They end with the browser; the server ends them earlier by its own rules. Two tabs of one browser may sit on two
seats: a page says which is its own (`X-Jianlu-As: seat:guardian`), and the case is in the path. Names choose between cookies and prove
nothing: what a token is good for is in the table of admissions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

STAFF_COOKIE = "__Host-jianlu"
SEAT_COOKIES = "__Host-jianlu-seat."
SEATS_HELD_MAX = 8
"""Seats that one browser holds: a customer has one or two; older ones are let go, so that requests stay short."""

AS_HEADER, AS_QUERY, SEAT_QUERY = "x-jianlu-as", "as", "seat"
_CASE = re.compile(r"/(c[a-z2-7]{26})(?:/|$)")


@dataclass(frozen=True, slots=True)
class Capacity:
    """As whom a request calls: `kind` is staff, seat, or empty where it does not say; `seat` which of several seats."""

    kind: str
    seat: str


def capacity_of(request: HTTPConnection) -> Capacity:
    """What the request says: a header, or a query where a page cannot set headers (event streams, media, the address of a page)."""
    said = request.headers.get(AS_HEADER) or request.query_params.get(AS_QUERY) or ""
    kind, _, seat = said.partition(":")
    return Capacity(kind, seat or request.query_params.get(SEAT_QUERY, ""))


def case_in(request: HTTPConnection) -> str:
    """The case that the path is about, or nothing."""
    found = _CASE.search(request.url.path)
    return found.group(1) if found else ""


def staff_token(request: HTTPConnection) -> str:
    """The claimed token of a sign-in, or nothing."""
    return request.cookies.get(STAFF_COOKIE, "")


def seat_tokens(request: HTTPConnection) -> list[str]:
    """The claimed tokens of seats, those of the path's case and of the seat that the request names first."""
    case, seat = case_in(request), capacity_of(request).seat

    def fit(name: str) -> tuple[bool, bool, str]:
        of_case, _, of_seat = name.removeprefix(SEAT_COOKIES).partition(".")
        return bool(case) and of_case != case, bool(seat) and of_seat != seat, name

    names = sorted((name for name in request.cookies if name.startswith(SEAT_COOKIES)), key=fit)
    return [request.cookies[name] for name in names if not (seat and fit(name)[1])]


def seat_cookie(case: str, seat: str) -> str:
    """The name of the cookie of a seat."""
    return f"{SEAT_COOKIES}{case}.{seat}"


def seat_cookies(request: HTTPConnection) -> list[str]:
    """The names of all seats' cookies of the browser, as it sends them: the oldest first (RFC 6265, 5.4)."""
    return [name for name in request.cookies if name.startswith(SEAT_COOKIES)]


def set_cookie(response: Response, name: str, token: str) -> None:
    """Set one of them for this browser session."""
    response.set_cookie(name, token, path="/", secure=True, httponly=True, samesite="strict")


def clear_cookie(response: Response, name: str) -> None:
    """Take it away."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="strict")
