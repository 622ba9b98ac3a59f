"""Dated values of a pack: `values/*.toml`, and the amount that holds on a day.

A value is the law's (it names the clause that states it) or technical (ours, with the reason why this number).
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

from jianlu.core.errors import InvalidError
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.model import Pack, Period, Value

UNITS = ("years", "months", "days", "ms", "permille", "cdb", "count")
"""Units of values; `cdb` are hundredths of a decibel."""


def read_values(folder: Path, names: list[str]) -> dict[str, Value]:
    """The values of the pack in `folder` by id; InvalidError names file and key."""
    found: dict[str, Value] = {}
    for name in names:
        if not name.startswith("values/"):
            continue
        table = read_table(folder / name, f"{folder.name}/{name}")
        for entry in table.take_tables("value"):
            value = _value(entry)
            if value.id in found:
                raise InvalidError(f"{entry.where}: the value {value.id} is there twice")
            found[value.id] = value
        table.close()
    return found


def _value(entry: Table) -> Value:
    value_id, unit = entry.take("id", str), entry.take_code("unit", UNITS)
    technical = entry.take_or("technical", bool, absent=False)
    clause = entry.take_or("clause", str, "")
    if technical == bool(clause):
        raise InvalidError(f"{entry.where}: a value is technical, or names the `clause` that states it")
    reason = entry.take_bilingual("reason") if technical else {}
    periods = tuple(_period(period) for period in entry.take_tables("period"))
    entry.close()
    if not periods or any(one.end is None or one.end > other.start for one, other in pairwise(periods)):
        raise InvalidError(f"{entry.where}: periods must be there, in order, and not overlap")
    return Value(value_id, unit, clause, reason, periods)


def _period(entry: Table) -> Period:
    start, end, amount = entry.take_date("from"), entry.take_date_or_none("to"), entry.take("amount", int)
    entry.close()
    if end is not None and end <= start:
        raise InvalidError(f"{entry.where}: `to` must be after `from`")
    return Period(start, end, amount)


def amount_on(pack: Pack, value_id: str, on: date) -> int:
    """The amount of a value on a day; InvalidError when the pack states none for that day."""
    for period in pack.values[value_id].periods:
        if period.start <= on and (period.end is None or on < period.end):
            return period.amount
    raise InvalidError(f"{pack.id} states no {value_id} for {on.isoformat()}: add a period to its values")
