"""Sign-in by two people and from known places: release of enrolment links, names of sign-ins, localities, groups of the directory.

The tables are those of `govern/identity/_tables.py`. Links of before are dropped: nobody could release them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and create the tables; what is kept already is filled in from what it was."""
    op.add_column("sign_ins", sa.Column("name", sa.String(16), nullable=False, server_default=""))
    op.add_column("sign_ins", sa.Column("locality", sa.String(40), nullable=False, server_default=""))
    op.execute("UPDATE sign_ins SET name = substr(digest, 1, 16)")
    op.create_index("sign_ins_by_name", "sign_ins", ["name"])
    op.execute("DELETE FROM enrolments")
    for name, characters in (("made_key", 100), ("released_by", 80), ("release_key", 100)):
        op.add_column("enrolments", sa.Column(name, sa.String(characters), nullable=False, server_default=""))
    op.add_column("enrolments", sa.Column("release_wrapped", sa.String(400)))
    op.add_column("enrolments", sa.Column("released_until", sa.String(24)))
    op.add_column("enrolments", sa.Column("tries", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "notices_read",
        sa.Column("account", sa.String(27), primary_key=True),
        sa.Column("until_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "account_localities",
        sa.Column("account", sa.String(27), primary_key=True),
        sa.Column("locality", sa.String(40), primary_key=True),
        sa.Column("first_at", sa.String(24), nullable=False),
        sa.Column("last_at", sa.String(24), nullable=False),
    )
    _directory()


def _directory() -> None:
    op.add_column("directory_links", sa.Column("is_wanted", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("directory_links", sa.Column("said_roles", sa.String(200), nullable=False, server_default=""))
    op.execute(
        "UPDATE directory_links SET said_roles = "
        "(SELECT roles FROM accounts WHERE accounts.account = directory_links.account), "
        "is_wanted = (SELECT is_active FROM accounts WHERE accounts.account = directory_links.account)"
    )
    op.create_table(
        "directory_groups",
        sa.Column("group_id", sa.String(27), primary_key=True),
        sa.Column("tenant", sa.String(40), nullable=False),
        sa.Column("external", sa.String(255), nullable=False),
        sa.Column("display", sa.String(255), nullable=False),
        sa.Column("created_at", sa.String(24), nullable=False),
        sa.UniqueConstraint("tenant", "display", name="directory_groups_by_display"),
    )
    op.create_table(
        "directory_members",
        sa.Column("group_id", sa.String(27), primary_key=True),
        sa.Column("account", sa.String(27), primary_key=True),
    )
    op.create_index("directory_members_by_account", "directory_members", ["account"])
