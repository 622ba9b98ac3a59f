"""Media signalling: WHIP to send a feed, WHEP to watch one (RFC 9725), trickle and ICE restart by PATCH (RFC 8840), and TURN credentials.

Browsers come with their cookie; outside software with the bearer token of an endpoint that a member of staff made for it. Offers and
answers are relayed to the rooms, nothing in them is changed here.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from jianlu.capture.sessions import media
from jianlu.capture.sessions.view import view_session
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api import _bodies as bodies
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.ice import ice_servers
from jianlu.deliver.api.problems import MEDIA_TYPE, problem
from jianlu.deliver.api.rights import on_case, on_tenant, require_case
from jianlu.govern.identity.admissions import admit, participant_of
from jianlu.govern.identity.model import Participant, Principal, SignInNeededError, Staff

router = APIRouter(tags=["media"])
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
_API = "/api/v1/cases/{case}"
_ANSWER: dict[int | str, dict[str, Any]] = {201: {"content": {SDP: {"schema": {"type": "string"}}}}}

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_TRICKLED: dict[int | str, dict[str, Any]] = {
    200: {"description": "ICE was restarted: our new credentials.", "content": {FRAGMENT: {"schema": {"type": "string"}}}},
    412: {"description": "If-Match names another ICE session.", "content": _PROBLEM},
    428: {"description": "If-Match is missing.", "content": _PROBLEM},
}


def _described(kind: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}}}}}


async def offer_of(request: Request) -> str:
    """The SDP offer in the body; InvalidError for another media type or no text."""
    return await _text(request, SDP)


async def fragment_of(request: Request) -> str:
    """The trickle fragment in the body; errors as `offer_of`."""
    return await _text(request, FRAGMENT)


Offer = Annotated[str, Depends(offer_of)]
Fragment = Annotated[str, Depends(fragment_of)]
IfMatch = Annotated[str, Header(alias="If-Match")]


@router.get("/api/v1/ice", dependencies=[on_tenant("ice.read")])
def ice(_: Caller, deps: TheDeps) -> dict[str, Any]:
    """STUN and TURN servers for this browser, with credentials that expire."""
    return {"iceServers": ice_servers(deps)}


@router.post(
    _API + "/feeds/{feed}",
    dependencies=[on_case("session.send")],
    status_code=201,
    responses=_ANSWER,
    openapi_extra=_described(SDP),
)
def publish(feed: str, offer: Offer, case: CaseRef, caller: Caller, deps: TheDeps) -> Response:
    """WHIP: send one's own feed."""
    connection = media.publish(case, feed, offer, using=deps.sessions, by=caller)
    deps.open_media.keep(case, connection.id, caller)
    return _created(deps, f"/api/v1/cases/{case}/connections/{connection.id}", connection.answer_sdp, connection.etag)


@router.post(
    _API + "/viewers/{feed}",
    dependencies=[on_case("session.watch")],
    status_code=201,
    responses=_ANSWER,
    openapi_extra=_described(SDP),
)
def subscribe(feed: str, offer: Offer, case: CaseRef, caller: Caller, deps: TheDeps) -> Response:
    """WHEP: watch a feed of one's session; nothing comes before its recording runs."""
    connection = media.subscribe(case, feed, offer, using=deps.sessions, by=caller)
    deps.open_media.keep(case, connection.id, caller)
    return _created(deps, f"/api/v1/cases/{case}/connections/{connection.id}", connection.answer_sdp, connection.etag)


@router.put(
    _API + "/connections/{connection}",
    dependencies=[on_case("session.take_part")],
    openapi_extra=_described(SDP),
    responses={200: _ANSWER[201]},
)
def renegotiate(connection: str, offer: Offer, case: CaseRef, caller: Caller, deps: TheDeps) -> Response:
    """Another offer on the same connection: tracks added or stopped, or ICE restarted."""
    return _renegotiated(deps, case, connection, offer, caller)


@router.patch(
    _API + "/connections/{connection}",
    dependencies=[on_case("session.take_part")],
    openapi_extra=_described(FRAGMENT),
    status_code=204,
    responses=_TRICKLED,
)
def trickle(
    connection: str, fragment: Fragment, case: CaseRef, caller: Caller, deps: TheDeps, if_match: IfMatch = ""
) -> Response:
    """Candidates (204), or new credentials for an ICE restart (200 with ours)."""
    return _trickled(deps, case, connection, fragment, if_match, caller)


@router.delete(
    _API + "/connections/{connection}", dependencies=[on_case("session.take_part")], status_code=200, response_class=Response
)
def close(connection: str, case: CaseRef, caller: Caller, deps: TheDeps) -> Response:
    """End the connection."""
    media.close_connection(case, connection, using=deps.sessions, by=caller)
    deps.open_media.forget(connection)
    deps.changes.notify(case)
    return Response(status_code=200)


