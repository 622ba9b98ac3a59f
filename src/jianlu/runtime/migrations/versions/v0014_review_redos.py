"""Review by people: talks to be done again, and what is left of reviews whose cases were destroyed (`judge/review/_tables.py`).

The counts hold numbers only: no case, no person, no words.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables."""
    op.create_table(
        "review_redos",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("successor", sa.String(64), nullable=False),
        sa.Column("assigned_at", sa.String(24)),
        sa.Column("completed_at", sa.String(24)),
        sa.Column("alarmed_at", sa.String(24)),
    )
    op.create_index("review_redos_by_successor", "review_redos", ["tenant", "successor"])
    op.create_table(
        "review_counts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("what", sa.String(8), primary_key=True),
        sa.Column("key", sa.String(400), primary_key=True),
        sa.Column("n", sa.Integer, nullable=False),
    )
