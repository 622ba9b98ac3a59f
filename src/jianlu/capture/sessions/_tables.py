"""Operational tables of joining (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Nothing here is evidence. Names are masked, tokens of tickets kept as digests; an invitation's token is kept nowhere.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table

joining_schema = MetaData()

invitations = Table(
    "invitations",
    joining_schema,
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
    joining_schema,
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
