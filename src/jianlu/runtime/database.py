"""The database: opening it, bringing its schema up to date, and transactions whose failures are our errors.

SQLite by default, PostgreSQL (psycopg 3) in production; the schema is `migrations/`, forward only. Tables belong to the
packages that own the concepts. Nothing here creates a schema unless asked to by `migrate_database`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, SQLAlchemyError

from jianlu.core.errors import ConflictError, InvalidError, UnavailableError
from jianlu.runtime.totals import forget_totals, write_totals

_BUSY_TIMEOUT_MS = 10_000
_WRITES = "jianlu_writes"
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


def open_database(url: str) -> Engine:
    """An engine for `url` (`sqlite:///path` or `postgresql://...`); connects only when used. InvalidError for any other kind of URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidError("the database URL is malformed: write sqlite:///FILE or postgresql://HOST/NAME") from error
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise InvalidError("the database must be SQLite or PostgreSQL: write sqlite:///FILE or postgresql://HOST/NAME")
    engine = create_engine(parsed.set(drivername=driver), pool_pre_ping=driver.startswith("postgresql"))
    if driver.startswith("sqlite"):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate_database(engine: Engine) -> None:
    """Create the schema or bring it to this version's; does nothing when it is. UnavailableError when the database cannot be reached."""
    with transaction(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Raise ConflictError unless the schema is exactly this version's; UnavailableError when the database cannot be reached."""
    with transaction(engine, writes=False) as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    if found != set(ScriptDirectory.from_config(_config()).get_heads()):
        raise ConflictError("the database's schema is not this version's: run `jianlu vault reindex`, which brings it up to date")


@contextmanager
def transaction(engine: Engine, *, writes: bool = True) -> Iterator[Connection]:
    """One transaction, committed when the block ends, rolled back when it raises; database errors leave it as UnavailableError.

    A value that the database cannot hold, such as a text with a NUL in PostgreSQL, is an InvalidError: trying again would not help.
    Totals that its rows moved are written last (`totals.py`). Say `writes=False` for reading alone: SQLite then takes no write lock.
    """
    try:
        with engine.connect().execution_options(**{_WRITES: writes}) as connection, connection.begin():
            try:
                yield connection
                write_totals(connection)
            finally:
                forget_totals(connection)
    except DataError as error:
        raise InvalidError("a value has a form that cannot be kept: remove control characters, shorten numbers") from error
    except DBAPIError as error:
        raise UnavailableError("the database failed or refused: check that it runs and is reachable, then try again") from error
    except SQLAlchemyError as error:
        raise UnavailableError("the database could not be used: check its configuration, then try again") from error


def erase_deleted(engine: Engine, tables: Sequence[str]) -> None:
    """Have the database's files keep nothing of what was deleted or changed before in `tables`, as far as a database can be asked to.

    SQLite overwrites what it deletes; here its journal is folded in and cut. PostgreSQL writes the tables anew; its archived journal and
    its backups are their keeper's. UnavailableError while somebody reads an older state: try again.
    """
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"VACUUM (FULL) {', '.join(tables)}")
                return
    except DBAPIError as error:
        raise UnavailableError("the database did not write its tables anew: somebody reads them; try again") from error
    with closing(engine.raw_connection()) as connection:
        if connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise UnavailableError("the database's journal is being read: it is cut when its readers are done; try again")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "jianlu.runtime:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """WAL and NORMAL: a power cut may lose the last rows, never the file; rows are rebuilt from the vault anyway.

    What is deleted is overwritten, so that no page of the file holds a name that no row holds.
    """
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, also around DDL
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: a reader that turns writer later could fail in the middle."""
    writes = connection.get_execution_options().get(_WRITES, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
