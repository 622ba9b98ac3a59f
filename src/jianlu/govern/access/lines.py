"""Lines of the access log, and their index: what was looked at by whom, found by case or by person.

The truth is in the ledger (`vault/access_log.py`, `specs/access-log.md`); rows can be made anew from it. A customer's disclosure record
is read from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine, RowMapping, Select, and_, delete, func, insert, or_, select

from jianlu.govern.access._tables import decisions
from jianlu.runtime.cursors import cursor_of, numbers_in, opened_cursor
from jianlu.runtime.database import transaction

PAGE_LINES = 100
"""Lines of one page of the record of looks."""


@dataclass(frozen=True, slots=True)
class Line:
    """One decision: `who` is an account, an API key, or a seat of the case.

    `times`: how often the same was decided again within a minute.
    """

    at: str
    who_kind: str
    who: str
    action: str
    resource_kind: str
    resource: str
    purpose: str
    is_allowed: bool
    policies: tuple[str, ...]
    clauses: tuple[str, ...]
    times: int = 1

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same decision again."""
        return (
            self.who_kind,
            self.who,
            self.action,
            self.resource_kind,
            self.resource,
            self.purpose,
            self.is_allowed,
            self.policies,
        )

    @property
    def document(self) -> dict[str, Any]:
        """As it is sealed."""
        fields = asdict(self)
        return {**fields, "policies": list(self.policies), "clauses": list(self.clauses)}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Line:
        """The line of a sealed document."""
        return cls(**{**fields, "policies": tuple(fields["policies"]), "clauses": tuple(fields["clauses"])})

    def again(self, times: int) -> Line:
        """This line for what came again."""
        return replace(self, times=times)


def enter_lines(database: Engine, tenant: str, day: str, n: int, lines: Sequence[Line]) -> None:
    """Enter the lines of event `n` of a day's log, in place of what may be there of it."""
    rows = [
        {
            "tenant": tenant,
            "day": day,
            "n": n,
            "line": number,
            **{name: value for name, value in asdict(line).items() if name not in ("clauses", "policies")},
            "policies": " ".join(line.policies)[:400],
        }
        for number, line in enumerate(lines)
    ]
    with transaction(database) as connection:
        connection.execute(delete(decisions).where(decisions.c.tenant == tenant, decisions.c.day == day, decisions.c.n == n))
        connection.execute(insert(decisions), rows)


def last_entered(database: Engine, tenant: str, day: str) -> int:
    """The last event of that day whose lines are in the index, -1 for none."""
    query = select(func.max(decisions.c.n)).where(decisions.c.tenant == tenant, decisions.c.day == day)
    with transaction(database, writes=False) as connection:
        found = connection.execute(query).scalar_one()
    return -1 if found is None else int(found)


def lines_of_resource(database: Engine, tenant: str, kind: str, resource: str, *, page: int = 1) -> list[Line]:
    """Who asked for a resource, newest first."""
    columns = decisions.c
    return _read(database, _page(tenant, page).where(columns.resource_kind == kind, columns.resource == resource))


def lines_of_person(database: Engine, tenant: str, who: str, *, page: int = 1) -> list[Line]:
    """What an account asked for, newest first."""
    return _read(database, _page(tenant, page).where(decisions.c.who == who))


def newest_lines(database: Engine, tenant: str, *, page: int = 1, is_denied_only: bool = False) -> list[Line]:
    """Everything, or what was refused alone, newest first."""
    columns = decisions.c
    newest = columns.day.desc(), columns.n.desc(), columns.line.desc()  # as the primary key: millions of lines are not sorted
    query = _page(tenant, page).order_by(None).order_by(*newest)
    found = _read(database, query.where(columns.is_allowed.is_(False)) if is_denied_only else query)
    return sorted(found, key=lambda line: line.at, reverse=True)  # within one event, two seconds, they come as they were decided


def lines_after(
    database: Engine, tenant: str, cursor: str, *, resource: tuple[str, str] | None = None, is_denied_only: bool = False
) -> tuple[list[Line], str]:
    """The page of lines behind `cursor` (empty: the newest) and the cursor of the next one, empty on the last.

    Of everything, of one `resource` (kind and id), or of what was refused alone. InvalidError for a cursor that is none of ours.
    """
    columns = decisions.c
    order = columns.day.desc(), columns.n.desc(), columns.line.desc()
    query = select(decisions).where(columns.tenant == tenant).order_by(*order).limit(PAGE_LINES + 1)
    if resource is not None:
        query = query.where(columns.resource_kind == resource[0], columns.resource == resource[1])
    if is_denied_only:
        query = query.where(columns.is_allowed.is_(False))
    if (before := opened_cursor(cursor)) is not None:
        day, (n, line) = before[0], numbers_in(before[1], 2)
        same_day = or_(columns.n < n, and_(columns.n == n, columns.line < line))
        query = query.where(columns.day <= day, or_(columns.day < day, same_day))
    with transaction(database, writes=False) as connection:
        rows = connection.execute(query).mappings().all()
    last = rows[PAGE_LINES - 1] if len(rows) > PAGE_LINES else None
    further = cursor_of(last["day"], f"{last['n']}.{last['line']}") if last is not None else ""
    return [_line(row) for row in rows[:PAGE_LINES]], further


def _page(tenant: str, page: int) -> Select[Any]:
    columns = decisions.c
    newest = columns.at.desc(), columns.n.desc(), columns.line.desc()
    start = (max(page, 1) - 1) * PAGE_LINES
    return select(decisions).where(columns.tenant == tenant).order_by(*newest).limit(PAGE_LINES).offset(start)


def _read(database: Engine, query: Select[Any]) -> list[Line]:
    with transaction(database, writes=False) as connection:
        return [_line(row) for row in connection.execute(query).mappings()]


def _line(row: RowMapping) -> Line:
    names = ("at", "who_kind", "who", "action", "resource_kind", "resource", "purpose", "is_allowed", "times")
    return Line(**{name: row[name] for name in names}, policies=tuple(row["policies"].split()), clauses=())
