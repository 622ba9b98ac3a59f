"""A session world in memory for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.sessions.world import World, session_world


@pytest.fixture
def world() -> Iterator[World]:
    with session_world() as made:
        yield made
