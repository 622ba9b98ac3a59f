"""One suite of the session use cases on SQLite and on a real PostgreSQL; vault, rooms and recorders are in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.sessions.world import World, session_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with session_world(database_url) as made:
        yield made
