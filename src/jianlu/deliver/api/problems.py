"""Errors as `application/problem+json` (RFC 9457): our six families, wrong requests, unknown routes, and what nobody foresaw.

Which status a family has is the edge's table (`entry/reactions.py`), handed over in `Deps`. A detail is our own message, which holds the
next step and no personal data; input is never echoed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from jianlu.core.errors import IntegrityError, JianluError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.methods import methods_taken
from jianlu.govern.access.model import AccessDeniedError, Decision
from jianlu.runtime.logging import logger

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
UNREADABLE, UNPROCESSABLE = 400, 422
"""A body that is no text at all is as wrong as one that is text of the wrong form: clients see one status for both."""

_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
PROBLEM_PREFIX = "urn:jianlu:problem:"
KINDS: Mapping[int, str] = {
    401: "sign-in-needed",
    403: "denied",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    412: "precondition-failed",
    413: "too-long",
    415: "invalid",
    422: "invalid",
    428: "precondition-needed",
    429: "too-many-requests",
    500: "unforeseen",
    503: "unavailable",
}
"""The type of a problem where no error of ours says more: programs compare types, never details."""

_SIGN_IN_SCHEME = 'Cookie realm="jianlu"'


def problem(
    status: int, detail: str, *, kind: str = "", code: str = "", instance: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem document; `kind` says which problem, in a form that programs may compare, that of the status unless another is said.

    `code`, where there is one, says which error of that kind: pages have words for it in their language.
    """
    document = {
        "type": PROBLEM_PREFIX + (kind or KINDS.get(status, "other")),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        **({"code": code} if code else {}),
    }
    return JSONResponse(document, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(error: JianluError, status: int, instance: str) -> JSONResponse:
    """Our error as a problem; 401 names the scheme, 503 when to try again."""
    headers = {
        401: {"WWW-Authenticate": f'{_SIGN_IN_SCHEME}, Bearer realm="jianlu"'},
        503: {"Retry-After": str(RETRY_AFTER_S)},
    }.get(status)
    plain = problem(status, str(error), kind=kind_of(error), code=error.code, instance=instance, headers=headers)
    return _with_denial(plain, error.decision) if isinstance(error, AccessDeniedError) else plain


def _with_denial(plain: JSONResponse, decision: Decision) -> JSONResponse:
    """The problem with which rules denied it, by which clauses, and what to do, for pages in their own language."""
    denial = {
        "rules": list(decision.policies),
        "clauses": list(decision.clauses),
        "next_step": {"zh": decision.next_step_zh, "en": decision.next_step},
    }
    document = {**json.loads(bytes(plain.body)), "denial": denial}
    return JSONResponse(document, plain.status_code, media_type=MEDIA_TYPE)


def kind_of(error: JianluError) -> str:
    """`conflict`, by the error's class."""
    return _WORDS.sub("-", type(error).__name__.removesuffix("Error")).lower()


def install_problems(app: FastAPI, deps: Deps) -> None:
    """Have every error of the application leave it as a problem."""
    log = logger("web")

    @app.exception_handler(JianluError)
    def of_ours(request: Request, error: JianluError) -> JSONResponse:
        status = deps.status_of(error)
        if isinstance(error, IntegrityError):
            log.critical("integrity_failed", route=route_of(request), family=type(error).__name__)
        return problem_of(error, status, request.url.path)

    @app.exception_handler(RequestValidationError)
    def of_request(request: Request, error: RequestValidationError) -> JSONResponse:
        return problem(422, _first(error), instance=request.url.path)

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> JSONResponse:
        status = UNPROCESSABLE if error.status_code == UNREADABLE else error.status_code
        allowed = {"Allow": ", ".join(methods_taken(request.scope))} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        headers = {**(error.headers or {}), **allowed}
        return problem(status, _PLAIN.get(error.status_code, error.detail), instance=request.url.path, headers=headers)

    @app.exception_handler(ClientDisconnect)
    def of_gone(request: Request, _: ClientDisconnect) -> JSONResponse:
        """The client went away within its body, or was told already that it is too long: nobody reads this, and nothing is wrong."""
        return problem(UNPROCESSABLE, "the body broke off: send it again", instance=request.url.path)

    @app.exception_handler(Exception)
    def of_anything(request: Request, error: Exception) -> JSONResponse:
        log.critical("unforeseen_error", route=route_of(request), error=error, where=_where(error))
        return problem(
            500, "something went wrong that nobody foresaw: tell the operator the time, then try again", instance=request.url.path
        )


_PLAIN = {
    UNREADABLE: "the body cannot be read: send UTF-8 JSON as the description says",
    404: "there is no such resource: check the path",
    405: "this resource does not take that method: see the Allow header",
}


def route_of(request: Request) -> str:
    """The route's template, such as `/api/v1/cases/{case}`: a path could hold a token."""
    route = request.scope.get("route")
    return str(getattr(route, "path", "unknown"))


def _first(error: RequestValidationError) -> str:
    """Where the request is wrong and how, without what was sent."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}: correct the request and send it again"


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    where = ""
    while trace is not None:
        where, trace = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}", trace.tb_next
    return where
