"""Lists of cases read their indices alone: state, age and whatever a rule about cases may ask stand in them.

The table is that of `capture/cases/_tables.py`.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ASKED = ("agent", "created_by", "branch", "place", "level")


def upgrade() -> None:
    """Make the two indices wider."""
    for name, columns in (
        ("live_cases_by_state", ["tenant", "state", "created_at", "case_ref", *_ASKED]),
        ("live_cases_by_age", ["tenant", "created_at", "case_ref", "state", *_ASKED, "number", "title"]),
    ):
        op.drop_index(name, "live_cases")
        op.create_index(name, "live_cases", columns)
