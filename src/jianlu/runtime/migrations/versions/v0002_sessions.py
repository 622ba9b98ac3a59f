"""Live cases: their rows, versions of scripts, invitations, the queue (`capture/cases/_tables.py`).

Nothing in these tables is evidence, and nothing of them is rebuilt by reindexing: the database is backed up.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of live cases."""
    _create_cases()
    _create_scripts()
    _create_joining()


def _create_cases() -> None:
    op.create_table(
        "live_cases",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("scene", sa.String(40), nullable=False),
        sa.Column("scene_version", sa.String(20), nullable=False),
        sa.Column("script", sa.String(40), nullable=False),
        sa.Column("script_version", sa.String(20), nullable=False),
        sa.Column("script_digest", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("profile", sa.String(40), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("customer", sa.String(80), nullable=False),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("agent_display", sa.String(80), nullable=False),
        sa.Column("check_code", sa.String(8), nullable=False),
        sa.Column("zero_us", sa.BigInteger),
        sa.Column("showing", sa.String(400), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("started_at", sa.String(24)),
        sa.Column("ended_at", sa.String(24)),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.UniqueConstraint("tenant", "number", name="live_cases_by_number"),
    )
    op.create_index("live_cases_by_state", "live_cases", ["tenant", "state", "created_at"])


def _create_scripts() -> None:
    op.create_table(
        "script_versions",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("script", sa.String(40), primary_key=True),
        sa.Column("version", sa.String(20), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("conditions", sa.String(4000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("effective_from", sa.String(10), nullable=False),
        sa.Column("effective_to", sa.String(10), nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("proposed_at", sa.String(24), nullable=False),
        sa.Column("approved_by", sa.String(64), nullable=False),
        sa.Column("approved_at", sa.String(24), nullable=False),
    )


def _create_joining() -> None:
    op.create_table(
        "invitations",
        sa.Column("invitation", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(40), nullable=False),
        sa.Column("issued_by", sa.String(64), nullable=False),
        sa.Column("issued_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
        sa.Column("used_at", sa.String(24)),
        sa.Column("revoked_at", sa.String(24)),
    )
    op.create_index("invitations_by_case", "invitations", ["tenant", "case_ref", "seat"])
    op.create_table(
        "queue_tickets",
        sa.Column("ticket", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scene", sa.String(40), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("profile", sa.String(40), nullable=False),
        sa.Column("licence", sa.String(40), nullable=False),
        sa.Column("skills", sa.String(400), nullable=False),
        sa.Column("display", sa.String(80), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("entered_at", sa.String(24), nullable=False),
        sa.Column("taken_by", sa.String(64), nullable=False),
        sa.Column("taken_at", sa.String(24)),
        sa.Column("case_ref", sa.String(64), nullable=False),
    )
    op.create_index("queue_tickets_by_state", "queue_tickets", ["tenant", "state", "entered_at"])
