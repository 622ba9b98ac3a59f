"""The API's description: OpenAPI 3.1 of every route, with its answers and its problems. `specs/api/openapi.json` is written from here.

`python -m jianlu.deliver.api > specs/api/openapi.json` after a change; a test holds the file against the application.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Literal, Union

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from jianlu.deliver.api import answers
from jianlu.deliver.api.answer_checks import SupervisorCalls
from jianlu.deliver.api.answer_gate import DepositMade
from jianlu.deliver.api.cookies import SEAT_COOKIES, STAFF_COOKIE
from jianlu.deliver.api.deps import staff_calling
from jianlu.deliver.api.problems import MEDIA_TYPE

DESCRIPTION = (
    "Regulated conversations become evidence that an outsider can check. Errors are application/problem+json (RFC 9457). Calls that change "
    "something need the header `X-Jianlu: 1` and a cookie of /sign-in or /join; a POST may carry an Idempotency-Key. A browser that holds "
    "both cookies says as whom it calls with `X-Jianlu-As: staff` or `seat`; one that holds two seats of a case, `seat:customer` or "
    "`seat:guardian`."
)
API_VERSION = "1"
_REF = "#/components/schemas/{model}"
_PROBLEMS = {
    "401": "Nobody is signed in, or no longer.",
    "403": "The caller may not do this.",
    "404": "There is nothing of that name, or not for this caller.",
    "409": "The state does not allow it.",
    "413": "The request is too long.",
    "422": "The request is wrong.",
    "429": "Too many requests.",
    "503": "Something needed is away, or the service is about to stop.",
}
VIEW, ME = answers.SessionView, (answers.StaffMember, answers.SeatHolder, answers.Nobody)
Models = type[BaseModel] | tuple[type[BaseModel], ...]
_CASE = "/api/v1/cases/{case}"
ANSWERS: dict[str, Models] = {
    "GET /api/v1/health": answers.ServingState,
    "POST /api/v1/sign-in": answers.StaffMember,
    "GET /api/v1/me": ME,
    "POST /api/v1/me/totp": answers.Enrolment,
    "GET /api/v1/cases": answers.CaseList,
    "POST /api/v1/cases": answers.CaseMade,
    f"GET {_CASE}": answers.CaseEntry,
    f"GET {_CASE}/session": VIEW,
    f"GET {_CASE}/progress": answers.Progress,
    "GET /api/v1/supervision": SupervisorCalls,
    "GET /api/v1/scripts": answers.ScriptList,
    "POST /api/v1/scripts": answers.ScriptVersion,
    "GET /api/v1/scripts/{script}": answers.ScriptEntry,
    "POST /api/v1/scripts/{script}/versions/{version}/approve": answers.ScriptVersion,
    "POST /api/v1/scripts/{script}/versions/{version}/withdraw": answers.ScriptEntry,
    f"POST {_CASE}/invitations": answers.InvitationMade,
    "POST /api/v1/join": answers.Joined,
    "GET /api/v1/queue": answers.Queue,
    "POST /api/v1/queue": answers.TicketMade,
    "POST /api/v1/queue/ticket": answers.TicketStatus,
    "POST /api/v1/queue/take": answers.TicketTaken,
    f"POST {_CASE}/shares": answers.ShareMade,
    f"POST {_CASE}/deposits/{{document}}": DepositMade,
    f"POST {_CASE}/endpoints": answers.EndpointMade,
    "GET /api/v1/ice": answers.IceServers,
}
"""What the JSON of a success is, by operation; routes that are not here answer with media, plain JSON of another package, or nothing."""

_ACTS = (
    *(("POST", act) for act in ("seat", "preflight", "start", "consents", "attestations", "messages", "pause", "resume")),
    *(("POST", act) for act in ("handover", "refuse", "abandon", "end")),
    *(("POST", f"steps/{{step}}/{act}") for act in ("start", "complete", "redo", "documents", "answers", "waive")),
    *(("POST", f"encryption/{act}") for act in ("key", "recorders/{recorder}", "handovers/{seat}")),
    ("DELETE", "seat"),
    ("DELETE", "shares/{track}"),
)
ANSWERS.update({f"{method} {_CASE}/{act}": VIEW for method, act in _ACTS})


_NO_SCOPES: list[str] = []
_STAFF, _SEAT, _BEARER = {"staff": _NO_SCOPES}, {"seat": _NO_SCOPES}, {"bearer": _NO_SCOPES}
_SCHEMES = {
    "staff": {"type": "apiKey", "in": "cookie", "name": STAFF_COOKIE, "description": "The sign-in of a member of staff."},
    "seat": {
        "type": "apiKey",
        "in": "cookie",
        "name": f"{SEAT_COOKIES}{{case}}.{{seat}}",
        "description": "A seat, by invitation; one cookie for each seat of each case.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token of one address for outside software."},
}
_OPEN = frozenset({"health", "sign_in", "sign_out", "leave", "me", "join", "enter_queue", "ticket_status", "leave_queue"})
"""Operations that nobody must have signed in for."""

_CLIP = ("video/mp4", "audio/mp4", "video/webm", "audio/webm")
_MEDIA: dict[str, tuple[str, ...]] = {
    "stream": ("text/event-stream",),
    "package": ("application/zip",),
    "init": _CLIP,
    "segment": _CLIP,
}
"""What is not JSON, by operation."""

_OWN = {
    "name": "X-Jianlu",
    "in": "header",
    "required": True,
    "schema": {"const": "1"},
    "description": "This call is the client's own.",
}
_AS = {
    "name": "X-Jianlu-As",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^(staff|seat(:[a-z]+)?)$"},
    "description": "As whom, for a client that holds several cookies.",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{8,200}$"},
    "description": "The same key with the same request again gets the first answer again, for a day.",
}


def operation_name(route: APIRoute) -> str:
    """The operation's id: the function's name, and for outside software which of its two addresses."""
    kind = route.path.split("/")[1]
    return f"{route.name.removesuffix('_outside')}_{kind}" if kind in ("whip", "whep") and route.name != kind else route.name


def staff_operations(routers: Iterable[APIRouter]) -> frozenset[str]:
    """The ids of operations that take members of staff alone."""
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return frozenset(operation_name(r) for r in routes if any(each.call is staff_calling for each in r.dependant.dependencies))


class Api(FastAPI):
    """FastAPI, whose description says what our answers and problems are; `for_staff` are operations that need a sign-in."""

    for_staff: frozenset[str] = frozenset()

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _described(super().openapi(), self.for_staff)
        return self.openapi_schema


def _described(document: dict[str, Any], for_staff: Collection[str]) -> dict[str, Any]:
    models: list[type[BaseModel]] = [answers.Problem, *(each for found in ANSWERS.values() for each in _each(found))]
    _, definitions = models_json_schema(_for_answers(models), ref_template=_REF)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(definitions["$defs"])
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    named = {code: {"description": description, "content": problem} for code, description in _PROBLEMS.items()}
    document["components"] |= {"responses": named, "securitySchemes": _SCHEMES}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _describe(operation, ANSWERS.get(f"{method.upper()} {path}"))
            is_outside, name = path.startswith(("/whip/", "/whep/")), operation["operationId"]
            people = [] if name in _OPEN else [_STAFF] if name in for_staff else [_STAFF, _SEAT]
            operation["security"] = [_BEARER] if is_outside else people
            _say_headers(operation, method, is_outside=is_outside)
    return document


def _say_headers(operation: dict[str, Any], method: str, *, is_outside: bool) -> None:
    """What a call carries beside its own parameters."""
    headers = [] if is_outside else [_AS] if method == "get" else [_OWN, _AS]
    if method == "post" and operation["operationId"] not in ("sign_in", "sign_out"):
        headers.append(_KEY)
    if headers:
        operation.setdefault("parameters", []).extend(headers)


def _describe(operation: dict[str, Any], models: Models | None) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    if models is not None:
        success = next(code for code in responses if code.startswith("2"))
        refs = [{"$ref": _REF.format(model=model.__name__)} for model in _each(models)]
        responses[success]["content"] = {"application/json": {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}}
    for answer in responses.values():
        if answer.get("content", {}).get("application/json") == {
            "schema": {}
        }:  # said of every route, also of those that answer with media
            del answer["content"]["application/json"]
            if not answer["content"]:
                del answer["content"]
    if kinds := _MEDIA.get(operation["operationId"]):
        responses["200"]["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    responses.update({code: {"$ref": f"#/components/responses/{code}"} for code in _PROBLEMS if code not in responses})


def _for_answers(models: Iterable[type[BaseModel]]) -> list[tuple[type[BaseModel], Literal["serialization"]]]:
    return [(model, "serialization") for model in dict.fromkeys(models)]


def _each(models: Models) -> tuple[type[BaseModel], ...]:
    return models if isinstance(models, tuple) else (models,)


def check_answer(method: str, template: str, document: Any) -> None:
    """Raise pydantic's ValidationError unless `document` is what the description promises for the operation; for tests."""
    models = ANSWERS.get(f"{method} {template}")
    if models is not None:
        TypeAdapter(Union[_each(models)]).validate_python(document, strict=True)  # type: ignore[arg-type]  # noqa: UP007 made at run time
