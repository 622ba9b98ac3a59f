"""Tables of the search index (SQLAlchemy Core); `runtime/migrations` creates them, a test holds the two together.

Every row is derived from the vault. What is in the clear is what work lists show too; the rest is sealed: a case's transcript with a
key of the case, postings and rosters with a key of their block (`docs/decisions/0102-search.md`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

search_schema = MetaData()

_ASKED = ("ordinal", "case_ref", "product", "scene")
"""What filters and rights ask: in the indices, so that no row with its sealed transcript is read before it is shown."""

search_cases = Table(
    "search_cases",
    search_schema,
    Column("tenant", String(40), primary_key=True),
    Column("case_ref", String(64), primary_key=True),
    Column("ordinal", BigInteger, nullable=False),
    Column("block", BigInteger, nullable=False),
    Column("began_at", String(24), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("product", String(64), nullable=False),
    Column("scene", String(40), nullable=False),
    Column("language", String(8), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "ordinal", name="search_cases_by_ordinal"),
    Index("search_cases_by_time", "tenant", "began_at", *_ASKED, "agent"),
    Index("search_cases_by_agent", "tenant", "agent", "began_at", *_ASKED),
    Index("search_cases_by_block", "tenant", "block"),
)

search_blocks = Table(
    "search_blocks",
    search_schema,
    Column("tenant", String(40), primary_key=True),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("level", Integer, nullable=False),
    Column("roster", LargeBinary, nullable=False),
)

search_pages = Table(
    "search_pages",
    search_schema,
    Column("tenant", String(40), primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("page", LargeBinary, nullable=False),
)

search_progress = Table(
    "search_progress",
    search_schema,
    Column("tenant", String(40), primary_key=True),
    Column("next_ordinal", BigInteger, nullable=False),
    Column("next_block", BigInteger, nullable=False),
)
"""The next numbers to give; its row is also the lock of whoever changes the tenant's index."""
