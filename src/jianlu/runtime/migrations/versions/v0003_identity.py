"""Identity and the service: accounts, sign-ins, admissions (`govern/identity/_tables.py`), answered calls (`deliver/api/_tables.py`).

These rows exist nowhere else, unlike the evidence index: reindexing leaves them alone, and the database is backed up.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of identity and of the service."""
    _create_identity()
    op.create_table(
        "answered_calls",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("begun_at", sa.String(24), nullable=False),
    )


def _create_identity() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("display", sa.String(80), nullable=False),
        sa.Column("roles", sa.String(200), nullable=False),
        sa.Column("languages", sa.String(200), nullable=False),
        sa.Column("licences", sa.String(1000), nullable=False),
        sa.Column("skills", sa.String(1000), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("totp_wrapped", sa.String(400)),
        sa.Column("totp_is_on", sa.Boolean, nullable=False),
        sa.Column("totp_last_step", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.String(24)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.UniqueConstraint("tenant", "name", name="accounts_by_name"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("by_totp", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("sign_ins_by_account", "sign_ins", ["account"])
    op.create_table(
        "admissions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("seat", sa.String(40), nullable=False),
        sa.Column("scope", sa.String(80), nullable=False),
        sa.Column("admitted_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("admissions_by_case", "admissions", ["tenant", "case_ref", "seat"])
