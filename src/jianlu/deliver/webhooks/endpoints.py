"""Endpoints: registered, listed, changed, removed, and their secrets made anew with an overlap.

A secret is shown when it is made and kept wrapped by the home's key keeper, bound to its endpoint.
"""

from __future__ import annotations

import base64
import secrets as randomness
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.deliver.webhooks._tables import deliveries, endpoints, feeds
from jianlu.deliver.webhooks.addresses import check_literal, parse_target
from jianlu.deliver.webhooks.model import ENDPOINTS_MAX, OVERLAP_H_MAX, Endpoint, Network, Scheme, WebhookPorts
from jianlu.deliver.webhooks.signing import fresh_secret, shown_secret
from jianlu.deliver.webhooks.topics import check_topics
from jianlu.runtime.database import transaction
from jianlu.vault.feed import newest_position

NAME_CHARACTERS_MAX = 80


def make_endpoint(
    using: WebhookPorts,
    url: str,
    name: str,
    *,
    topics: Iterable[str],
    scheme: Scheme,
    by: str,
    allowed: Iterable[Network] = (),
) -> tuple[Endpoint, str]:
    """A new endpoint, told of what happens from now on; returns it and what its owner verifies with, shown this once for `v1`.

    InvalidError for a malformed part, DeniedError for an address that is not allowed, ConflictError when there are too many.
    """
    made = Endpoint(
        id="w" + base64.b32encode(randomness.token_bytes(17))[:26].decode().lower(),
        url=_checked_url(url, allowed),
        name=_checked_name(name),
        topics=check_topics(topics),
        scheme=scheme,
        is_active=True,
        why_off="",
        former_until=None,
        created_by=by,
        created_at=using.clock.now(),
    )
    secret = fresh_secret()
    values = {
        "endpoint": made.id,
        "tenant": using.tenant,
        "url": made.url,
        "name": made.name,
        "topics": " ".join(made.topics),
        "scheme": scheme,
        "secret": _wrap(using, made.id, secret),
        "is_active": True,
        "why_off": "",
        "created_by": by,
        "created_at": instant_text(made.created_at),
    }
    with transaction(using.database) as connection:
        count = select(func.count()).select_from(endpoints).where(endpoints.c.tenant == using.tenant)
        if connection.execute(count).scalar_one() >= ENDPOINTS_MAX:
            raise ConflictError(f"there are {ENDPOINTS_MAX} endpoints: remove those that nobody uses")
        begin_feed(connection, using)
        connection.execute(insert(endpoints).values(**values))
    return made, shown_secret(scheme, secret)


def begin_feed(connection: Connection, using: WebhookPorts) -> None:
    """Have everything that is recorded from now on told; does nothing when it is already."""
    if connection.execute(select(feeds.c.position).where(feeds.c.tenant == using.tenant)).first() is None:
        connection.execute(insert(feeds).values(tenant=using.tenant, position=newest_position(connection)))


def list_endpoints(using: WebhookPorts) -> list[Endpoint]:
    """Every endpoint of the tenant, oldest first."""
    query = select(endpoints).where(endpoints.c.tenant == using.tenant).order_by(endpoints.c.created_at, endpoints.c.endpoint)
    with transaction(using.database, writes=False) as connection:
        return [endpoint_of(row) for row in connection.execute(query).mappings()]


def find_endpoint(using: WebhookPorts, endpoint: str) -> Endpoint:
    """The endpoint of that id; NotFoundError when there is none."""
    with transaction(using.database, writes=False) as connection:
        return endpoint_of(_row(connection, using, endpoint))


def verifying_key(using: WebhookPorts, endpoint: str) -> str:
    """What an owner of a `v1a` endpoint verifies with, at any time; empty for `v1`, whose secret is shown once."""
    with transaction(using.database, writes=False) as connection:
        row = _row(connection, using, endpoint)
    return shown_secret("v1a", _unwrap(using, endpoint, row["secret"])) if row["scheme"] == "v1a" else ""


