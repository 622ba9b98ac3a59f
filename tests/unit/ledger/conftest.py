"""The ledger that each test of this folder gets for itself, in memory where the system offers it: these tests sync a lot,
and what a real disk does is proved in tests/fault."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.ledger.worlds import World, new_world

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="jianlu-", dir=MEMORY if MEMORY.is_dir() else None))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)
