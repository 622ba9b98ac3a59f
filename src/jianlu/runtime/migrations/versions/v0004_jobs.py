"""Durable jobs: what is to be done after a call, by whom, how far it is (`runtime/jobs.py`).

A lost row loses no evidence: whoever asks for the job again goes on from the case's own events.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of jobs."""
    op.create_table(
        "jobs",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("beat", sa.BigInteger, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False),
        sa.Column("enqueued_ms", sa.BigInteger, nullable=False),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "enqueued_ms"])
