"""The table of jobs on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jianlu.runtime.database import migrate_database, open_database
from tests.fakes.vault.postgres import create_database, find_postgres, start_postgres

_numbers = itertools.count()


@pytest.fixture(scope="session")
def jobs_cluster() -> Iterator[str]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("initdb and pg_ctl are not installed: apt-get install postgresql")
    with start_postgres(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def jobs_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/index.sqlite"
    return create_database(request.getfixturevalue("jobs_cluster"), f"jobs_{next(_numbers)}")


@pytest.fixture
def engine(jobs_url: str) -> Iterator[Engine]:
    """A migrated database."""
    engine = open_database(jobs_url)
    migrate_database(engine)
    yield engine
    engine.dispose()
