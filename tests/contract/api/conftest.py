"""One suite of the API on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.api.world import ApiWorld, api_world
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
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApiWorld]:
    """A fresh application; its database is empty but for the accounts and the scripts in force."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/index.sqlite"
    else:
        url = create_database(request.getfixturevalue("postgres"), f"api_{next(_numbers)}")
    with api_world(url, tmp_path) as world:
        yield world
