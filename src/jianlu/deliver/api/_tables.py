"""Answered calls (SQLAlchemy Core), for idempotency keys.

`runtime/migrations` creates the table, a test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

api_schema = MetaData()

answered_calls = Table(
    "answered_calls",
    api_schema,
    Column("digest", String(64), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("begun_at", String(24), nullable=False),
)
