"""The search index: cases as they are filtered, blocks of sealed postings of what was said (`deliver/search`).

Every row is derived from the vault; `jianlu vault reindex` makes them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "search_cases",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("began_at", sa.String(24), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("scene", sa.String(40), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("tenant", "ordinal", name="search_cases_by_ordinal"),
    )
    op.create_index("search_cases_by_time", "search_cases", ["tenant", "began_at"])
    op.create_index("search_cases_by_agent", "search_cases", ["tenant", "agent", "began_at"])
    op.create_index("search_cases_by_block", "search_cases", ["tenant", "block"])
    op.create_table(
        "search_blocks",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("block", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("roster", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_pages",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("block", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("page", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_progress",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("next_ordinal", sa.BigInteger, nullable=False),
        sa.Column("next_block", sa.BigInteger, nullable=False),
    )
