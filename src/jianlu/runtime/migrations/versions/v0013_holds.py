"""Holds: which cases may not be destroyed, as the custody chains of the ledger say; an index, rebuilt by `jianlu vault reindex`.

The table is that of `vault/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "holds",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("hold", sa.String(32), nullable=False),
        sa.Column("is_lift", sa.Boolean, nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("holds_by_case", "holds", ["tenant", "case_ref", "hold"])
    op.create_index("holds_by_chain", "holds", ["tenant", "chain"])
