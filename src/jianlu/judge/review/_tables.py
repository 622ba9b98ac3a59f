"""Tables of the review (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

They find and continue; what was drawn and decided is in the ledger's review chains, from which `draw.py` and `decide.py` enter these rows.
Reasons and appeals are sealed and nowhere here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, and_, case

from jianlu.judge.review.model import TaskState
from jianlu.runtime.totals import Totals

IN_TIME, LATE, UNDECIDED = 0, 1, 2
"""What `review_totals.lateness` says: decided on the last day or before, decided behind it, not decided."""

DAY_ENDS = "T16:00:00.000Z"
"""A day ends at four in the afternoon of UTC, which is midnight in China (`days.py`)."""

review_schema = MetaData()

review_rolls = Table(
    "review_rolls",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("plan", String(128), primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("eligible", Integer, nullable=False),
    Column("grouped", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),
    Column("frozen_at", String(24), nullable=False),
)

review_tasks = Table(
    "review_tasks",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("stage", String(8), primary_key=True),
    Column("plan", String(128), nullable=False),
    Column("roll", Integer, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("stratum", String(40), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("state", String(8), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("barred", String(4000), nullable=False),
    Column("reviewer", String(64), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("asks_redo", Boolean, nullable=False),
    Column("opened_at", String(24), nullable=False),
    Column("taken_at", String(24)),
    Column("decided_at", String(24)),
    Column("appealed_at", String(24)),
    Column("alarmed_at", String(24)),
    Index("review_tasks_by_due", "tenant", "state", "due_on", "case_ref", "stage"),
    Index("review_tasks_by_agent", "tenant", "agent", "state", "due_on", "case_ref", "stage"),
)

review_totals = Table(
    "review_totals",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("plan", String(128), primary_key=True),
    Column("roll", Integer, primary_key=True, autoincrement=False),
    Column("stage", String(8), primary_key=True),
    Column("state", String(8), primary_key=True),
    Column("outcome", String(12), primary_key=True),
    Column("asks_redo", Boolean, primary_key=True),
    Column("lateness", Integer, primary_key=True, autoincrement=False),
    Column("is_appealed", Boolean, primary_key=True),
    Column("due_on", String(10), primary_key=True),
    Column("n", BigInteger, nullable=False),
)

_c = review_tasks.c
REVIEW_TOTALS = Totals(
    review_tasks,
    review_totals,
    {
        **{name: _c[name] for name in ("tenant", "plan", "roll", "stage", "state", "outcome", "asks_redo")},
        "lateness": case((_c.decided_at.is_(None), UNDECIDED), (_c.decided_at >= _c.due_on + DAY_ENDS, LATE), else_=IN_TIME),
        "is_appealed": _c.appealed_at.is_not(None),
        "due_on": case((and_(_c.state == TaskState.DONE, _c.decided_at.is_not(None)), ""), else_=_c.due_on),
    },
)
"""How many reviews there are of a kind; the last day is told apart only of those on which something still depends on it."""

review_verdicts = Table(
    "review_verdicts",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("stage", String(8), primary_key=True),
    Column("clause", String(200), primary_key=True),
    Column("machine", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reviewer", String(64), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("decided_at", String(24), nullable=False),
    Index("review_verdicts_by_clause", "tenant", "clause"),
)

review_redos = Table(
    "review_redos",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("due_on", String(10), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("successor", String(64), nullable=False),
    Column("assigned_at", String(24)),
    Column("completed_at", String(24)),
    Column("alarmed_at", String(24)),
    Index("review_redos_by_successor", "tenant", "successor"),
)

review_counts = Table(
    "review_counts",
    review_schema,
    Column("tenant", String(40), primary_key=True),
    Column("what", String(8), primary_key=True),
    Column("key", String(400), primary_key=True),
    Column("n", Integer, nullable=False),
)
