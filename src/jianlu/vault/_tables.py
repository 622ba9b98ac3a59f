"""The index's tables (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Every row is derived from ledger entries and the vault's files; no table holds anything that exists nowhere else.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

index_schema = MetaData()

events = Table(
    "events",
    index_schema,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("type", String(64), nullable=False),
    Column("at", String(24), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("events_by_case", "tenant", "case_ref", "n"),
)

objects = Table(
    "objects",
    index_schema,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("field", String(64), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("sealed_digest", String(64), nullable=False),
    Column("sealed_bytes", BigInteger, nullable=False),
    Column("plain_bytes", BigInteger, nullable=False),
    Column("commitment", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Index("objects_by_unit", "tenant", "unit", "object", "version"),
)

cases = Table(
    "cases",
    index_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("opened_at", String(24), nullable=False),
    Column("closed_at", String(24)),
    Column("events", BigInteger, nullable=False),
    Column("head_digest", String(64), nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("duration_ms", BigInteger),
    Column("media_bytes", BigInteger),
    Column("met", BigInteger),
    Column("not_met", BigInteger),
    Column("not_evidenced", BigInteger),
)

retentions = Table(
    "retentions",
    index_schema,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("part", String(64), nullable=False),
    Column("until", String(10), nullable=False),
    Column("clause", String(200), nullable=False),
    Index("retentions_by_case", "tenant", "case_ref"),
    Index("retentions_by_day", "tenant", "until", "case_ref", "part"),
)

retention_counts = Table(
    "retention_counts",
    index_schema,
    Column("tenant", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("part", String(64), primary_key=True),
    Column("clause", String(200), primary_key=True),
    Column("n", BigInteger, nullable=False),
)

holds = Table(
    "holds",
    index_schema,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(40), nullable=False),
    Column("chain", String(64), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("hold", String(32), nullable=False),
    Column("is_lift", Boolean, nullable=False),
    Column("at", String(24), nullable=False),
    Index("holds_by_case", "tenant", "case_ref", "hold"),
    Index("holds_by_chain", "tenant", "chain"),
)

settlements = Table(
    "settlements",
    index_schema,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(40), nullable=False),
    Column("chain", String(64), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("statement", String(32), nullable=False),
    Column("trigger", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("until", String(10), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("at", String(24), nullable=False),
    Index("settlements_by_case", "tenant", "case_ref"),
    Index("settlements_by_chain", "tenant", "chain"),
    Index("settlements_by_statement", "tenant", "statement"),
)

store_states = Table(
    "store_states",
    index_schema,
    Column("store", String(40), primary_key=True),
    Column("label", String(16), nullable=False),
    Column("failed", String(400), nullable=False),
    Column("probed_at", String(24), nullable=False),
    Column("placed", BigInteger, nullable=False),
    Column("objects", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("scrub_at", BigInteger, nullable=False),
    Column("scrub_objects", BigInteger, nullable=False),
    Column("scrub_bytes", BigInteger, nullable=False),
    Column("scrub_repaired", BigInteger, nullable=False),
    Column("scrub_lost", BigInteger, nullable=False),
    Column("scrub_since", String(24), nullable=False),
    Column("scrubbed_at", String(24), nullable=False),
    Column("problem", String(200), nullable=False),
)

index_progress = Table(
    "index_progress",
    index_schema,
    Column("ledger", Integer, primary_key=True, autoincrement=False),
    Column("entries", BigInteger, nullable=False),
)
