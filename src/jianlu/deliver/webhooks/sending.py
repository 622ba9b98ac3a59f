"""Sending: a delivery is taken for a minute, tried once, and what came of it is written down; whoever dies meanwhile is tried again.

At least once, in no promised order: a message's id is the same at every attempt, so receivers leave out what they have. The fence of a
delivery grows at each attempt, so that a sender that was given up cannot overwrite what another found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update

from jianlu.core.errors import DeniedError, InvalidError, JianluError, UnavailableError
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.webhooks._tables import deliveries, endpoints, messages
from jianlu.deliver.webhooks.addresses import Target, parse_target
from jianlu.deliver.webhooks.endpoints import held_secrets
from jianlu.deliver.webhooks.model import DEAD, DELIVERED, JITTER, LEASE_MS, RETRY_AFTER_S_MAX, RETRY_S, WAITING, WebhookPorts
from jianlu.deliver.webhooks.post import Answered
from jianlu.deliver.webhooks.signing import signed_headers
from jianlu.runtime.database import transaction

Post = Callable[[Target, Mapping[str, str], bytes], Answered]
"""`post.post` with its outside filled in."""

GONE, SUCCESSES = 410, range(200, 300)
_ERROR_CHARACTERS_MAX = 200
_AGENT = "Jianlu-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is this sender's for `LEASE_MS`, with everything that it takes to try it."""

    message: str
    endpoint: str
    fence: int
    attempts: int
    url: str
    headers: Mapping[str, str]
    body: bytes


def take(using: WebhookPorts, sender: str, *, busy: Collection[str] = ()) -> Taken | None:
    """The delivery that is due longest, None when none is; endpoints of `busy` are left alone. UnavailableError without the key keeper."""
    now = using.clock.now()
    now_ms = _ms(now)
    d, e, m = deliveries.c, endpoints.c, messages.c
    is_due = or_(d.not_before_ms <= now_ms, d.not_before_ms > now_ms + _farthest_ms())  # the latter: the clock was set back
    query = (
        select(deliveries, endpoints, m.body)
        .join(endpoints, d.endpoint == e.endpoint)
        .join(messages, d.message == m.message)
        .where(d.state == WAITING, is_due, e.is_active, e.tenant == using.tenant, d.endpoint.not_in(list(busy)))
        .order_by(d.not_before_ms, d.made_at, d.message)
        .limit(1)
    )
    with transaction(using.database) as connection:
        row = connection.execute(query.with_for_update(of=deliveries, skip_locked=True)).mappings().one_or_none()
        if row is None:
            return None
        held = held_secrets(using, row, now)
        mine = (d.message == row["message"], d.endpoint == row["endpoint"])
        taken = {"attempts": row["attempts"] + 1, "fence": row["fence"] + 1, "sender": sender, "not_before_ms": now_ms + LEASE_MS}
        connection.execute(update(deliveries).where(*mine).values(**taken, tried_at=instant_text(now)))
    body = row["body"].encode()
    signed = signed_headers(row["scheme"], held, row["message"], now_ms // 1000, body)
    headers = {**signed, "Content-Type": "application/json", "User-Agent": _AGENT}
    return Taken(row["message"], row["endpoint"], row["fence"] + 1, row["attempts"] + 1, row["url"], headers, body)


def send(using: WebhookPorts, taken: Taken, post: Post) -> bool:
    """Try it once and write down what came of it; whether it was delivered."""
    status, error, wait_s = None, "", 0
    try:
        answered = post(parse_target(taken.url), taken.headers, taken.body)
        status, wait_s = answered.status, answered.retry_after_s
        if status not in SUCCESSES:
            error = f"the endpoint answered {status}"
    except (UnavailableError, DeniedError, InvalidError) as refused:
        error = str(refused)
    record(using, taken, status=status, error=error, wait_s=wait_s)
    return not error


def record(using: WebhookPorts, taken: Taken, *, status: int | None, error: str, wait_s: int = 0) -> None:
    """What came of an attempt: delivered, tried again later, or dead. Does nothing when somebody else has the delivery by now."""
    is_over = status == GONE or taken.attempts > len(RETRY_S)
    state = DELIVERED if not error else DEAD if is_over else WAITING
    values = {"state": state, "status": status, "error": error[:_ERROR_CHARACTERS_MAX], "sender": ""}
    if state == WAITING:
        values["not_before_ms"] = _ms(using.clock.now()) + max(wait_s * 1000, _backoff_ms(taken.attempts))
    d = deliveries.c
    mine = (d.message == taken.message, d.endpoint == taken.endpoint, d.fence == taken.fence, d.state == WAITING)
    with transaction(using.database) as connection:
        is_mine = connection.execute(update(deliveries).where(*mine).values(**values)).rowcount == 1
        if is_mine and status == GONE:
            off = {"is_active": False, "why_off": "the endpoint said that it is gone (410)"}
            connection.execute(update(endpoints).where(endpoints.c.endpoint == taken.endpoint).values(**off))


def release_own(using: WebhookPorts, sender: str) -> int:
    """At start: what a process of the same name had in hand when it died is due now. Returns how many."""
    mine = (deliveries.c.sender == sender, deliveries.c.state == WAITING)
    with transaction(using.database) as connection:
        return connection.execute(update(deliveries).where(*mine).values(sender="", not_before_ms=0)).rowcount


def deliver_next(using: WebhookPorts, sender: str, post: Post, *, busy: Collection[str] = ()) -> bool:
    """Take one delivery and try it; whether there was one. Our errors leave only when the database or the key keeper is away."""
    taken = take(using, sender, busy=busy)
    if taken is None:
        return False
    try:
        send(using, taken, post)
    except JianluError:
        return True  # what could not be written down is tried again when the lease is over
    return True


def _backoff_ms(attempts: int) -> int:
    wait_s = RETRY_S[min(attempts, len(RETRY_S)) - 1]
    return int(wait_s * 1000 * random.uniform(1 - JITTER, 1 + JITTER))


def _farthest_ms() -> int:
    return int(max(RETRY_AFTER_S_MAX, max(RETRY_S) * (1 + JITTER)) * 1000)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
