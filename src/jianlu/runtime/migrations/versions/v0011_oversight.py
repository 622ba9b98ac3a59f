"""Oversight: links to a customer's own copy, and the samples that an inspection drew.

The tables are those of `deliver/oversight/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "copy_links",
        sa.Column("link", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(40), nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_at", sa.String(24)),
    )
    op.create_index("copy_links_by_case", "copy_links", ["tenant", "case_ref"])
    op.create_table(
        "samples",
        sa.Column("sample", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("drawn_at", sa.String(24), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("samples_by_account", "samples", ["tenant", "account", "drawn_at"])
    op.create_table(
        "sample_cases",
        sa.Column("sample", sa.String(32), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("no", sa.Integer, nullable=False),
    )
    op.create_index("sample_cases_by_account", "sample_cases", ["tenant", "account", "case_ref"])
