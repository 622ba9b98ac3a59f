"""Sign-in: passkeys, challenges, enrolment links, an organisation's own sign-in and directory, and sign-ins bound to a device.

Tables are `govern/identity/_tables.py`. Sign-ins of before are dropped: they are bound to nothing, so people sign in anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what ways to sign in beside the password need; give sign-ins a device and an instant of proof."""
    op.drop_table("sign_ins")
    op.create_table(
        "sign_ins",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("by_totp", sa.Boolean, nullable=False),
        sa.Column("device_key", sa.String(100), nullable=False),
        sa.Column("device_name", sa.String(80), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("present_until", sa.String(24), nullable=False),
        sa.Column("proved_at", sa.String(24), nullable=False),
        sa.Column("proved_by", sa.String(20), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("sign_ins_by_account", "sign_ins", ["account"])
    _create_passkeys()
    op.create_table(
        "enrolments",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
    op.create_index("enrolments_by_account", "enrolments", ["account"])
    op.create_table(
        "directory_links",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("source", sa.String(200), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("account", sa.String(27), nullable=False),
    )
    op.create_index("directory_links_by_account", "directory_links", ["account"])


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("passkey", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("credential", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.String(4000), nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("is_backed_up", sa.Boolean, nullable=False),
        sa.Column("is_cloned", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("used_at", sa.String(24)),
        sa.UniqueConstraint("credential", name="passkeys_by_credential"),
    )
    op.create_index("passkeys_by_account", "passkeys", ["account"])
    op.create_table(
        "challenges",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("bound_to", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
    )
