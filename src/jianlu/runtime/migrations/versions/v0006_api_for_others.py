"""What other programs call and are told: API keys (`govern/apikeys/_tables.py`), webhooks (`deliver/webhooks/_tables.py`).

Keys and endpoints exist nowhere else; messages follow from the ledger and could be made again, but who got which could not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of API keys and of webhooks."""
    _create_keys()
    _create_endpoints()
    _create_messages()


def _create_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("per_minute", sa.Integer, nullable=False),
        sa.Column("created_by", sa.String(27), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
        sa.Column("used_at", sa.String(24)),
        sa.Column("revoked_at", sa.String(24)),
        sa.UniqueConstraint("digest", name="api_keys_by_digest"),
    )
    op.create_index("api_keys_by_account", "api_keys", ["tenant", "account"])


def _create_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("endpoint", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("topics", sa.String(500), nullable=False),
        sa.Column("scheme", sa.String(4), nullable=False),
        sa.Column("secret", sa.String(400), nullable=False),
        sa.Column("former_secret", sa.String(400)),
        sa.Column("former_until", sa.String(24)),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("why_off", sa.String(200), nullable=False),
        sa.Column("created_by", sa.String(27), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
    )


def _create_messages() -> None:
    op.create_table(
        "webhook_messages",
        sa.Column("message", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("webhook_messages_by_time", "webhook_messages", ["tenant", "at"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("message", sa.String(40), primary_key=True),
        sa.Column("endpoint", sa.String(27), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before_ms", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.Column("tried_at", sa.String(24)),
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["state", "not_before_ms"])
    op.create_index("webhook_deliveries_by_endpoint", "webhook_deliveries", ["endpoint", "made_at", "message"])
    op.create_table(
        "webhook_feeds",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "webhook_awaited",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("case_ref", sa.String(64), primary_key=True),
        sa.Column("told", sa.String(16), nullable=False),
    )
