"""Sign-in's tables are what the migrations make, on SQLite and on PostgreSQL."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from jianlu.govern.identity._tables import identity_schema
from jianlu.govern.identity.ports import IdentityPorts


def test_the_migrations_make_exactly_the_tables_of_signing_in(using: IdentityPorts) -> None:
    with using.database.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), identity_schema)
    others = ("remove_table", "remove_index")  # tables of the index, of cases and of jobs
    assert [change for change in found if change[0] not in others] == []
