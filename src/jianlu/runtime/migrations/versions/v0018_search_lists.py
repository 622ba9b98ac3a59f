"""Filters and rights of searches are read out of indices alone: rows of found cases are large, because they hold sealed transcripts.

The table is that of `deliver/search/_tables.py`.
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ASKED = ("ordinal", "case_ref", "product", "scene")


def upgrade() -> None:
    """Make the two indices wider."""
    for name, columns in (
        ("search_cases_by_time", ["tenant", "began_at", *_ASKED, "agent"]),
        ("search_cases_by_agent", ["tenant", "agent", "began_at", *_ASKED]),
    ):
        op.drop_index(name, "search_cases")
        op.create_index(name, "search_cases", columns)
