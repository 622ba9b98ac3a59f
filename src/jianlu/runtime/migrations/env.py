"""Alembic's entry: runs the revisions on the connection that `runtime.database.migrate_database` hands over, and on no other.

Migrations are forward-only; there is no downgrade and no offline mode.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
