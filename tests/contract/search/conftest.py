"""One suite of search on SQLite and on a real PostgreSQL; keys are in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jianlu.deliver.search.ports import SearchPorts
from tests.fakes.search.corpus import search_world


@pytest.fixture
def using(database_url: str) -> Iterator[SearchPorts]:
    with search_world(database_url) as ports:
        yield ports
