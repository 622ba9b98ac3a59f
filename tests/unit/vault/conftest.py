"""Worlds for the vault's tests: one suite on SQLite and on a real PostgreSQL, a vault on real files, a vault in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import create_home, memory_vault, open_home
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
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, without schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/index.sqlite"
    return create_database(request.getfixturevalue("postgres"), f"vault_{next(_numbers)}")


@pytest.fixture
def vault(index_url: str) -> Iterator[VaultPorts]:
    """Objects, keys and ledger in memory; the index in a real database of either kind."""
    with memory_vault(index_url) as using:
        yield using


@pytest.fixture
def small_vault() -> Iterator[VaultPorts]:
    """Everything in memory, for tests that are not about the index."""
    with memory_vault("sqlite://") as using:
        yield using


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home on real files, as `jianlu init` makes it."""
    create_home(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def real_vault(home: Path) -> Iterator[VaultPorts]:
    """Real files, the real ledger, SQLite."""
    with open_home(home) as using:
        yield using
