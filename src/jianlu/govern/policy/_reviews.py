"""What a pack demands of reviews by people: `reviews.toml`. How many cases, which of them all, until when; numbers are the pack's values.

Whether a case falls under a rule is the condition's business, who is drawn `judge/review/`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from jianlu.core.errors import InvalidError
from jianlu.govern.policy._clauses import MARKS
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.conditions import Condition, parse_condition
from jianlu.govern.policy.facts import FACTS
from jianlu.govern.policy.model import ReviewGroup, ReviewRule, Value

REVIEWS_FILE = "reviews.toml"
_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_ID_MAX = 40


def read_reviews(folder: Path, names: list[str], *, clauses: set[str], values: Mapping[str, Value]) -> tuple[ReviewRule, ...]:
    """The pack's rules of review; InvalidError names the file and the key."""
    if REVIEWS_FILE not in names:
        return ()
    table = read_table(folder / REVIEWS_FILE, f"{folder.name}/{REVIEWS_FILE}")
    rules = tuple(_rule(entry, clauses, values) for entry in table.take_tables("review"))
    table.close()
    if len({rule.id for rule in rules}) != len(rules):
        raise InvalidError(f"{table.where}: a review is there twice")
    return rules


def _rule(entry: Table, clauses: set[str], values: Mapping[str, Value]) -> ReviewRule:
    rule = ReviewRule(
        id=_id(entry),
        clause=entry.take_code("clause", tuple(sorted(clauses))),
        title=entry.take_bilingual("title"),
        when=_when(entry),
        share_permille=_value(entry, "share_permille", "permille", values),
        days_fact=_days_fact(entry),
        unstated_days=_value(entry, "unstated_days", "days", values),
        second_permille=_value(entry, "second_permille", "permille", values),
        appeal_days=_value(entry, "appeal_days", "days", values),
        redo_days=_value(entry, "redo_days", "days", values),
        groups=tuple(_group(group) for group in entry.take_tables("group")),
    )
    entry.close()
    if len({group.id for group in rule.groups}) != len(rule.groups):
        raise InvalidError(f"{entry.where}: a group is there twice")
    return rule


def _group(entry: Table) -> ReviewGroup:
    group = ReviewGroup(
        id=_id(entry),
        title=entry.take_bilingual("title"),
        mark=entry.take_code("mark", MARKS),
        note=entry.take_bilingual("note"),
        when=_when(entry),
    )
    entry.close()
    return group


def _id(entry: Table) -> str:
    found = entry.take("id", str)
    if not _ID.fullmatch(found) or len(found) > _ID_MAX:
        raise InvalidError(f"{entry.where}: `id` is at most {_ID_MAX} lower-case letters and digits, joined by hyphens")
    return found


def _when(entry: Table) -> Condition:
    try:
        return parse_condition(entry.take("when", dict))
    except InvalidError as error:
        raise InvalidError(f"{entry.where}: {error}") from error


def _value(entry: Table, key: str, unit: str, values: Mapping[str, Value]) -> str:
    fields = entry.take(key, dict)
    found = values.get(str(fields.get("value"))) if set(fields) == {"value"} else None
    if found is None or found.unit != unit:
        raise InvalidError(f'{entry.where}: `{key}` names one of the pack\'s values in {unit}: {{ value = "..." }}')
    return found.id


def _days_fact(entry: Table) -> str:
    fact: str = entry.take_or("days_fact", str, "")
    if fact and (fact not in FACTS or not FACTS[fact].is_number):
        raise InvalidError(f"{entry.where}: `days_fact` names a fact that is a number of days")
    return fact
