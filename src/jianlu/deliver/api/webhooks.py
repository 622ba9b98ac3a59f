"""Webhooks over HTTP: endpoints, their deliveries, replay. What is told and how is `specs/webhooks.md`; who may, the access model's.

Sending is another process (`entry/serve/notifier.py`); here only what it works from is kept.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from pydantic import Field, StrictBool

from jianlu.core.errors import InvalidError
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.deliver.webhooks import endpoints, replaying
from jianlu.deliver.webhooks.feeding import make_test_message
from jianlu.deliver.webhooks.model import OVERLAP_H, OVERLAP_H_MAX, Delivery, Endpoint, Network, WebhookPorts
from jianlu.deliver.webhooks.topics import TOPICS

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])

EndpointId = Annotated[str, PathParameter(pattern=r"^w[a-z2-7]{26}$")]
Topic = Annotated[str, Field(max_length=40)]
Instant = Annotated[str, Field(max_length=30)]


class NewWebhook(Body):
    """Whom to tell (an https URL), what (topics such as `case.packaged`, `case.*`, `*`), and how messages are signed."""

    url: Annotated[str, Field(min_length=1, max_length=500)]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    topics: Annotated[tuple[Topic, ...], Field(min_length=1, max_length=20)] = ("*",)
    scheme: Literal["v1", "v1a"] = "v1"


class WebhookChange(Body):
    """What is to be another; what is left out stays."""

    url: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    topics: Annotated[tuple[Topic, ...], Field(min_length=1, max_length=20)] | None = None
    is_active: StrictBool | None = None


class Rotation(Body):
    """For how many hours the former secret signs beside the new one: 0 for one that leaked."""

    overlap_h: Annotated[int, Field(ge=0, le=OVERLAP_H_MAX, strict=True)] = OVERLAP_H


class Replay(Body):
    """Which messages: by id, or all that the endpoint wants of a time (RFC 3339, UTC), or of that those that are dead."""

    messages: Annotated[tuple[Annotated[str, Field(pattern=r"^msg_[a-z2-7]{26}$")], ...], Field(max_length=1_000)] = ()
    since: Instant = ""
    until: Instant = ""
    only: Literal["dead", "all"] = "dead"


@router.get("", dependencies=[on_tenant("webhook.list")])
def webhooks(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every endpoint, and the topics that there are."""
    return webhooks_document(deps)


