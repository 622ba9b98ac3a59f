"""Worlds for the vault's tests: one suite on SQLite and on a real PostgreSQL, a vault on real files, a vault in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import create_home, memory_vault, open_home


@pytest.fixture
def vault(database_url: str) -> Iterator[VaultPorts]:
    """Objects, keys and ledger in memory; the index in a real database of either kind."""
    with memory_vault(database_url) as using:
        yield using


@pytest.fixture
def small_vault() -> Iterator[VaultPorts]:
    """Everything in memory, for tests that are not about the index."""
    with memory_vault("sqlite://") as using:
        yield using


@pytest.fixture
def kept_vault(tmp_path: Path) -> Iterator[VaultPorts]:
    """As `small_vault` with the index in a file, for what several threads do: SQLite's memory has a database for each."""
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as using:
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
