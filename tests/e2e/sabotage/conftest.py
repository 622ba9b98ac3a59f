"""The world is made once: it takes half a minute. What the recogniser was asked before in this run, it is not asked again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.sabotage.world import World, make_world
from tests.fakes.inspectors.heard_once import hearing_once


@pytest.fixture(scope="module", autouse=True)
def _heard_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with hearing_once(tmp_path_factory):
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))
