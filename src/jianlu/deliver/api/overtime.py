"""What a seat in a recorded call may do when its sign-in has ended meanwhile: go on with that call, and nothing else.

A customer is not left alone in the middle of a recorded talk because twelve hours are over. Which routes these are is read from what
each asks for (`rights.py`); `deps.py` asks whether a request is for one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute

from jianlu.deliver.api.rights import asks_of

SEAT_ACTIONS = frozenset(
    {"session.read", "session.lead", "session.take_part", "session.send", "session.watch", "session.supervise"}
)
"""Neither inviting somebody nor looking at evidence: for those the person signs in again, and the call goes on meanwhile."""

_OF_A_CASE = "/api/v1/cases/{case}/"


def seat_routes(routers: Iterable[APIRouter]) -> tuple[APIRoute, ...]:
    """The routes about one case that ask for acts of a seat alone."""
    routes = (route for router in routers for route in router.routes)
    return tuple(route for route in routes if isinstance(route, APIRoute) and _is_of_seat(route))


def _is_of_seat(route: APIRoute) -> bool:
    asked = {asks.action for asks in asks_of(route)}
    return route.path.startswith(_OF_A_CASE) and bool(asked) and asked <= SEAT_ACTIONS
