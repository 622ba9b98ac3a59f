"""What a call that failed raises: one class for what the caller does next, by the problem's type (RFC 9457).

`type` is compared, never `detail`, which is for people.
"""

from __future__ import annotations

from typing import Any

import httpx

PREFIX = "urn:jianlu:problem:"


class Problem(Exception):  # noqa: N818 - named as in RFC 9457
    """A call that was answered with a problem, or with something that is none."""

    def __init__(self, status: int, type: str, detail: str) -> None:
        super().__init__(f"{status} {type.removeprefix(PREFIX)}: {detail}")
        self.status = status
        self.type = type
        self.detail = detail


class SignInNeeded(Problem):
    """401: the key is unknown, revoked or over, or the seat is somebody else's by now."""


class Denied(Problem):
    """403: neither the account nor the key may do this."""


class NotFound(Problem):
    """404: there is nothing of that name, or not for this caller."""


class Conflict(Problem):
    """409 or 412: the state does not allow it; look at the present state, then decide."""


class Invalid(Problem):
    """413, 415 or 422: the request is wrong; correct it."""


class TooManyRequests(Problem):
    """429: wait as long as `Retry-After` says; the client did, as often as it was allowed to."""


class Unavailable(Problem):
    """503: something needed is away; try again later."""


BY_STATUS: dict[int, type[Problem]] = {
    401: SignInNeeded,
    403: Denied,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
    503: Unavailable,
}


def problem_of(answer: httpx.Response) -> Problem:
    """The exception for an answer that is no success."""
    said: Any = {}
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        said = answer.json()
    known = BY_STATUS.get(answer.status_code, Problem)
    return known(answer.status_code, str(said.get("type", "about:blank")), str(said.get("detail", "no detail was given")))
