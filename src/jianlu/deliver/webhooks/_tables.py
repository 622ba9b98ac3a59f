"""The tables of webhooks (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

An endpoint's secrets are wrapped by the home's key keeper. A message is one thing that happened; a delivery is one message to one
endpoint; `webhook_feeds` says up to which ledger position messages were made; `webhook_awaited` holds cases whose package is not told yet.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

webhooks_schema = MetaData()

endpoints = Table(
    "webhook_endpoints",
    webhooks_schema,
    Column("endpoint", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("url", String(500), nullable=False),
    Column("name", String(80), nullable=False),
    Column("topics", String(500), nullable=False),
    Column("scheme", String(4), nullable=False),
    Column("secret", String(400), nullable=False),
    Column("former_secret", String(400)),
    Column("former_until", String(24)),
    Column("is_active", Boolean, nullable=False),
    Column("why_off", String(200), nullable=False),
    Column("created_by", String(27), nullable=False),
    Column("created_at", String(24), nullable=False),
)

messages = Table(
    "webhook_messages",
    webhooks_schema,
    Column("message", String(40), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", String(24), nullable=False),
    Index("webhook_messages_by_time", "tenant", "at"),
)

deliveries = Table(
    "webhook_deliveries",
    webhooks_schema,
    Column("message", String(40), primary_key=True),
    Column("endpoint", String(27), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before_ms", BigInteger, nullable=False),
    Column("sender", String(64), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("status", Integer),
    Column("error", String(200), nullable=False),
    Column("made_at", String(24), nullable=False),
    Column("tried_at", String(24)),
    Index("webhook_deliveries_due", "state", "not_before_ms"),
    Index("webhook_deliveries_by_endpoint", "endpoint", "made_at", "message"),
)

feeds = Table(
    "webhook_feeds",
    webhooks_schema,
    Column("tenant", String(40), primary_key=True),
    Column("position", BigInteger, nullable=False),
)

awaited = Table(
    "webhook_awaited",
    webhooks_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("told", String(16), nullable=False),
)
