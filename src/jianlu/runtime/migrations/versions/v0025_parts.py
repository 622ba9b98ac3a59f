"""Which part of its cases a decision to destroy is about: empty for the whole of them.

The table is that of `deliver/oversight/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; decisions that were made before are about whole cases."""
    op.add_column("destruction_batches", sa.Column("part", sa.String(16), nullable=False, server_default=""))