@router.post("", status_code=201, dependencies=[on_tenant("webhook.make")])
def make_webhook(body: NewWebhook, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """A new endpoint, told of what happens from now on; `secret` is shown this once."""
    made, secret = endpoints.make_endpoint(
        ports_of(deps), body.url, body.name, topics=body.topics, scheme=body.scheme, by=staff.account.id, allowed=_allowed(deps)
    )
    return {"endpoint": _entry(deps, made), "secret": secret}


@router.get("/{endpoint}", dependencies=[on_tenant("webhook.list")])
def webhook(endpoint: EndpointId, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """One endpoint."""
    return _entry(deps, endpoints.find_endpoint(ports_of(deps), endpoint))


@router.patch("/{endpoint}", dependencies=[on_tenant("webhook.change")])
def change_webhook(endpoint: EndpointId, body: WebhookChange, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Change an endpoint; switched off, it is told nothing, and switched on again, what waited."""
    changed = endpoints.change_endpoint(
        ports_of(deps),
        endpoint,
        url=body.url,
        name=body.name,
        topics=body.topics,
        is_active=body.is_active,
        allowed=_allowed(deps),
    )
    return _entry(deps, changed)


@router.delete("/{endpoint}", status_code=204, dependencies=[on_tenant("webhook.change")])
def remove_webhook(endpoint: EndpointId, _: StaffCaller, deps: TheDeps) -> None:
    """Forget an endpoint, its secrets and what waits for it."""
    endpoints.remove_endpoint(ports_of(deps), endpoint)


@router.post("/{endpoint}/rotate", dependencies=[on_tenant("webhook.change")])
def rotate_webhook(endpoint: EndpointId, body: Rotation, _: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """A new secret, shown this once; the former one signs beside it for a while, so that receivers can change over."""
    secret = endpoints.rotate_secret(ports_of(deps), endpoint, overlap_h=body.overlap_h)
    return {"endpoint": _entry(deps, endpoints.find_endpoint(ports_of(deps), endpoint)), "secret": secret}


@router.post("/{endpoint}/test", status_code=202, dependencies=[on_tenant("webhook.change")])
def try_webhook(endpoint: EndpointId, _: StaffCaller, deps: TheDeps) -> dict[str, str]:
    """Send a message of topic `webhook.tested` to this endpoint; see its deliveries for what came of it."""
    endpoints.find_endpoint(ports_of(deps), endpoint)
    return {"message": make_test_message(ports_of(deps), endpoint)}


@router.post("/{endpoint}/replay", status_code=202, dependencies=[on_tenant("webhook.change")])
def replay_webhook(endpoint: EndpointId, body: Replay, _: StaffCaller, deps: TheDeps) -> dict[str, int]:
    """Send messages again, under the same ids."""
    if bool(body.messages) == bool(body.since or body.until):
        raise InvalidError("say either which messages, or since and until when")
    if body.messages:
        return {"messages": replaying.replay_messages(ports_of(deps), endpoint, body.messages)}
    since, until = _instant(body.since), _instant(body.until)
    count = replaying.replay_range(ports_of(deps), endpoint, since, until, only_dead=body.only == "dead")
    return {"messages": count}


@router.get("/{endpoint}/deliveries", dependencies=[on_tenant("webhook.list")])
def deliveries(
    endpoint: EndpointId,
    _: StaffCaller,
    deps: TheDeps,
    state: Annotated[Literal["waiting", "delivered", "dead"] | None, Query()] = None,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """What was sent or is to be, newest first; `next` is the cursor of the next page, empty on the last."""
    return deliveries_document(deps, endpoint, state or "", cursor)


def webhooks_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/webhooks`."""
    found = [_entry(deps, each) for each in endpoints.list_endpoints(ports_of(deps))]
    return {"endpoints": found, "topics": list(TOPICS), "is_on": deps.settings.webhooks.is_on}


def deliveries_document(deps: Deps, endpoint: str, state: str, cursor: str) -> dict[str, Any]:
    """The answer of `/webhooks/{endpoint}/deliveries`."""
    found, further = replaying.list_deliveries(ports_of(deps), endpoint, state=state, cursor=cursor)
    return {"deliveries": [_delivery(each) for each in found], "next": further}


def ports_of(deps: Deps) -> WebhookPorts:
    """What endpoints and messages are kept with."""
    return WebhookPorts(deps.database, deps.clock, deps.identity.secrets, deps.tenant)


def _allowed(deps: Deps) -> list[Network]:
    return [ip_network(each) for each in deps.settings.webhooks.allowed_networks]


def _instant(claimed: str) -> datetime:
    try:
        return parse_instant(claimed)
    except (ValueError, InvalidError) as error:
        raise InvalidError("since and until are instants such as 2026-11-26T09:00:00.000Z") from error


def _entry(deps: Deps, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "name": endpoint.name,
        "topics": list(endpoint.topics),
        "scheme": endpoint.scheme,
        "public_key": endpoints.verifying_key(ports_of(deps), endpoint.id),
        "is_active": endpoint.is_active,
        "why_off": endpoint.why_off,
        "former_until": instant_text(endpoint.former_until) if endpoint.former_until else "",
        "created_at": instant_text(endpoint.created_at),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "message": delivery.message,
        "topic": delivery.topic,
        "case": delivery.case,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "made_at": delivery.made_at,
        "tried_at": delivery.tried_at,
        "next_at": delivery.next_at,
    }
