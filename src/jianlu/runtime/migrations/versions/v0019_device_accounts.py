"""Which accounts signed in with the key of which browser (`govern/identity/same_device.py`).

Remembered so that one person with two accounts does not do what two people must.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; who signed in before is entered at the next sign-in."""
    op.create_table(
        "device_accounts",
        sa.Column("tenant", sa.String(40), primary_key=True),
        sa.Column("device_key", sa.String(100), primary_key=True),
        sa.Column("account", sa.String(27), primary_key=True),
        sa.Column("last_at", sa.String(24), nullable=False),
    )
    op.create_index("device_accounts_by_account", "device_accounts", ["tenant", "account"])
