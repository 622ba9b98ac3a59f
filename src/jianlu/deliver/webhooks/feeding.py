"""From what was recorded to what is told: events of cases in ledger order become messages, each with a delivery to whoever wants it.

The place up to which that is done moves in the same transaction, so that a crash neither loses nor doubles a message. That a package is
ready is no event of the case (it is closed by then): those cases are awaited by the table of jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from jianlu.capture.cases.case_rows import find_case
from jianlu.capture.sessions.model import Phase
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.deliver.webhooks._tables import awaited, deliveries, endpoints, feeds, messages
from jianlu.deliver.webhooks.model import DEAD, DELIVERED, MESSAGES_KEPT, WAITING, WebhookPorts
from jianlu.deliver.webhooks.topics import (
    EMERGENCY,
    ENDED,
    FAILED,
    OF_EVENT,
    PACKAGED,
    REFUSED,
    TESTED,
    message_body,
    message_id,
    wants,
)
from jianlu.govern.access.emergencies import opened_since
from jianlu.runtime import jobs
from jianlu.runtime.database import transaction
from jianlu.vault.feed import events_after, is_a_case
from jianlu.vault.projection import EventRow

BATCH = 200
SETTLES = timedelta(seconds=2)
"""An ended session is looked at that much later: why it ended is in its row by then."""

TOLD_WITHIN = timedelta(days=3)
"""An emergency that could not be told of sooner is told of no more: it is on people's pages."""


def feed(using: WebhookPorts) -> int:
    """Make messages of what was recorded since the last time; returns how many events were looked at. Nothing before the first endpoint."""
    with transaction(using.database) as connection:
        mine = feeds.c.tenant == using.tenant
        position = connection.execute(select(feeds.c.position).where(mine).with_for_update()).scalar_one_or_none()
        if position is None:
            return 0
        looked_at = 0
        for row in events_after(connection, using.tenant, position, BATCH):
            if not _is_settled(using, row):
                break
            _tell_of(connection, using, row)
            position, looked_at = row.position, looked_at + 1
        if looked_at:
            connection.execute(update(feeds).where(mine).values(position=position))
        _tell_of_packages(connection, using)
        _tell_of_emergencies(connection, using)
    return looked_at


def make_test_message(using: WebhookPorts, endpoint: str) -> str:
    """A message to this endpoint alone, of topic `webhook.tested`; returns its id. The caller has looked whether there is one."""
    at = instant_text(using.clock.now())
    name = message_id(using.tenant, f"test:{endpoint}:{at}")
    with transaction(using.database) as connection:
        _keep(connection, using, name, TESTED, "", at, message_body(TESTED, at, "", n=None, position=None), [endpoint])
    return name


def sweep(using: WebhookPorts) -> None:
    """Forget messages that are no longer kept, with their deliveries, unless one still waits."""
    old = instant_text(using.clock.now() - MESSAGES_KEPT)
    with transaction(using.database) as connection:
        waiting = select(deliveries.c.message).where(deliveries.c.state == WAITING)
        gone = select(messages.c.message).where(
            messages.c.tenant == using.tenant, messages.c.at < old, messages.c.message.not_in(waiting)
        )
        connection.execute(delete(deliveries).where(deliveries.c.message.in_(gone), deliveries.c.state.in_([DELIVERED, DEAD])))
        connection.execute(delete(messages).where(messages.c.message.in_(gone.scalar_subquery())))


def add_deliveries(connection: Connection, using: WebhookPorts, message: str, told: Iterable[str]) -> None:
    """Have the message sent to each endpoint of `told` that does not have it yet."""
    known = set(connection.execute(select(deliveries.c.endpoint).where(deliveries.c.message == message)).scalars())
    fresh = [each for each in dict.fromkeys(told) if each not in known]
    if fresh:
        row = {"message": message, "state": WAITING, "attempts": 0, "not_before_ms": 0, "sender": "", "fence": 0, "error": ""}
        at = instant_text(using.clock.now())
        connection.execute(insert(deliveries), [{**row, "endpoint": each, "made_at": at} for each in fresh])


