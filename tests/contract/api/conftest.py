"""One suite of the API on SQLite and on a real PostgreSQL.

`make test` asks PostgreSQL what depends on it most (`ON_BOTH`: lists, search, a sale, keys sent twice), `make proofs` everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.api.world import ApiWorld, api_world

ON_BOTH = frozenset({"test_idempotency", "test_pages_of_lists", "test_sale", "test_search"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before the marks are looked at."""
    for item in items:
        is_here = item.path.parent == Path(__file__).parent and item.path.stem not in ON_BOTH
        if is_here and "postgresql" in item.name.partition("[")[2].rstrip("]").split("-"):
            item.add_marker(pytest.mark.thorough)


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[ApiWorld]:
    """A fresh application; its database is empty but for the accounts and the scripts in force."""
    with api_world(database_url, tmp_path) as world:
        yield world
