"""The ledger that each test of this folder gets for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.ledger.worlds import World, new_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)