def _tell_of_emergencies(connection: Connection, using: WebhookPorts) -> None:
    """That a case was opened in an emergency, once; why and by whom is for those who may ask."""
    for each in opened_since(connection, using.tenant, instant_text(using.clock.now() - TOLD_WITHIN)):
        name = message_id(using.tenant, f"emergency:{each.request}")
        if connection.execute(select(messages.c.message).where(messages.c.message == name)).first() is None:
            at = each.decided_at or each.asked_at
            body = message_body(EMERGENCY, at, each.case, n=None, position=None)
            _keep(connection, using, name, EMERGENCY, each.case, at, body, _who_wants(connection, using, EMERGENCY))


def _is_settled(using: WebhookPorts, row: EventRow) -> bool:
    return row.type != EventType.SESSION_ENDED.value or parse_instant(row.at) + SETTLES <= using.clock.now()


def _tell_of(connection: Connection, using: WebhookPorts, row: EventRow) -> None:
    topic = OF_EVENT.get(row.type)
    if topic is None or (topic.startswith("case.") and not is_a_case(connection, using.tenant, row.case_ref)):
        return
    if topic == ENDED:
        case = find_case(connection, using.tenant, row.case_ref)
        topic = REFUSED if case is not None and case.state == Phase.REFUSED.value else ENDED
        _await_package(connection, using, row.case_ref)
    body = message_body(topic, row.at, row.case_ref, n=row.n, position=row.position)
    name = message_id(using.tenant, f"event:{row.digest}")
    _keep(connection, using, name, topic, row.case_ref, row.at, body, _who_wants(connection, using, topic))


def _keep(
    connection: Connection, using: WebhookPorts, name: str, topic: str, case: str, at: str, body: str, told: Iterable[str]
) -> None:
    """The message, unless it is there already, and its deliveries."""
    if connection.execute(select(messages.c.message).where(messages.c.message == name)).first() is None:
        values = {"message": name, "tenant": using.tenant, "topic": topic, "case_ref": case, "body": body, "at": at}
        connection.execute(insert(messages).values(**values))
    add_deliveries(connection, using, name, told)


def _who_wants(connection: Connection, using: WebhookPorts, topic: str) -> list[str]:
    """Also endpoints that are switched off: what happened meanwhile waits for them."""
    rows = connection.execute(select(endpoints.c.endpoint, endpoints.c.topics).where(endpoints.c.tenant == using.tenant))
    return [endpoint for endpoint, wanted in rows if wants(wanted.split(), topic)]


def _await_package(connection: Connection, using: WebhookPorts, case: str) -> None:
    mine = (awaited.c.tenant == using.tenant, awaited.c.case_ref == case)
    if connection.execute(select(awaited.c.case_ref).where(*mine)).first() is None:
        connection.execute(insert(awaited).values(tenant=using.tenant, case_ref=case, told=""))


def _tell_of_packages(connection: Connection, using: WebhookPorts) -> None:
    """What became of the jobs of the cases that are awaited; a failed one is awaited on, it may be asked for again."""
    columns = (awaited.c.case_ref, awaited.c.told, jobs.jobs.c.state, jobs.jobs.c.attempt)
    ends = jobs.jobs.c.state.in_([jobs.DONE, jobs.FAILED])
    query = (
        select(*columns).join(jobs.jobs, jobs.jobs.c.subject == awaited.c.case_ref).where(awaited.c.tenant == using.tenant, ends)
    )
    for case, told, state, attempt in connection.execute(query).all():
        outcome = "done" if state == jobs.DONE else f"failed {attempt}"
        if told == outcome:
            continue
        topic = PACKAGED if state == jobs.DONE else FAILED
        mine: tuple[Any, ...] = (awaited.c.tenant == using.tenant, awaited.c.case_ref == case)
        at = instant_text(using.clock.now())
        body = message_body(topic, at, case, n=None, position=None)
        name = message_id(using.tenant, f"job:{case}:{outcome}")
        _keep(connection, using, name, topic, case, at, body, _who_wants(connection, using, topic))
        if state == jobs.DONE:
            connection.execute(delete(awaited).where(*mine))
        else:
            connection.execute(update(awaited).where(*mine).values(told=outcome))
