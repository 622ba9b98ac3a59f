"""Deliveries seen by people and programs: listed by endpoint, replayed by message or by range of time.

A replay sends the same message under the same id: who has it leaves it out, who lost it gets it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select, update

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.webhooks._tables import deliveries, messages
from jianlu.deliver.webhooks.endpoints import find_endpoint
from jianlu.deliver.webhooks.feeding import add_deliveries
from jianlu.deliver.webhooks.model import DEAD, WAITING, Delivery, WebhookPorts
from jianlu.deliver.webhooks.topics import TESTED, wants
from jianlu.runtime.cursors import cursor_of, opened_cursor
from jianlu.runtime.database import transaction

REPLAYED_MAX = 10_000
"""Messages of one replay: a day of a large bank; what is more is asked for in parts."""

PAGE_ROWS = 50


def list_deliveries(using: WebhookPorts, endpoint: str, *, state: str = "", cursor: str = "") -> tuple[list[Delivery], str]:
    """A page of the endpoint's deliveries, newest first, and the cursor of the next page, empty on the last.

    NotFoundError when there is no such endpoint, InvalidError for a cursor that is none of ours.
    """
    find_endpoint(using, endpoint)
    d, m = deliveries.c, messages.c
    wanted = [d.endpoint == endpoint, *([d.state == state] if state else [])]
    if (before := opened_cursor(cursor)) is not None:
        at, message = before
        wanted.append(or_(d.made_at < at, and_(d.made_at == at, d.message < message)))
    query = select(deliveries, m.topic, m.case_ref).join(messages, d.message == m.message).where(*wanted)
    with transaction(using.database, writes=False) as connection:
        rows = connection.execute(query.order_by(d.made_at.desc(), d.message.desc()).limit(PAGE_ROWS + 1)).mappings().all()
    page = rows[:PAGE_ROWS]
    next_cursor = cursor_of(page[-1]["made_at"], page[-1]["message"]) if len(rows) > PAGE_ROWS else ""
    return [_delivery(row) for row in page], next_cursor


def replay_messages(using: WebhookPorts, endpoint: str, wanted: Sequence[str]) -> int:
    """Send these messages to the endpoint again, now; returns how many. NotFoundError when one of them is not kept."""
    find_endpoint(using, endpoint)
    with transaction(using.database) as connection:
        query = select(messages.c.message).where(messages.c.tenant == using.tenant, messages.c.message.in_(list(wanted)))
        found = list(connection.execute(query).scalars())
        if len(found) != len(set(wanted)):
            raise NotFoundError("a message of that id is not kept: messages can be replayed for thirty days")
        _again(connection, using, endpoint, found)
    return len(found)


def replay_range(using: WebhookPorts, endpoint: str, since: datetime, until: datetime, *, only_dead: bool) -> int:
    """Send again what the endpoint wants of the time [since, until), or of that only what is dead; returns how many messages.

    InvalidError when there are more than `REPLAYED_MAX`: ask for a shorter time.
    """
    wanted = find_endpoint(using, endpoint).topics
    m, d = messages.c, deliveries.c
    in_range = [m.tenant == using.tenant, m.at >= instant_text(since), m.at < instant_text(until), m.topic != TESTED]
    query = select(m.message, m.topic).where(*in_range).order_by(m.at, m.message)
    if only_dead:
        query = query.join(deliveries, d.message == m.message).where(d.endpoint == endpoint, d.state == DEAD)
    with transaction(using.database) as connection:
        found = [message for message, topic in connection.execute(query.limit(REPLAYED_MAX + 1)) if wants(wanted, topic)]
        if len(found) > REPLAYED_MAX:
            raise InvalidError(f"these are more than {REPLAYED_MAX} messages: ask for a shorter time")
        _again(connection, using, endpoint, found)
    return len(found)


def _again(connection: Any, using: WebhookPorts, endpoint: str, found: Sequence[str]) -> None:
    d = deliveries.c
    fresh = {"state": WAITING, "attempts": 0, "not_before_ms": 0, "sender": "", "error": "", "fence": d.fence + 1}
    for message in found:
        connection.execute(update(deliveries).where(d.message == message, d.endpoint == endpoint).values(**fresh))
        add_deliveries(connection, using, message, [endpoint])


def _delivery(row: Any) -> Delivery:
    is_waiting = row["state"] == WAITING and row["not_before_ms"]
    next_at = instant_text(datetime.fromtimestamp(row["not_before_ms"] / 1000, tz=UTC)) if is_waiting else ""
    return Delivery(
        message=row["message"],
        topic=row["topic"],
        case=row["case_ref"],
        state=row["state"],
        attempts=row["attempts"],
        status=row["status"],
        error=row["error"],
        made_at=row["made_at"],
        tried_at=row["tried_at"] or "",
        next_at=next_at,
    )
