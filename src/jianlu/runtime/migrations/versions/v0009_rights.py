"""Rights: standings of accounts, requests that take a second person, the index of the access log; branch, place and level of a case.

Tables are `govern/access/_tables.py` and `capture/cases/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of rights; give cases what rights ask for."""
    _give_cases_what_rights_ask_for()
    op.create_table(
        "access_standings",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("branch", sa.String(40), nullable=False),
        sa.Column("place", sa.String(16), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.String(24), nullable=False),
    )
    _create_requests()
    _create_decisions()


def _give_cases_what_rights_ask_for() -> None:
    op.add_column("live_cases", sa.Column("branch", sa.String(40), nullable=False, server_default=""))
    op.add_column("live_cases", sa.Column("place", sa.String(16), nullable=False, server_default=""))
    op.add_column("live_cases", sa.Column("level", sa.Integer, nullable=False, server_default="3"))
    op.create_index("live_cases_by_agent", "live_cases", ["tenant", "agent", "created_at"])
    op.create_index("live_cases_by_age", "live_cases", ["tenant", "created_at", "case_ref"])


def _create_requests() -> None:
    op.create_table(
        "access_requests",
        sa.Column("request", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("resource_kind", sa.String(40), nullable=False),
        sa.Column("resource", sa.String(128), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.String(24), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", sa.String(24)),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("access_requests_of_asker", "access_requests", ["tenant", "asked_by", "action", "resource"])
    op.create_index("access_requests_by_state", "access_requests", ["tenant", "state", "asked_at"])


def _create_decisions() -> None:
    op.create_table(
        "access_decisions",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("who_kind", sa.String(8), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("resource_kind", sa.String(40), nullable=False),
        sa.Column("resource", sa.String(128), nullable=False),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("is_allowed", sa.Boolean, nullable=False),
        sa.Column("policies", sa.String(400), nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
    )
    op.create_index("access_decisions_of_resource", "access_decisions", ["tenant", "resource_kind", "resource", "at"])
    op.create_index("access_decisions_of_person", "access_decisions", ["tenant", "who", "at"])
