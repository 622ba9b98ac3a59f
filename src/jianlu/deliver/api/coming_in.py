"""The cookie of a sign-in at its beginning, at each proof of the person and at its end: a fresh token, and the one before is nobody's.

How somebody proves who they are is `me.py`, `passkeys.py`, `organisation.py` and `enrolling.py`.
"""

from __future__ import annotations

from fastapi import Request, Response

from jianlu.deliver.api.cookies import STAFF_COOKIE, clear_cookie, set_cookie, staff_token
from jianlu.deliver.api.deps import Deps
from jianlu.govern.identity.sign_ins import sign_out


def let_in(deps: Deps, request: Request, response: Response, token: str) -> None:
    """Set the cookie of a fresh sign-in; the one that this browser had ends, so that no token is kept that somebody planted or saw."""
    if before := staff_token(request):
        sign_out(deps.identity, before)
    set_cookie(response, STAFF_COOKIE, token)


def renewed(token: str) -> Response:
    """The answer of a step-up: nothing but the cookie's new token."""
    response = Response(status_code=204)
    set_cookie(response, STAFF_COOKIE, token)
    return response


def signed_out() -> Response:
    """The answer that ends a sign-in in this browser: no cookie, and no page to go back to (Clear Site Data, 3.1).

    What is stored stays: a seat in a session that goes on in another tab needs it, and it holds no text of anybody.
    """
    response = Response(status_code=204, headers={"clear-site-data": '"cache"'})
    clear_cookie(response, STAFF_COOKIE)
    return response
