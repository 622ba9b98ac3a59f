"""The index's tables (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Every row is derived from ledger entries and the vault's files; no table holds anything that exists nowhere else.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

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
)

index_progress = Table(
    "index_progress",
    index_schema,
    Column("ledger", Integer, primary_key=True, autoincrement=False),
    Column("entries", BigInteger, nullable=False),
)
