"""How far each store of sealed objects is: probed, copies placed, scrubbed (`vault/stores/scrub.py`).

Every row can be had again by looking at the stores: a lost one costs a reading of everything.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    counts = ("placed", "objects", "bytes", "scrub_at", "scrub_objects", "scrub_bytes", "scrub_repaired", "scrub_lost")
    op.create_table(
        "store_states",
        sa.Column("store", sa.String(40), primary_key=True),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("failed", sa.String(400), nullable=False),
        sa.Column("probed_at", sa.String(24), nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in counts),
        sa.Column("scrub_since", sa.String(24), nullable=False),
        sa.Column("scrubbed_at", sa.String(24), nullable=False),
        sa.Column("problem", sa.String(200), nullable=False),
    )
