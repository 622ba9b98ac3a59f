"""One suite of the API on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.api.world import ApiWorld, api_world


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    """A fresh application; its database is empty but for the accounts and the scripts in force."""
    with api_world(database_url, tmp_path) as world:
        yield world
