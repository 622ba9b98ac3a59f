"""Totals: how many rows of a table there are of each kind, kept in a small table beside it as the rows change.

A list of a hundred thousand rows says how many there are without counting them. A change of a row notes by how much totals move; the
transaction writes that as the last thing before it commits, in one order for all, so that nobody who holds a total waits for anything else
and two writers never wait for each other. What is rolled back moves nothing. A total can be counted again at any time (`recount`), which
`jianlu vault reindex` does; `tests/property/totals` holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.visitors import iterate, replacement_traverse

Key = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Totals:
    """The rows of `source` by kind: `counts` has a column for each of `kinds` (name -> expression over `source`) and the number `n`."""

    source: Table
    counts: Table
    kinds: Mapping[str, ColumnElement[Any]]

    def insert(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, counted."""
        if rows:
            connection.execute(insert(self.source), list(rows))
            self._move(connection, self._kinds_of(connection, [tuple(row[name] for name in self._names) for row in rows]), 1)

    def update(self, connection: Connection, mine: Sequence[ColumnElement[bool]], values: Mapping[str, Any]) -> int:
        """Change the rows for which `mine` holds, counted, but not their keys; how many there were."""
        if not self._asked & set(values):
            return connection.execute(update(self.source).where(*mine).values(**values)).rowcount
        rows = self._held(connection, mine)
        self._move(connection, self._kinds_of(connection, rows), -1)
        if rows:
            connection.execute(update(self.source).where(self._named(rows)).values(**values))
        self._move(connection, self._kinds_of(connection, rows), 1)
        return len(rows)

    def delete(self, connection: Connection, mine: Sequence[ColumnElement[bool]]) -> None:
        """Delete the rows for which `mine` holds, counted."""
        if rows := self._held(connection, mine):
            self._move(connection, self._kinds_of(connection, rows), -1)
            connection.execute(delete(self.source).where(self._named(rows)))

    def recount(self, connection: Connection) -> None:
        """Count every row again, over whatever stands there."""
        connection.execute(delete(self.counts))
        counted = select(*self._kinds, func.count()).group_by(*self._kinds)
        connection.execute(insert(self.counts).from_select([*self.kinds, "n"], counted))

    def _held(self, connection: Connection, mine: Sequence[ColumnElement[bool]]) -> list[Key]:
        """The keys of these rows, locked: what another writer changes meanwhile is read as it has become, and not counted twice."""
        found = connection.execute(select(*self.source.primary_key.columns).where(*mine).with_for_update())
        return [tuple(row) for row in found]

    def _kinds_of(self, connection: Connection, rows: Sequence[Key]) -> list[Key]:
        """What they are now. Asked apart and not by RETURNING, of which SQLite 3.40 says that a NULL just written is none."""
        if not rows:
            return []
        return [tuple(row) for row in connection.execute(select(*self._kinds).where(self._named(rows)))]

    def _named(self, rows: Sequence[Key]) -> ColumnElement[bool]:
        return tuple_(*self.source.primary_key.columns).in_(rows)

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.source.primary_key.columns]

    @property
    def _kinds(self) -> list[ColumnElement[Any]]:
        return [expression.label(name) for name, expression in self.kinds.items()]

    @property
    def _asked(self) -> set[str]:
        """The columns on which a row's kind depends."""
        return {column.name for each in self.kinds.values() for column in columns_in(each)}

    def _move(self, connection: Connection, kinds: Iterable[Sequence[Any]], by: int) -> None:
        moved = Counter[Key]()
        for kind in kinds:
            moved[tuple(kind)] += by
        move_totals(connection, self.counts, moved)


def columns_in(expression: ColumnElement[Any]) -> set[Column[Any]]:
    """The columns of tables that an expression asks for."""
    return {each for each in iterate(expression) if isinstance(each, Column)}


def over_totals(condition: ColumnElement[bool], totals: Totals) -> ColumnElement[bool] | None:
    """A condition on rows of the source as the same condition on its totals; None where these do not hold what it asks."""
    names = {expression.name: name for name, expression in totals.kinds.items() if isinstance(expression, Column)}
    if any(each.table is not totals.source or each.name not in names for each in columns_in(condition)):
        return None

    def counted(element: Any, **_: Any) -> Any:
        return totals.counts.c[names[element.name]] if isinstance(element, Column) else None

    return replacement_traverse(condition, {}, counted)


def move_totals(connection: Connection, counts: Table, moved: Mapping[Key, int]) -> None:
    """Note by how much rows of `counts` (the columns before `n` are the key) move when this transaction commits."""
    noted = _NOTED.setdefault(connection, {}).setdefault(counts, Counter())
    for key, by in moved.items():
        noted[key] += by


def write_totals(connection: Connection) -> None:
    """Write what was noted; the caller commits, and does nothing in between."""
    noted = _NOTED.pop(connection, {})
    for counts in sorted(noted, key=lambda table: table.name):
        for key in sorted(noted[counts], key=repr):
            if by := noted[counts][key]:
                _write(connection, counts, key, by)


def forget_totals(connection: Connection) -> None:
    """Forget what was noted by a transaction that is rolled back."""
    _NOTED.pop(connection, None)


def _write(connection: Connection, counts: Table, key: Key, by: int) -> None:
    names = [column.name for column in counts.columns if column.name != "n"]
    kind = dict(zip(names, key, strict=True))
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(counts).values(**kind, n=by)
    connection.execute(added.on_conflict_do_update(index_elements=names, set_={"n": counts.c.n + by}))
    mine = [counts.c[name] == value for name, value in kind.items()]
    connection.execute(delete(counts).where(*mine, counts.c.n == 0))


_NOTED: WeakKeyDictionary[Connection, dict[Table, Counter[Key]]] = WeakKeyDictionary()
