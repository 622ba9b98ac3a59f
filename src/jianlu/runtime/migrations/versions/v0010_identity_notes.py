"""Identity notes: every sign-in, refusal, enrolment and revocation, on its way into the ledger.

The table is `govern/identity/_tables.py`'s.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "identity_notes",
        sa.Column("note", sa.String(32), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("account", sa.String(27), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("how", sa.String(80), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("is_kept", sa.Boolean, nullable=False),
    )
    op.create_index("identity_notes_to_keep", "identity_notes", ["tenant", "is_kept", "at"])
    op.create_index("identity_notes_by_account", "identity_notes", ["account", "at"])
