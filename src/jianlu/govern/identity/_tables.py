"""Identity's tables (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Unlike the evidence index these rows exist nowhere else: the database is backed up. Tokens are kept as SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, UniqueConstraint, true

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
    Column("name", String(16), nullable=False, server_default=""),
    Column("account", String(27), nullable=False),
    Column("method", String(20), nullable=False),
    Column("by_totp", Boolean, nullable=False),
    Column("device_key", String(100), nullable=False),
    Column("device_name", String(80), nullable=False),
    Column("place", String(64), nullable=False),
    Column("locality", String(40), nullable=False, server_default=""),
    Column("present_until", String(24), nullable=False),
    Column("proved_at", String(24), nullable=False),
    Column("proved_by", String(20), nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Index("sign_ins_by_account", "account"),
    Index("sign_ins_by_name", "name"),
)

passkeys = Table(
    "passkeys",
    identity_schema,
    Column("passkey", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("account", String(27), nullable=False),
    Column("credential", String(1400), nullable=False),
    Column("public_key", String(4000), nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(80), nullable=False),
    Column("is_backed_up", Boolean, nullable=False),
    Column("is_cloned", Boolean, nullable=False),
    Column("created_at", String(24), nullable=False),
    Column("used_at", String(24)),
    UniqueConstraint("credential", name="passkeys_by_credential"),
    Index("passkeys_by_account", "account"),
)

challenges = Table(
    "challenges",
    identity_schema,
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("bound_to", String(64), nullable=False),
    Column("expires_at", String(24), nullable=False),
)

enrolments = Table(
    "enrolments",
    identity_schema,
    Column("digest", String(64), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("account", String(27), nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("made_key", String(100), nullable=False, server_default=""),
    Column("created_at", String(24), nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("release_wrapped", String(400)),
    Column("released_by", String(80), nullable=False, server_default=""),
    Column("release_key", String(100), nullable=False, server_default=""),
    Column("released_until", String(24)),
    Column("tries", Integer, nullable=False, server_default="0"),
    Index("enrolments_by_account", "account"),
)

directory_links = Table(
    "directory_links",
    identity_schema,
    Column("tenant", String(40), primary_key=True),
    Column("source", String(200), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account", String(27), nullable=False),
    Column("is_wanted", Boolean, nullable=False, server_default=true()),
    Column("said_roles", String(200), nullable=False, server_default=""),
    Index("directory_links_by_account", "account"),
)

directory_groups = Table(
    "directory_groups",
    identity_schema,
    Column("group_id", String(27), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("external", String(255), nullable=False),
    Column("display", String(255), nullable=False),
    Column("created_at", String(24), nullable=False),
    UniqueConstraint("tenant", "display", name="directory_groups_by_display"),
)

directory_members = Table(
    "directory_members",
    identity_schema,
    Column("group_id", String(27), primary_key=True),
    Column("account", String(27), primary_key=True),
    Index("directory_members_by_account", "account"),
)

account_localities = Table(
    "account_localities",
    identity_schema,
    Column("account", String(27), primary_key=True),
    Column("locality", String(40), primary_key=True),
    Column("first_at", String(24), nullable=False),
    Column("last_at", String(24), nullable=False),
)

notices_read = Table(
    "notices_read",
    identity_schema,
    Column("account", String(27), primary_key=True),
    Column("until_at", String(24), nullable=False),
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

notes = Table(
    "identity_notes",
    identity_schema,
    Column("note", String(32), primary_key=True),
    Column("tenant", String(40), nullable=False),
    Column("at", String(24), nullable=False),
    Column("act", String(40), nullable=False),
    Column("account", String(27), nullable=False),
    Column("by", String(80), nullable=False),
    Column("how", String(80), nullable=False),
    Column("device", String(80), nullable=False),
    Column("is_kept", Boolean, nullable=False),
    Index("identity_notes_to_keep", "tenant", "is_kept", "at"),
    Index("identity_notes_by_account", "account", "at"),
)

device_accounts = Table(
    "device_accounts",
    identity_schema,
    Column("tenant", String(40), primary_key=True),
    Column("device_key", String(100), primary_key=True),
    Column("account", String(27), primary_key=True),
    Column("last_at", String(24), nullable=False),
    Index("device_accounts_by_account", "tenant", "account"),
)
