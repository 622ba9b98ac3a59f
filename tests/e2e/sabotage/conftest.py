"""The world is made once for a worker: it takes a minute."""

from __future__ import annotations

import pytest

from tests.e2e.sabotage.world import World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))
