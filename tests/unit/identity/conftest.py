"""Identity on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jianlu.govern.identity.ports import IdentityPorts
from tests.fakes.identity.worlds import identity_world
from tests.fakes.vault.memory import SteppingClock


@pytest.fixture
def world(database_url: str) -> Iterator[tuple[IdentityPorts, SteppingClock]]:
    with identity_world(database_url) as made:
        yield made


@pytest.fixture
def using(world: tuple[IdentityPorts, SteppingClock]) -> IdentityPorts:
    return world[0]


@pytest.fixture
def clock(world: tuple[IdentityPorts, SteppingClock]) -> SteppingClock:
    return world[1]
