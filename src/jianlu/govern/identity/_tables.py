"""Identity's tables (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Unlike the evidence index these rows exist nowhere else: the database is backed up. Tokens are kept as SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, UniqueConstraint

identity_schema = MetaData()

accounts = Table(
    "accounts",
    identity_schema,
    Column("account", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("name", String(64), nullable=False),
    Column("display", String(80), nullable=False),
    Column("roles", String(200), nullable=False),
    Column("languages", String(200), nullable=False),
    Column("licences", String(1000), nullable=False),
    Column("skills", String(1000), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("totp_wrapped", String(400)),
    Column("totp_is_on", Boolean, nullable=False),
    Column("totp_last_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", String(24)),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", String(24), nullable=False),
    UniqueConstraint("tenant", "name", name="accounts_by_name"),
)

sign_ins = Table(
    "sign_ins",
    identity_schema,
    Column("digest", String(64), primary_key=True),
    Column("account", String(27), nullable=False),
    Column("by_totp", Boolean, nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Index("sign_ins_by_account", "account"),
)

admissions = Table(
    "admissions",
    identity_schema,
    Column("digest", String(64), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("case_ref", String(64), nullable=False),
    Column("seat", String(40), nullable=False),
    Column("scope", String(80), nullable=False),
    Column("admitted_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Index("admissions_by_case", "tenant", "case_ref", "seat"),
)
