"""Drafts of scripts, each with a number that says which edit it is; and who did what to which version of a script, and why.

The tables are those of `capture/cases/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "script_drafts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("script", sa.String(40), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("based_on", sa.String(20), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("saved_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "script_acts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("script", sa.String(40), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
    )
