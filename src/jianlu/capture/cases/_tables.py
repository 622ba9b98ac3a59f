"""Operational tables of live cases (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Nothing here is evidence: what a court asks for is in the ledger. Names are masked, tokens kept as digests, scripts as their bytes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

cases_schema = MetaData()

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
    UniqueConstraint("tenant", "number", name="live_cases_by_number"),
    Index("live_cases_by_state", "tenant", "state", "created_at"),
)

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

invitations = Table(
    "invitations",
    cases_schema,
    Column("invitation", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("seat", String(40), nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("issued_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("used_at", String(24)),
    Column("revoked_at", String(24)),
    Index("invitations_by_case", "tenant", "case_ref", "seat"),
)

queue_tickets = Table(
    "queue_tickets",
    cases_schema,
    Column("ticket", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scene", String(40), nullable=False),
    Column("language", String(8), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("licence", String(40), nullable=False),
    Column("skills", String(400), nullable=False),
    Column("display", String(80), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("entered_at", String(24), nullable=False),
    Column("taken_by", String(64), nullable=False),
    Column("taken_at", String(24)),
    Column("case_ref", String(64), nullable=False),
    Index("queue_tickets_by_state", "tenant", "state", "entered_at"),
)
