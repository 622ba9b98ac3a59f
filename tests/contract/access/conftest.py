"""The access log over a real vault in memory and a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.sessions.world import World, session_world


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A session world whose access decisions go into its own ledger."""
    with session_world(database_url) as made:
        yield made
