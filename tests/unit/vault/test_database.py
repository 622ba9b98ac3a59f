"""`runtime.database`: the schema is made on request only, the tables are the migrations' tables, failures are ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from jianlu.core.errors import ConflictError, InvalidError, UnavailableError
from jianlu.runtime.database import migrate_database, open_database, require_current, transaction
from jianlu.vault._tables import index_progress
from tests.unit.vault.schemas import every_schema


def test_the_migrations_make_exactly_the_tables_that_the_packages_own(database_url: str) -> None:
    engine = open_database(database_url)
    migrate_database(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), every_schema()) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    engine = open_database(database_url)
    migrate_database(engine)
    with transaction(engine) as connection:
        connection.execute(index_progress.insert().values(ledger=1, entries=7))
    migrate_database(engine)
    require_current(engine)
    with transaction(engine, writes=False) as connection:
        assert connection.execute(select(index_progress.c.entries)).scalar_one() == 7
    engine.dispose()


def test_a_database_without_the_schema_is_refused_not_made(database_url: str) -> None:
    engine = open_database(database_url)
    with pytest.raises(ConflictError, match="jianlu vault reindex"):
        require_current(engine)
    with pytest.raises(UnavailableError), transaction(engine) as connection:
        connection.execute(select(index_progress))
    engine.dispose()


def test_a_failed_transaction_leaves_nothing(database_url: str) -> None:
    engine = open_database(database_url)
    migrate_database(engine)
    row = index_progress.insert().values(ledger=1, entries=7)
    with pytest.raises(UnavailableError), transaction(engine) as connection:
        [connection.execute(row) for _ in range(2)]
    with transaction(engine, writes=False) as connection:
        assert connection.execute(select(index_progress)).all() == []
    engine.dispose()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "file:///x", "postgres", "oracle://x"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InvalidError, match="sqlite:///FILE"):
        open_database(url)


@pytest.mark.parametrize("url", ["sqlite:////no/such/folder/x.sqlite", "postgresql://u@/db?host=/no/such/folder"])
def test_a_database_that_cannot_be_reached_is_unavailable(url: str) -> None:
    engine = open_database(url)
    for use in (migrate_database, require_current):
        with pytest.raises(UnavailableError, match="try again"):
            use(engine)
    engine.dispose()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"this is not a database" * 100)
    engine = open_database(f"sqlite:///{tmp_path}/x.sqlite")
    with pytest.raises(UnavailableError):
        require_current(engine)
    engine.dispose()


def test_sqlite_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/index.sqlite")
    migrate_database(engine)
    with transaction(engine) as writer, transaction(engine, writes=False) as reader:
        writer.execute(index_progress.insert().values(ledger=1, entries=7))
        assert reader.execute(text("SELECT count(*) FROM index_progress")).scalar_one() == 0
    engine.dispose()
