"""The API's description: OpenAPI 3.1 of every route, with its answers and its problems. `specs/api/openapi.json` is written from here.

`python -m jianlu.deliver.api > specs/api/openapi.json` after a change; a test holds the file against the application.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, Literal, Union

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from jianlu.deliver.api import answer_oversight, answers
from jianlu.deliver.api.answer_access import ACCESS_ANSWERS
from jianlu.deliver.api.answer_checks import SupervisorCalls
from jianlu.deliver.api.answer_destructions import DESTRUCTION_ANSWERS
from jianlu.deliver.api.answer_gate import DepositMade
from jianlu.deliver.api.answer_others import (
    DeliveryList,
    KeyEntry,
    KeyList,
    KeyMade,
    MessageMade,
    ProgramMade,
    Replayed,
    WebhookEntry,
    WebhookList,
    WebhookMade,
)
from jianlu.deliver.api.answer_policies import POLICY_ANSWERS
from jianlu.deliver.api.answer_review import REVIEW_ANSWERS
from jianlu.deliver.api.answer_scripts import SCRIPT_ANSWERS
from jianlu.deliver.api.answer_search import SearchResult
from jianlu.deliver.api.answer_sign_in import (
    AccountHistory,
    AccountMade,
    AccountState,
    Address,
    LinkOwner,
    NoticeList,
    PasskeyEntry,
    PasskeyList,
    PasskeyOptions,
    ReleasedCode,
    SignInList,
    StaffMember,
    WaitingLinkList,
)
from jianlu.deliver.api.answer_statements import STATEMENT_ANSWERS
from jianlu.deliver.api.answer_watching import WATCHING_ANSWERS
from jianlu.deliver.api.bearer import ACTIONS
from jianlu.deliver.api.cookies import SEAT_COOKIES, STAFF_COOKIE
from jianlu.deliver.api.deps import staff_calling
from jianlu.deliver.api.idempotency import takes_key
from jianlu.deliver.api.problems import MEDIA_TYPE

DESCRIPTION = (
    "Regulated conversations become evidence that an outsider can check. Errors are application/problem+json (RFC 9457). Calls that change "
    "something need the header `X-Jianlu: 1` and a cookie of /sign-in or /join, or else, in place of both, the header "
    "`Authorization: Bearer jlk_...` of an API key with the scope that the operation names (`x-scope`); a POST may carry an "
    "Idempotency-Key. A browser that holds both cookies says as whom it calls with `X-Jianlu-As: staff` or `seat`; one that holds "
    "two seats of a case, `seat:customer` or `seat:guardian`."
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
VIEW, ME = answers.SessionView, (StaffMember, answers.SeatHolder, answers.Nobody)
Models = type[BaseModel] | tuple[type[BaseModel], ...]
_CASE = "/api/v1/cases/{case}"
ANSWERS: dict[str, Models] = {
    "GET /api/v1/health": answers.ServingState,
    "POST /api/v1/sign-in": StaffMember,
    "POST /api/v1/sign-in/passkey": StaffMember,
    "POST /api/v1/sign-in/passkey/options": PasskeyOptions,
    "GET /api/v1/me/passkeys": PasskeyList,
    "POST /api/v1/me/passkeys": PasskeyEntry,
    "POST /api/v1/me/passkeys/options": PasskeyOptions,
    "POST /api/v1/me/step-up/options": PasskeyOptions,
    "GET /api/v1/me/sign-ins": SignInList,
    "GET /api/v1/me/history": AccountHistory,
    "POST /api/v1/enrol": StaffMember,
    "POST /api/v1/sign-in/organisation": StaffMember,
    "POST /api/v1/sign-in/organisation/begin": Address,
    "POST /api/v1/me/step-up/organisation/begin": Address,
    "POST /api/v1/accounts": AccountMade,
    "POST /api/v1/accounts/{name}/link": AccountMade,
    "GET /api/v1/accounts/{name}/history": AccountHistory,
    "POST /api/v1/enrol/look": LinkOwner,
    "GET /api/v1/enrolments": WaitingLinkList,
    "GET /api/v1/me/notices": NoticeList,
    "GET /api/v1/accounts/{name}": AccountState,
    "POST /api/v1/enrolments/{name}/release": ReleasedCode,
    "POST /api/v1/enrol/options": PasskeyOptions,
    "GET /api/v1/me": ME,
    "POST /api/v1/me/totp": answers.Enrolment,
    "GET /api/v1/cases": answers.CaseList,
    "GET /api/v1/search": SearchResult,
    "POST /api/v1/cases": answers.CaseMade,
    f"GET {_CASE}": answers.CaseEntry,
    f"GET {_CASE}/session": VIEW,
    f"GET {_CASE}/progress": answers.Progress,
    "GET /api/v1/supervision": SupervisorCalls,
    "GET /api/v1/supervision/wall": answer_oversight.Wall,
    "POST /api/v1/supervision/cases/{case}/note": answer_oversight.Wall,
    **WATCHING_ANSWERS,
    **DESTRUCTION_ANSWERS,
    **STATEMENT_ANSWERS,
    f"GET {_CASE}/file": answer_oversight.CaseFile,
    f"GET {_CASE}/copy": answer_oversight.OwnCopy,
    f"POST {_CASE}/copies": answer_oversight.CopyLinkMade,
    f"POST {_CASE}/withdrawals": answer_oversight.ConsentTakenBack,
    "POST /api/v1/copy": answer_oversight.OwnCopy,
    "GET /api/v1/scripts": answers.ScriptList,
    "POST /api/v1/scripts": answers.ScriptVersion,
    "GET /api/v1/scripts/{script}": answers.ScriptEntry,
    **SCRIPT_ANSWERS,
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
    "GET /api/v1/keys": KeyList,
    "POST /api/v1/keys": KeyMade,
    "DELETE /api/v1/keys/{key}": KeyEntry,
    "POST /api/v1/programs": ProgramMade,
    "GET /api/v1/webhooks": WebhookList,
    "POST /api/v1/webhooks": WebhookMade,
    "GET /api/v1/webhooks/{endpoint}": WebhookEntry,
    "PATCH /api/v1/webhooks/{endpoint}": WebhookEntry,
    "POST /api/v1/webhooks/{endpoint}/rotate": WebhookMade,
    "POST /api/v1/webhooks/{endpoint}/test": MessageMade,
    "POST /api/v1/webhooks/{endpoint}/replay": Replayed,
    "GET /api/v1/webhooks/{endpoint}/deliveries": DeliveryList,
}
"""What the JSON of a success is, by operation; routes that are not here answer with media, plain JSON of another package, or nothing."""

_ACTS = (
    *(
        ("POST", act)
        for act in ("seat", "preflight", "start", "consents", "attestations", "messages", "advice", "pause", "resume")
    ),
    *(("POST", act) for act in ("handover", "refuse", "abandon", "end")),
    *(("POST", f"steps/{{step}}/{act}") for act in ("start", "complete", "redo", "documents", "answers", "waive")),
    *(("POST", f"encryption/{act}") for act in ("key", "recorders/{recorder}", "handovers/{seat}")),
    ("DELETE", "seat"),
    ("DELETE", "shares/{track}"),
)
ANSWERS.update({f"{method} {_CASE}/{act}": VIEW for method, act in _ACTS})
ANSWERS.update(REVIEW_ANSWERS)
ANSWERS.update(ACCESS_ANSWERS)
ANSWERS.update(POLICY_ANSWERS)


_NO_SCOPES: list[str] = []
_API_KEY = {"api_key": _NO_SCOPES}
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
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "jlk_...",
        "description": "The API key of a program; it needs a scope.",
    },
}
_OPEN = frozenset(
    {
        *("health", "sign_in", "passkey_options", "sign_in_with_passkey", "sign_out", "leave", "me", "join"),
        *("look_at_link", "link_options", "take_link", "begin_organisation", "sign_in_with_organisation"),
        *("enter_queue", "ticket_status", "leave_queue", "checkpoint", "anchors", "anchor", "tile"),
    }
)
"""Operations that nobody must have signed in for."""

_CLIP = ("video/mp4", "audio/mp4", "video/webm", "audio/webm")
_MEDIA: dict[str, tuple[str, ...]] = {
    "stream": ("text/event-stream",),
    "package": ("application/zip",),
    "read_certificate": ("application/json",),
    "review_export": ("application/json", "text/csv"),
    "init": _CLIP,
    "segment": _CLIP,
    "checkpoint": ("text/plain",),
    "tile": ("application/octet-stream",),
    "anchors": ("text/plain",),
    "anchor": ("application/octet-stream",),
    "entries": ("application/octet-stream",),
}
"""What is not JSON, by operation."""
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_MEDIA_OF: dict[str, dict[str, Any]] = {"text/event-stream": {}}
"""A stream has no schema of its whole: readers would hold each event to it."""

_OWN = {
    "name": "X-Jianlu",
    "in": "header",
    "required": True,
    "schema": {"const": "1"},
    "description": "This call is the client's own; not needed with an API key.",
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
    """FastAPI, whose description says what our answers and problems are; `for_staff` are operations that need a sign-in.

    An application that has another's routes is `described_by` that one.
    """

    for_staff: frozenset[str] = frozenset()
    described_by: Api | None = None

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.described_by is not None:
            return self.described_by.openapi()
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
            operation["security"] = [_BEARER] if is_outside else people + [_API_KEY] * (name in ACTIONS)
            if name in ACTIONS:
                operation["x-scope"] = ACTIONS[name]
            _say_headers(operation, method, is_outside=is_outside, takes_key=takes_key(path))
    return document


def _say_headers(operation: dict[str, Any], method: str, *, is_outside: bool, takes_key: bool) -> None:
    """What a call carries beside its own parameters."""
    headers = [] if is_outside else [_AS] if method == "get" else [_OWN, _AS]
    if method == "post" and takes_key:
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
        responses["200"]["content"] = {kind: _MEDIA_OF.get(kind, _BYTES) for kind in kinds}
    responses.update({code: {"$ref": f"#/components/responses/{code}"} for code in _PROBLEMS if code not in responses})


def _for_answers(models: Iterable[type[BaseModel]]) -> list[tuple[type[BaseModel], Literal["serialization"]]]:
    return [(model, "serialization") for model in dict.fromkeys(models)]


def _each(models: Models) -> tuple[type[BaseModel], ...]:
    return models if isinstance(models, tuple) else (models,)


def check_answer(method: str, template: str, document: Any) -> None:
    """Raise pydantic's ValidationError unless `document` is what the description promises for the operation; for tests."""
    promised = _promised(f"{method} {template}")
    if promised is not None:
        promised.validate_python(document, strict=True)


@cache
def _promised(operation: str) -> TypeAdapter[Any] | None:
    models = ANSWERS.get(operation)
    return TypeAdapter(Union[_each(models)]) if models is not None else None  # type: ignore[arg-type]  # noqa: UP007 made at run time
