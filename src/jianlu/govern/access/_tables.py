"""Tables of rights (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Standings and requests exist nowhere else as rows; each change of them is in the ledger. Decisions are an index of the ledger's access log;
so is which version of the policies is in force.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

access_schema = MetaData()

standings = Table(
    "access_standings",
    access_schema,
    Column("tenant", String(40), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("branch", String(40), nullable=False),
    Column("place", String(16), nullable=False),
    Column("level", Integer, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("changed_at", String(24), nullable=False),
)

requests = Table(
    "access_requests",
    access_schema,
    Column("request", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(64), nullable=False),
    Column("resource_kind", String(40), nullable=False),
    Column("resource", String(128), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_at", String(24)),
    Column("expires_at", String(24), nullable=False),
    Column("used_at", String(24)),
    Column("used_for", String(64), nullable=False, server_default=""),
    Column("place", String(16), nullable=False, server_default=""),
    Column("recipient", String(16), nullable=False, server_default=""),
    Index("access_requests_of_asker", "tenant", "asked_by", "action", "resource"),
    Index("access_requests_by_state", "tenant", "state", "asked_at"),
)

policy_versions = Table(
    "access_policy_versions",
    access_schema,
    Column("tenant", String(40), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("before", Integer, nullable=False),
    Column("before_digest", String(64), nullable=False),
    Column("files", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("reason", String(400), nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("proposed_at", String(24), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_at", String(24)),
    Column("expires_at", String(24), nullable=False),
)

acknowledgements = Table(
    "access_acknowledgements",
    access_schema,
    Column("request", String(27), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("at", String(24), nullable=False),
)

decisions = Table(
    "access_decisions",
    access_schema,
    Column("tenant", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("who_kind", String(8), nullable=False),
    Column("who", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("resource_kind", String(40), nullable=False),
    Column("resource", String(128), nullable=False),
    Column("purpose", String(24), nullable=False),
    Column("is_allowed", Boolean, nullable=False),
    Column("policies", String(400), nullable=False),
    Column("times", BigInteger, nullable=False),
    Index("access_decisions_of_resource", "tenant", "resource_kind", "resource", "at"),
    Index("access_decisions_of_person", "tenant", "who", "at"),
)
