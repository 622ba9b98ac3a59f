"""A database of this version's schema, made by the migrations once a process and copied for every test that wants one.

The migrations themselves are tested on empty databases of both kinds (`tests/unit/vault/test_database.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Engine, inspect

from jianlu.runtime.database import migrate_database, open_database
from tests.fakes.vault.postgres import copy_database, create_database


def bring_schema(engine: Engine) -> None:
    """As `migrate_database` on a database that is empty or of this version."""
    place = engine.url.database or ":memory:"
    if engine.dialect.name == "postgresql":
        _copy_postgres(engine)
    elif place == ":memory:":
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.deserialize(_migrated())
    elif not Path(place).exists():
        Path(place).write_bytes(_migrated())
    else:
        migrate_database(engine)


def _copy_postgres(engine: Engine) -> None:
    """An empty database becomes a copy of the cluster's migrated one."""
    is_empty = not inspect(engine).get_table_names()
    engine.dispose()
    if is_empty:
        place = engine.url.query["host"]
        cluster = f"postgresql://postgres@/postgres?host={place}"
        copy_database(cluster, _migrated_postgres(cluster), str(engine.url.database))
    else:
        migrate_database(engine)


@cache
def _migrated_postgres(cluster: str) -> str:
    name = "migrated"
    engine = open_database(create_database(cluster, name))
    migrate_database(engine)
    engine.dispose()
    return name


@cache
def _migrated() -> bytes:
    engine = open_database("sqlite://")
    migrate_database(engine)
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        content = bytes(raw.serialize())
    engine.dispose()
    return content
