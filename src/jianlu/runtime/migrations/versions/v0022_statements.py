"""Days that were stated after the call: those of the ledger, an index; and what waits for a second person, whose id binds what is in it.

The tables are those of `vault/_tables.py` and `deliver/oversight/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "settlements",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("statement", sa.String(32), nullable=False),
        sa.Column("trigger", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("until", sa.String(10), nullable=False),
        sa.Column("clause", sa.String(200), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("settlements_by_case", "settlements", ["tenant", "case_ref"])
    op.create_index("settlements_by_chain", "settlements", ["tenant", "chain"])
    op.create_index("settlements_by_statement", "settlements", ["tenant", "statement"])
    op.create_table(
        "statement_sheets",
        sa.Column("sheet", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("request", sa.String(32), nullable=False),
    )
    op.create_index("statement_sheets_by_time", "statement_sheets", ["tenant", "asked_at"])
