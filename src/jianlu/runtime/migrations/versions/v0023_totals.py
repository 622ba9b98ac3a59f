"""Totals of cases, reviews and retentions beside the rows they count, filled from these, and indices that put reviews in order.

The tables are those of `capture/cases/_tables.py`, `judge/review/_tables.py` and `vault/_tables.py`; `runtime/totals.py` keeps them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and count what is there."""
    _cases()
    _reviews()
    _retentions()


def _cases() -> None:
    kinds = ("tenant", "state", "agent", "created_by", "branch", "place")
    sizes = dict(zip(kinds, (40, 16, 64, 64, 40, 16), strict=True))
    op.create_table(
        "live_case_totals",
        *(sa.Column(name, sa.String(size), primary_key=True) for name, size in sizes.items()),
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO live_case_totals (tenant, state, agent, created_by, branch, place, level, n) "
        "SELECT tenant, state, agent, created_by, branch, place, level, count(*) FROM live_cases "
        "GROUP BY tenant, state, agent, created_by, branch, place, level"
    )


def _reviews() -> None:
    op.create_table(
        "review_totals",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("plan", sa.String(128), primary_key=True),
        sa.Column("roll", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("stage", sa.String(8), primary_key=True),
        sa.Column("state", sa.String(8), primary_key=True),
        sa.Column("outcome", sa.String(12), primary_key=True),
        sa.Column("asks_redo", sa.Boolean, primary_key=True),
        sa.Column("lateness", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("is_appealed", sa.Boolean, primary_key=True),
        sa.Column("due_on", sa.String(10), primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO review_totals "
        "(tenant, plan, roll, stage, state, outcome, asks_redo, lateness, is_appealed, due_on, n) "
        "SELECT tenant, plan, roll, stage, state, outcome, asks_redo, late, appealed, due, count(*) FROM ("
        "SELECT tenant, plan, roll, stage, state, outcome, asks_redo, "
        "CASE WHEN decided_at IS NULL THEN 2 WHEN decided_at >= due_on || 'T16:00:00.000Z' THEN 1 ELSE 0 END AS late, "
        "appealed_at IS NOT NULL AS appealed, "
        "CASE WHEN state = 'done' AND decided_at IS NOT NULL THEN '' ELSE due_on END AS due FROM review_tasks) AS tasks "
        "GROUP BY tenant, plan, roll, stage, state, outcome, asks_redo, late, appealed, due"
    )
    op.drop_index("review_tasks_by_due", "review_tasks")
    op.create_index("review_tasks_by_due", "review_tasks", ["tenant", "state", "due_on", "case_ref", "stage"])
    op.create_index("review_tasks_by_agent", "review_tasks", ["tenant", "agent", "state", "due_on", "case_ref", "stage"])


def _retentions() -> None:
    op.create_table(
        "retention_counts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("part", sa.String(64), primary_key=True),
        sa.Column("clause", sa.String(200), primary_key=True),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO retention_counts (tenant, month, part, clause, n) "
        "SELECT tenant, month, part, clause, count(*) FROM ("
        "SELECT DISTINCT r.tenant, substr(r.until, 1, 7) AS month, r.part, r.clause, r.case_ref FROM retentions r "
        "WHERE NOT EXISTS (SELECT 1 FROM objects o WHERE o.tenant = r.tenant AND o.unit = r.case_ref AND o.state = 'shredded')"
        ") AS kept GROUP BY tenant, month, part, clause"
    )
    op.create_index("retentions_by_day", "retentions", ["tenant", "until", "case_ref", "part"])
