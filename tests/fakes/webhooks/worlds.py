"""Webhooks over a database that a test fills with events as the index would, and a clock that it sets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import func, insert, select

from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.webhooks._tables import deliveries, messages
from jianlu.deliver.webhooks.endpoints import make_endpoint
from jianlu.deliver.webhooks.feeding import feed
from jianlu.deliver.webhooks.model import Endpoint, Outside, Scheme, WebhookPorts
from jianlu.deliver.webhooks.post import post
from jianlu.deliver.webhooks.sending import deliver_next
from jianlu.runtime.database import open_database, transaction
from jianlu.vault._tables import events
from tests.fakes.identity.worlds import TENANT
from tests.fakes.schema import bring_schema
from tests.fakes.vault.memory import SteppingClock, memory_keys
from tests.fakes.webhooks.receiver import LOOPBACK, Receiver, outside

CASE = "c" + "a2" * 13


@dataclass
class WebhookWorld:
    """What a test of webhooks needs."""

    using: WebhookPorts
    clock: SteppingClock
    next_position: int = 0

    def record(self, *kinds: EventType, case: str = CASE, tenant: str = TENANT) -> None:
        """Have the index hold these events next."""
        with transaction(self.using.database) as connection:
            for kind in kinds:
                count = select(func.count()).select_from(events).where(events.c.case_ref == case)
                n = connection.execute(count).scalar_one()
                row = {"tenant": tenant, "case_ref": case, "n": n, "type": kind.value, "at": instant_text(self.clock.now())}
                digest = digest_of(f"{case} {n}".encode())
                connection.execute(insert(events).values(**row, position=self.next_position, digest=digest))
                self.next_position += 1

    def endpoint(self, receiver: Receiver, *topics: str, scheme: Scheme = "v1") -> tuple[Endpoint, str]:
        """The receiver registered, and what it verifies with."""
        wanted = topics or ("*",)
        return make_endpoint(
            self.using,
            receiver.url,
            "a receiver",
            topics=wanted,
            scheme=scheme,
            by="a" * 27,
            allowed=LOOPBACK,
        )

    def tell(self, through: Outside | None = None) -> int:
        """Make messages of everything and try everything that is due, once; returns how many attempts there were."""
        while feed(self.using):
            pass
        attempts = 0
        while deliver_next(self.using, "test/1", partial(post, outside=through or outside())):
            attempts += 1
        return attempts

    def wait(self, **time: float) -> None:
        self.clock.moment += timedelta(**time)

    def rows(self) -> list[dict[str, object]]:
        """Deliveries with the topics of their messages, in the order of their messages."""
        query = select(deliveries, messages.c.topic, messages.c.body).join(messages, messages.c.message == deliveries.c.message)
        with transaction(self.using.database, writes=False) as connection:
            return [dict(row) for row in connection.execute(query.order_by(messages.c.at, messages.c.message)).mappings()]


@contextmanager
def webhook_world(url: str) -> Iterator[WebhookWorld]:
    """Webhooks over a fresh database at `url`."""
    engine, clock = open_database(url), SteppingClock()
    bring_schema(engine)
    try:
        yield WebhookWorld(WebhookPorts(engine, clock, memory_keys(), TENANT), clock)
    finally:
        engine.dispose()