@router.post(_API + "/endpoints", status_code=201, dependencies=[on_case("session.outside")])
def make_endpoint(body: bodies.EndpointFor, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """An address and a bearer token, shown this once, for software outside the browser; a new one ends the earlier."""
    seat = _seat_for(deps, staff, case, body)
    token, made = admit(deps.identity, deps.tenant, case_ref(case), seat, scope=f"{body.kind}:{body.feed}")
    return {"url": f"{deps.public_url}/{body.kind}/{made.admission}", "bearer": token}


def bearer_token(request: Request) -> str:
    """The claimed token of outside software; without one nothing else of its call is looked at."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignInNeededError("this address needs its bearer token: send Authorization: Bearer")
    return token


_OUTSIDE = [Depends(bearer_token)]
_TRICKLE: dict[str, Any] = {"openapi_extra": _described(FRAGMENT), "status_code": 204, "responses": _TRICKLED}


@router.options("/whip/{endpoint}", include_in_schema=False)
@router.options("/whep/{endpoint}", include_in_schema=False)
def what_is_taken() -> Response:
    """RFC 9725, 4.2: the media type that a POST takes."""
    return Response(status_code=204, headers={"Accept-Post": SDP})


@router.post("/whip/{endpoint}", dependencies=_OUTSIDE, status_code=201, responses=_ANSWER, openapi_extra=_described(SDP))
def whip(endpoint: str, request: Request, offer: Offer, deps: TheDeps) -> Response:
    """WHIP for outside software."""
    by, feed = _bearer(request, deps, endpoint, "whip")
    connection = media.publish(by.case, feed, offer, using=deps.sessions, by=by)
    return _created(deps, f"/whip/{endpoint}/{connection.id}", connection.answer_sdp, connection.etag)


@router.post("/whep/{endpoint}", dependencies=_OUTSIDE, status_code=201, responses=_ANSWER, openapi_extra=_described(SDP))
def whep(endpoint: str, request: Request, offer: Offer, deps: TheDeps) -> Response:
    """WHEP for outside software."""
    by, feed = _bearer(request, deps, endpoint, "whep")
    connection = media.subscribe(by.case, feed, offer, using=deps.sessions, by=by)
    return _created(deps, f"/whep/{endpoint}/{connection.id}", connection.answer_sdp, connection.etag)


@router.patch("/whip/{endpoint}/{connection}", dependencies=_OUTSIDE, **_TRICKLE)
@router.patch("/whep/{endpoint}/{connection}", dependencies=_OUTSIDE, **_TRICKLE)
def trickle_outside(
    endpoint: str, connection: str, request: Request, fragment: Fragment, deps: TheDeps, if_match: IfMatch = ""
) -> Response:
    """As the PATCH of a browser's connection."""
    by, _ = _bearer(request, deps, endpoint, _kind_of(request))
    return _trickled(deps, by.case, connection, fragment, if_match, by)


@router.delete("/whip/{endpoint}/{connection}", status_code=200, response_class=Response)
@router.delete("/whep/{endpoint}/{connection}", status_code=200, response_class=Response)
def close_outside(endpoint: str, connection: str, request: Request, deps: TheDeps) -> Response:
    """End the connection."""
    by, _ = _bearer(request, deps, endpoint, _kind_of(request))
    media.close_connection(by.case, connection, using=deps.sessions, by=by)
    return Response(status_code=200)


def _kind_of(request: Request) -> str:
    return request.url.path.split("/")[1]


def _seat_for(deps: Deps, staff: Staff, case: str, body: bodies.EndpointFor) -> str:
    """In whose name the software acts: it sends the agent's own feed, and watches what the agent may watch."""
    view = view_session(case, using=deps.sessions, by=staff)
    if view["you"]["seat"] != "agent":
        raise DeniedError("an address for outside software is made by whoever leads the session: take the agent's seat first")
    if body.kind == "whip" and body.feed.removesuffix("-screen") != "agent":
        raise DeniedError("outside software sends the agent's feed or share: others join by invitation")
    if view["encryption"] is not None:
        raise ConflictError(
            "outside software cannot encrypt for this session's members: use the browser, or make a case in the clear"
        )
    return "agent"


async def _text(request: Request, kind: str) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise InvalidError(f"the body must be {kind}: set Content-Type")
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as error:
        raise InvalidError("the body is not UTF-8 text: send the browser's description as it is") from error


def _created(deps: Deps, location: str, answer: str, etag: str) -> Response:
    headers = {"Location": location, "ETag": f'"{etag}"', "Accept-Patch": FRAGMENT}
    response = Response(answer, 201, headers=headers, media_type=SDP)
    for server in ice_servers(deps):
        for url in server["urls"]:
            said = "".join(f'; {key}="{server[key]}"' for key in ("username", "credential") if key in server)
            response.headers.append("Link", f'<{url}>; rel="ice-server"{said}' + ('; credential-type="password"' if said else ""))
    return response


def _renegotiated(deps: Deps, case: str, connection: str, offer: str, by: Principal) -> Response:
    made = media.renegotiate(case, connection, offer, using=deps.sessions, by=by)
    return Response(made.answer_sdp, 200, headers={"ETag": f'"{made.etag}"'}, media_type=SDP)


def _trickled(deps: Deps, case: str, connection: str, fragment: str, if_match: str, by: Principal) -> Response:
    """RFC 9725, 4.3.2: 428 without If-Match, 412 when it names another ICE session."""
    if not if_match:
        return problem(428, 'send If-Match with the ETag of the ICE session, or "*" to restart it')
    try:
        ours = media.trickle(case, connection, fragment, if_match.strip().strip('"'), using=deps.sessions, by=by)
    except ConflictError as error:
        return problem(412, str(error), kind="precondition-failed")
    if not ours:
        return Response(status_code=204)
    fresh = next((line.partition(":")[2].strip() for line in ours.splitlines() if line.startswith("a=ice-ufrag:")), "")
    return Response(ours, 200, headers={"ETag": f'"{fresh}"'}, media_type=FRAGMENT)


def _bearer(request: Request, deps: Deps, endpoint: str, kind: str) -> tuple[Participant, str]:
    token = bearer_token(request)
    found = participant_of(deps.identity, token.strip(), scope_prefix=f"{kind}:")
    if found.admission != endpoint:
        raise SignInNeededError("this bearer token belongs to another address: use the two together")
    require_case(deps, found, "session.send" if kind == "whip" else "session.watch", found.case)
    return found, found.scope.partition(":")[2]
