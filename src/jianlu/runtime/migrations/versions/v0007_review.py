"""Review by people: rolls and draws, tasks, verdicts beside the machine's (`judge/review/_tables.py`).

Nothing in these tables is evidence: what was drawn and decided is in the ledger.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the review."""
    _create_rolls()
    _create_tasks()
    _create_verdicts()


def _create_rolls() -> None:
    op.create_table(
        "review_rolls",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("plan", sa.String(128), primary_key=True),
        sa.Column("no", sa.Integer, primary_key=True),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("cases", sa.Integer, nullable=False),
        sa.Column("eligible", sa.Integer, nullable=False),
        sa.Column("grouped", sa.Integer, nullable=False),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.Column("tree_size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("frozen_at", sa.String(24), nullable=False),
    )


def _create_tasks() -> None:
    op.create_table(
        "review_tasks",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("plan", sa.String(128), nullable=False),
        sa.Column("roll", sa.Integer, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("stratum", sa.String(40), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("barred", sa.String(4000), nullable=False),
        sa.Column("reviewer", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("asks_redo", sa.Boolean, nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("taken_at", sa.String(24)),
        sa.Column("decided_at", sa.String(24)),
        sa.Column("appealed_at", sa.String(24)),
        sa.Column("alarmed_at", sa.String(24)),
    )
    op.create_index("review_tasks_by_due", "review_tasks", ["tenant", "state", "due_on"])


def _create_verdicts() -> None:
    op.create_table(
        "review_verdicts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("clause", sa.String(200), primary_key=True),
        sa.Column("machine", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reviewer", sa.String(64), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("decided_at", sa.String(24), nullable=False),
    )
    op.create_index("review_verdicts_by_clause", "review_verdicts", ["tenant", "clause"])
