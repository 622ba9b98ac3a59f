"""Operational tables of live cases (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Nothing here is evidence: what a court asks for is in the ledger. Names are masked, scripts kept as their bytes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from jianlu.runtime.totals import Totals

cases_schema = MetaData()

_ASKED = ("agent", "created_by", "branch", "place", "level")
"""What rules about cases may ask beside state and reference: in the indices of lists, so that a count reads no row."""

live_cases = Table(
    "live_cases",
    cases_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("number", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("scene", String(40), nullable=False),
    Column("scene_version", String(20), nullable=False),
    Column("script", String(40), nullable=False),
    Column("script_version", String(20), nullable=False),
    Column("script_digest", String(64), nullable=False),
    Column("language", String(8), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("customer", String(80), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("agent_display", String(80), nullable=False),
    Column("check_code", String(8), nullable=False),
    Column("zero_us", BigInteger),
    Column("showing", String(400), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("started_at", String(24)),
    Column("ended_at", String(24)),
    Column("request_digest", String(64), nullable=False),
    Column("branch", String(40), nullable=False, server_default=""),
    Column("place", String(16), nullable=False, server_default=""),
    Column("level", Integer, nullable=False, server_default="3"),
    UniqueConstraint("tenant", "number", name="live_cases_by_number"),
    Index("live_cases_by_state", "tenant", "state", "created_at", "case_ref", *_ASKED),
    Index("live_cases_by_agent", "tenant", "agent", "created_at"),
    Index("live_cases_by_age", "tenant", "created_at", "case_ref", "state", *_ASKED, "number", "title"),
)

live_case_totals = Table(
    "live_case_totals",
    cases_schema,
    Column("tenant", String(40), primary_key=True),
    Column("state", String(16), primary_key=True),
    Column("agent", String(64), primary_key=True),
    Column("created_by", String(64), primary_key=True),
    Column("branch", String(40), primary_key=True),
    Column("place", String(16), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, nullable=False),
)

CASE_TOTALS = Totals(live_cases, live_case_totals, {name: live_cases.c[name] for name in ("tenant", "state", *_ASKED)})
"""How many cases there are of everything that rules may ask: a list says how many its reader sees without counting them."""

script_versions = Table(
    "script_versions",
    cases_schema,
    Column("tenant", String(40), primary_key=True),
    Column("script", String(40), primary_key=True),
    Column("version", String(20), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("conditions", String(4000), nullable=False),
    Column("state", String(16), nullable=False),
    Column("effective_from", String(10), nullable=False),
    Column("effective_to", String(10), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", String(24), nullable=False),
    Column("approved_by", String(64), nullable=False),
    Column("approved_at", String(24), nullable=False),
)

script_drafts = Table(
    "script_drafts",
    cases_schema,
    Column("tenant", String(40), primary_key=True),
    Column("script", String(40), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("based_on", String(20), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("saved_by", String(64), nullable=False),
    Column("saved_at", String(24), nullable=False),
)

script_acts = Table(
    "script_acts",
    cases_schema,
    Column("tenant", String(40), primary_key=True),
    Column("script", String(40), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("act", String(16), nullable=False),
    Column("version", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("account", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Column("reason", String(400), nullable=False),
)
