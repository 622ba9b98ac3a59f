"""The ledger that each test of this folder gets for itself; what a real disk does is proved in tests/fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ledger.worlds import World, new_world, place_in_memory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with place_in_memory() as place:
        yield place


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)
