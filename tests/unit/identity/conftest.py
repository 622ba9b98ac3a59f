"""Identity on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.govern.identity.ports import IdentityPorts
from tests.fakes.identity.worlds import identity_world
from tests.fakes.vault.memory import SteppingClock
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
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[IdentityPorts, SteppingClock]]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/index.sqlite"
    else:
        url = create_database(request.getfixturevalue("postgres"), f"identity_{next(_numbers)}")
    with identity_world(url) as made:
        yield made


@pytest.fixture
def using(world: tuple[IdentityPorts, SteppingClock]) -> IdentityPorts:
    return world[0]


@pytest.fixture
def clock(world: tuple[IdentityPorts, SteppingClock]) -> SteppingClock:
    return world[1]
