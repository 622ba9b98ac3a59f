"""Where an export goes: the place and the kind of recipient that its request states.

The table is that of `govern/access/_tables.py`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, empty for requests that were made before: their exports are asked for anew."""
    op.add_column("access_requests", sa.Column("place", sa.String(16), nullable=False, server_default=""))
    op.add_column("access_requests", sa.Column("recipient", sa.String(16), nullable=False, server_default=""))
