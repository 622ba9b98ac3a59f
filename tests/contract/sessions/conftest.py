"""One suite of the session use cases on SQLite and on a real PostgreSQL; vault, rooms and recorders are in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.sessions.world import World, session_world
from tests.fakes.vault.postgres import create_database, find_postgres, start_postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("initdb and pg_ctl are not installed: apt-get install postgresql")
    with start_postgres(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, without schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/live.sqlite"
    return create_database(request.getfixturevalue("postgres"), f"sessions_{next(_numbers)}")


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with session_world(database_url) as made:
        yield made
