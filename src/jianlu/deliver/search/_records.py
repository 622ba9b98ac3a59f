"""Rows of the search index: read and written for this package.

The caller opens the transaction; what is in a sealed column is not known here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, String, cast, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from jianlu.deliver.search._tables import search_blocks, search_cases, search_pages, search_progress
from jianlu.deliver.search.blocks import SealedBlock
from jianlu.runtime.cursors import numbers_in


def lock_progress(connection: Connection, tenant: str) -> tuple[int, int]:
    """The next ordinal and block, the row locked until the transaction ends: who has it changes the tenant's index alone."""
    first = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(first(search_progress).values(tenant=tenant, next_ordinal=1, next_block=1).on_conflict_do_nothing())
    query = select(search_progress.c.next_ordinal, search_progress.c.next_block).where(search_progress.c.tenant == tenant)
    row = connection.execute(query.with_for_update()).one()
    return int(row[0]), int(row[1])


def write_progress(connection: Connection, tenant: str, next_ordinal: int, next_block: int) -> None:
    """Numbers up to these are given."""
    values = {"next_ordinal": next_ordinal, "next_block": next_block}
    connection.execute(update(search_progress).where(search_progress.c.tenant == tenant).values(**values))


def places_of(connection: Connection, tenant: str, cases: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Ordinal and block of those of `cases` that are in the index."""
    columns = search_cases.c
    query = select(columns.case_ref, columns.ordinal, columns.block)
    found = connection.execute(query.where(columns.tenant == tenant, columns.case_ref.in_(list(cases))))
    return {str(case): (int(ordinal), int(block)) for case, ordinal, block in found}


def add_cases(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of cases."""
    if rows:
        connection.execute(insert(search_cases), [dict(row) for row in rows])


def remove_cases(connection: Connection, tenant: str, cases: Sequence[str]) -> None:
    """Delete the rows of cases."""
    connection.execute(delete(search_cases).where(search_cases.c.tenant == tenant, search_cases.c.case_ref.in_(list(cases))))


def add_block(connection: Connection, tenant: str, block: SealedBlock) -> None:
    """Insert the block's rows."""
    row = {"tenant": tenant, "block": block.number, "level": block.level, "roster": block.roster}
    connection.execute(insert(search_blocks).values(**row))
    pages = [
        {"tenant": tenant, "level": block.level, "bucket": b, "block": block.number, "page": p} for b, p in block.pages.items()
    ]
    if pages:
        connection.execute(insert(search_pages), pages)


def replace_blocks(connection: Connection, tenant: str, old: Collection[int], level: int, new: int) -> None:
    """Delete blocks of a level; their cases are in block `new`."""
    numbers = list(old)
    pages, blocks, cases = search_pages.c, search_blocks.c, search_cases.c
    connection.execute(delete(search_pages).where(pages.tenant == tenant, pages.level == level, pages.block.in_(numbers)))
    connection.execute(delete(search_blocks).where(blocks.tenant == tenant, blocks.block.in_(numbers)))
    connection.execute(update(search_cases).where(cases.tenant == tenant, cases.block.in_(numbers)).values(block=new))


def levels(connection: Connection, tenant: str) -> list[tuple[int, int]]:
    """Number and level of every block, in order."""
    columns = search_blocks.c
    query = select(columns.block, columns.level).where(columns.tenant == tenant).order_by(columns.block)
    return [(int(block), int(level)) for block, level in connection.execute(query)]


def rosters(connection: Connection, tenant: str, blocks: Collection[int]) -> dict[int, bytes]:
    """The sealed rosters of those blocks that there are."""
    columns = search_blocks.c
    query = select(columns.block, columns.roster).where(columns.tenant == tenant, columns.block.in_(sorted(blocks)))
    return {int(block): bytes(roster) for block, roster in connection.execute(query)}


def sealed_block(connection: Connection, tenant: str, block: int) -> SealedBlock | None:
    """The block whole; None when there is none of that number."""
    columns, pages = search_blocks.c, search_pages.c
    query = select(columns.level, columns.roster).where(columns.tenant == tenant, columns.block == block)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    held = select(pages.bucket, pages.page).where(pages.tenant == tenant, pages.level == row[0], pages.block == block)
    return SealedBlock(block, int(row[0]), bytes(row[1]), {int(b): bytes(p) for b, p in connection.execute(held)})


def pages_in(connection: Connection, tenant: str, level: int, buckets: Collection[int]) -> Iterable[tuple[int, int, bytes]]:
    """Block, bucket and sealed page of every block of `level` that has something in one of `buckets`."""
    columns = search_pages.c
    query = select(columns.block, columns.bucket, columns.page)
    wanted = (columns.tenant == tenant, columns.level == level, columns.bucket.in_(sorted(buckets)))
    for block, bucket, page in connection.execute(query.where(*wanted)):
        yield int(block), int(bucket), bytes(page)


def ordinals(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> NDArray[np.int64]:
    """The ordinals of every case that fits, as one text out of the database: a hundred thousand rows cost more than what they say."""
    joined = func.aggregate_strings(cast(search_cases.c.ordinal, String), ",")
    found = connection.execute(select(joined).where(*wanted)).scalar_one()
    return np.fromstring(found, dtype=np.int64, sep=",") if found else np.zeros(0, dtype=np.int64)


def ordinals_among(connection: Connection, wanted: Sequence[ColumnElement[bool]], among: Sequence[int]) -> NDArray[np.int64]:
    """Those of `among` that fit; for a few."""
    query = select(search_cases.c.ordinal).where(*wanted, search_cases.c.ordinal.in_(list(among)))
    return np.array(list(connection.execute(query).scalars()), dtype=np.int64)


def count_cases(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> int:
    """How many cases fit."""
    return int(connection.execute(select(func.count()).select_from(search_cases).where(*wanted)).scalar_one())


def newest(
    connection: Connection,
    wanted: Sequence[ColumnElement[bool]],
    limit: int,
    offset: int,
    behind: tuple[str, str] | None = None,
) -> list[tuple[str, str]]:
    """When the cases that fit began and their ordinals, newest first; with `behind` only what comes after those two."""
    began_at, ordinal = search_cases.c.began_at, search_cases.c.ordinal
    query = select(began_at, ordinal).where(*wanted).order_by(began_at.desc(), ordinal.desc()).limit(limit).offset(offset)
    if behind is not None:
        (last,) = numbers_in(behind[1], 1)
        query = query.where(began_at <= behind[0], or_(began_at < behind[0], ordinal < last))
    return [(str(at), str(number)) for at, number in connection.execute(query)]


def case_rows(connection: Connection, tenant: str, wanted: Sequence[int]) -> dict[int, Any]:
    """The rows of cases by ordinal."""
    query = select(search_cases).where(search_cases.c.tenant == tenant, search_cases.c.ordinal.in_(list(wanted)))
    return {int(row.ordinal): row for row in connection.execute(query)}


def known_cases(connection: Connection, tenant: str) -> set[str]:
    """Every case of the index."""
    return set(connection.execute(select(search_cases.c.case_ref).where(search_cases.c.tenant == tenant)).scalars())


def clear(connection: Connection, tenant: str) -> None:
    """Delete every row of the tenant but its numbers: those of destroyed keys are never given again."""
    for table in (search_cases, search_pages, search_blocks):
        connection.execute(delete(table).where(table.c.tenant == tenant))
