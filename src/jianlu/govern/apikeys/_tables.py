"""The table of API keys (SQLAlchemy Core); `runtime/migrations` creates it, a test holds the two together.

A key is kept as SHA-256 only: whoever reads the database cannot use one.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint

apikeys_schema = MetaData()

api_keys = Table(
    "api_keys",
    apikeys_schema,
    Column("key", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("account", String(27), nullable=False),
    Column("name", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(1000), nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("created_by", String(27), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("used_at", String(24)),
    Column("revoked_at", String(24)),
    UniqueConstraint("digest", name="api_keys_by_digest"),
    Index("api_keys_by_account", "tenant", "account"),
)