def change_endpoint(
    using: WebhookPorts,
    endpoint: str,
    *,
    url: str | None = None,
    name: str | None = None,
    topics: Iterable[str] | None = None,
    is_active: bool | None = None,
    allowed: Iterable[Network] = (),
) -> Endpoint:
    """Change what is said; what waits for an endpoint that is switched on again is sent. Errors as `make_endpoint` and `find_endpoint`."""
    values: dict[str, Any] = {}
    if url is not None:
        values["url"] = _checked_url(url, allowed)
    if name is not None:
        values["name"] = _checked_name(name)
    if topics is not None:
        values["topics"] = " ".join(check_topics(topics))
    if is_active is not None:
        values |= {"is_active": is_active, "why_off": "" if is_active else "switched off by a person"}
    with transaction(using.database) as connection:
        _row(connection, using, endpoint)
        if values:
            connection.execute(update(endpoints).where(*_mine(using, endpoint)).values(**values))
        return endpoint_of(_row(connection, using, endpoint))


def remove_endpoint(using: WebhookPorts, endpoint: str) -> None:
    """Forget the endpoint, its secrets and its deliveries. NotFoundError when there is none."""
    with transaction(using.database) as connection:
        _row(connection, using, endpoint)
        connection.execute(delete(deliveries).where(deliveries.c.endpoint == endpoint))
        connection.execute(delete(endpoints).where(*_mine(using, endpoint)))


def rotate_secret(using: WebhookPorts, endpoint: str, *, overlap_h: int) -> str:
    """A new secret, returned as `make_endpoint` does; the former one signs beside it for `overlap_h` hours (0 for a secret that leaked)."""
    if not 0 <= overlap_h <= OVERLAP_H_MAX:
        raise InvalidError(f"a former secret signs for 0 to {OVERLAP_H_MAX} hours beside the new one")
    fresh, now = fresh_secret(), using.clock.now()
    wrapped = _wrap(using, endpoint, fresh)
    with transaction(using.database) as connection:
        row = _row(connection, using, endpoint)
        until = instant_text(now + timedelta(hours=overlap_h))
        values = {"secret": wrapped, "former_secret": row["secret"], "former_until": until}
        connection.execute(update(endpoints).where(*_mine(using, endpoint)).values(**values))
    return shown_secret(row["scheme"], fresh)


def held_secrets(using: WebhookPorts, row: RowMapping, now: datetime) -> list[bytes]:
    """The secrets by which a message to the endpoint of `row` is signed now, the newest first."""
    kept = [row["secret"]]
    if row["former_secret"] and row["former_until"] and parse_instant(row["former_until"]) > now:
        kept.append(row["former_secret"])
    return [_unwrap(using, row["endpoint"], each) for each in kept]


def endpoint_of(row: RowMapping) -> Endpoint:
    """The endpoint as its row says."""
    return Endpoint(
        id=row["endpoint"],
        url=row["url"],
        name=row["name"],
        topics=tuple(row["topics"].split()),
        scheme=row["scheme"],
        is_active=row["is_active"],
        why_off=row["why_off"],
        former_until=parse_instant(row["former_until"]) if row["former_until"] else None,
        created_by=row["created_by"],
        created_at=parse_instant(row["created_at"]),
    )


def _mine(using: WebhookPorts, endpoint: str) -> tuple[Any, ...]:
    return endpoints.c.tenant == using.tenant, endpoints.c.endpoint == endpoint


def _row(connection: Connection, using: WebhookPorts, endpoint: str) -> RowMapping:
    row = connection.execute(select(endpoints).where(*_mine(using, endpoint))).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such endpoint here: look into the list of webhooks")
    return row


def _checked_url(url: str, allowed: Iterable[Network]) -> str:
    check_literal(parse_target(url), allowed)
    return url


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise InvalidError(f"an endpoint has a name of 1 to {NAME_CHARACTERS_MAX} printable characters: say whose it is")
    return name.strip()


def _wrap(using: WebhookPorts, endpoint: str, secret: bytes) -> str:
    return using.secrets.wrap(secret, secret_context(using.tenant, endpoint)).hex()


def _unwrap(using: WebhookPorts, endpoint: str, wrapped: str) -> bytes:
    return using.secrets.unwrap(bytes.fromhex(wrapped), secret_context(using.tenant, endpoint))


def secret_context(tenant: str, endpoint: str) -> bytes:
    """What a wrapped secret is bound to: it cannot be moved to another endpoint's row."""
    return f"jianlu/webhook@v1/{tenant}/{endpoint}".encode()
