"""One suite of webhooks on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.webhooks.receiver import Receiver, receiving
from tests.fakes.webhooks.worlds import WebhookWorld, webhook_world


@pytest.fixture
def world(database_url: str) -> Iterator[WebhookWorld]:
    """A fresh one."""
    with webhook_world(database_url) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTPS server on loopback."""
    with receiving() as made:
        yield made
