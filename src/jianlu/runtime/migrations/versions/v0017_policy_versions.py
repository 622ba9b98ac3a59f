"""Versions of an institution's policies, approvals that are used up by one act, and who took note of an emergency.

The tables are those of `govern/access/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; an approval of before was used up by nothing."""
    op.create_table(
        "access_policy_versions",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("before", sa.Integer, nullable=False),
        sa.Column("before_digest", sa.String(64), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("proposed_at", sa.String(24), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", sa.String(24)),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "access_acknowledgements",
        sa.Column("request", sa.String(27), primary_key=True),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.add_column("access_requests", sa.Column("used_at", sa.String(24)))
    op.add_column("access_requests", sa.Column("used_for", sa.String(64), nullable=False, server_default=""))
