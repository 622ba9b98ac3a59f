"""The table of jobs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from jianlu.runtime.database import open_database
from tests.fakes.schema import bring_schema


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database."""
    engine = open_database(database_url)
    bring_schema(engine)
    yield engine
    engine.dispose()
