"""How many cases keep what until when (`retention_counts`), kept as the rows change from which it follows.

A case counts once for a month, part and clause, however many of its events say so, and no longer when its keys are destroyed. A part
that was open stands with the case's end where days were stated that give it one: a case goes when its last part may. So what a change does
is the difference of what the case's rows said before and after it; `runtime/totals.py` writes it when the change commits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select

from jianlu.core.formats.keeping import OPEN
from jianlu.core.terms.handling import ENDING_PARTS, beginnings_of
from jianlu.runtime.totals import Key, move_totals
from jianlu.vault._tables import cases, objects, retention_counts, retentions, settlements
from jianlu.vault.projection import ENDED, SHREDDED

_CASES_AT_ONCE = 500


def is_there() -> ColumnElement[bool]:
    """The condition on a row of retentions that its keys were not destroyed: a case is one shred unit."""
    return ~exists(_of_the_case().where(objects.c.state == SHREDDED))


def has_its_part() -> ColumnElement[bool]:
    """The condition on a row of retentions that its part was not destroyed before the case."""
    parts = [and_(retentions.c.part == part, is_of_part(objects.c.object, part)) for part in ENDING_PARTS]
    return ~exists(_of_the_case().where(objects.c.state == ENDED, or_(*parts)))


def _of_the_case() -> Select[Any]:
    return select(objects.c.unit).where(objects.c.tenant == retentions.c.tenant, objects.c.unit == retentions.c.case_ref)


def is_of_part(object: ColumnElement[str], part: str) -> ColumnElement[bool]:
    """The condition that an object belongs to that part, by the beginning of its id."""
    mine, others = beginnings_of(part)
    is_mine = or_(*(object.startswith(beginning, autoescape=True) for beginning in mine))
    return and_(is_mine, *(~object.startswith(beginning, autoescape=True) for beginning in others))


def is_settled() -> ColumnElement[bool]:
    """Joins a row of retentions that is open to the stated day that gives its case an end, the newest of them."""
    later = settlements.alias()
    newest = (
        select(func.max(later.c.position))
        .where(later.c.tenant == retentions.c.tenant, later.c.case_ref == retentions.c.case_ref, later.c.until != OPEN)
        .scalar_subquery()
    )
    return (retentions.c.until == OPEN) & (settlements.c.position == newest)


@contextmanager
def counted_anew(connection: Connection, changed: Iterable[tuple[str, str]]) -> Iterator[None]:
    """While rows of these cases (tenant, reference) change: retentions or stated days are entered, or objects lose their keys."""
    by_tenant: dict[str, list[str]] = defaultdict(list)
    for tenant, case in sorted(set(changed)):
        by_tenant[tenant].append(case)
    asked = [
        (tenant, some[at : at + _CASES_AT_ONCE])
        for tenant, some in by_tenant.items()
        for at in range(0, len(some), _CASES_AT_ONCE)
    ]
    for tenant, some in asked:  # one writer at a time: who comes second sees what the first has done
        mine = select(cases.c.case_ref).where(cases.c.tenant == tenant, cases.c.case_ref.in_(some))
        connection.execute(mine.order_by(cases.c.case_ref).with_for_update()).all()
    before = [_said(connection, *each) for each in asked]
    yield
    for (tenant, some), said in zip(asked, before, strict=True):
        moved = _said(connection, tenant, some)
        moved.subtract(said)
        move_totals(connection, retention_counts, moved)


def recount(connection: Connection) -> None:
    """Count every row again, over whatever stands there."""
    connection.execute(delete(retention_counts))
    each = _distinct().subquery()
    kind = (each.c.tenant, each.c.month, each.c.part, each.c.clause)
    counted = select(*kind, func.count()).group_by(*kind)
    connection.execute(insert(retention_counts).from_select([column.name for column in retention_counts.columns], counted))


def _said(connection: Connection, tenant: str, some: Sequence[str]) -> Counter[Key]:
    rows = connection.execute(_distinct().where(retentions.c.tenant == tenant, retentions.c.case_ref.in_(some)))
    return Counter(tuple(row[:4]) for row in rows)


def _distinct() -> Select[Any]:
    c = retentions.c
    settled = retentions.outerjoin(settlements, is_settled())
    until, clause = func.coalesce(settlements.c.until, c.until), func.coalesce(settlements.c.clause, c.clause)
    said = (c.tenant, func.substr(until, 1, 7).label("month"), c.part, clause.label("clause"), c.case_ref)
    return select(*said).select_from(settled).where(is_there(), has_its_part()).distinct()
