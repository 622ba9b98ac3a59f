"""Destructions that were asked for: which cases two people looked at together; their ids bind what is in them.

The table is that of `deliver/oversight/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "destruction_batches",
        sa.Column("batch", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("cases", sa.Text, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(24)),
    )
    op.create_index("destruction_batches_by_time", "destruction_batches", ["tenant", "asked_at"])
