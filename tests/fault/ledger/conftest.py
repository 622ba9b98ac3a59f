"""The ledger that each test of this folder gets for itself: on the disk, or in memory where syncs are counted or simulated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ledger.worlds import World, new_world, place_in_memory


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


@pytest.fixture
def memory_world() -> Iterator[World]:
    with place_in_memory() as place:
        yield new_world(place)
