"""Operational tables of oversight (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Nothing here is evidence: links, draws and their cases are in the ledger's access log as well, which is what counts.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

oversight_schema = MetaData()

copy_links = Table(
    "copy_links",
    oversight_schema,
    Column("link", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("seat", String(40), nullable=False),
    Column("issued_by", String(64), nullable=False),
    Column("issued_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", String(24)),
    Index("copy_links_by_case", "tenant", "case_ref"),
)

samples = Table(
    "samples",
    oversight_schema,
    Column("sample", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("account", String(64), nullable=False),
    Column("drawn_at", String(24), nullable=False),
    Column("document", Text, nullable=False),
    Index("samples_by_account", "tenant", "account", "drawn_at"),
)

sample_cases = Table(
    "sample_cases",
    oversight_schema,
    Column("sample", String(32), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("account", String(64), nullable=False),
    Column("no", Integer, nullable=False),
    Index("sample_cases_by_account", "tenant", "account", "case_ref"),
)

destruction_batches = Table(
    "destruction_batches",
    oversight_schema,
    Column("batch", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("cases", Text, nullable=False),
    Column("reason", String(400), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("request", String(32), nullable=False),
    Column("started_at", String(24)),
    Column("part", String(16), nullable=False),
    Index("destruction_batches_by_time", "tenant", "asked_at"),
)

statement_sheets = Table(
    "statement_sheets",
    oversight_schema,
    Column("sheet", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("lines", Text, nullable=False),
    Column("reason", String(400), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", String(24), nullable=False),
    Column("request", String(32), nullable=False),
    Index("statement_sheets_by_time", "tenant", "asked_at"),
)
