"""The same case with other facts: what somebody asks when they ask what would change with place, age, product or date.

Only facts and dates change here; tracks and attestations stay. Which plan follows is `freeze.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from jianlu.core.errors import InvalidError
from jianlu.govern.policy.case_file import facts_of
from jianlu.govern.policy.facts import DATES, FACTS
from jianlu.govern.policy.model import CaseFacts

DAY = "case.on"
_DATES = "dates."
_TERM = ("product.term_years", "product.term_months")


def changed_case(case: CaseFacts, changes: Mapping[str, str]) -> CaseFacts:
    """`case` with each of `changes` (`customer.age`: `59`, `case.on`: `2026-03-01`, `dates.contract_end`: `2036-11-20`) in force.

    An empty text takes the fact away; several codes or texts are joined by commas. InvalidError names a fact that is not known, or
    a text that it cannot hold.
    """
    stated: dict[str, object] = {name: list(value) if isinstance(value, tuple) else value for name, value in case.facts.items()}
    dates, on = dict(case.dates), case.on
    if _TERM[0] in stated:
        stated.pop(_TERM[1], None)  # it was derived from the years
    for name, text in changes.items():
        if name == DAY:
            on = _day(name, text)
        elif name.startswith(_DATES):
            _change_date(dates, name.removeprefix(_DATES), text)
        else:
            _change_fact(stated, name, text)
    changed = facts_of(on, stated, case.tracks, dates)
    return replace(changed, on=on)


def _change_date(dates: dict[str, date], name: str, text: str) -> None:
    if name not in DATES:
        raise InvalidError(f"{_DATES}{name} is not a known date of a case; the dates are {', '.join(DATES)}")
    dates.pop(name, None)
    if text:
        dates[name] = _day(_DATES + name, text)


def _change_fact(stated: dict[str, object], name: str, text: str) -> None:
    if name not in FACTS:
        raise InvalidError(f"{name} is not a known fact: use one of specs/packs.md, {DAY} or {_DATES}<name>")
    if name in _TERM:
        for each in _TERM:
            stated.pop(each, None)
    stated.pop(name, None)
    form = FACTS[name].form
    if form in ("codes", "texts"):
        stated[name] = [entry for entry in text.split(",") if entry]
    elif text:
        stated[name] = _value(name, form, text)


def _value(name: str, form: str, text: str) -> object:
    if form == "flag":
        if text not in ("true", "false"):
            raise InvalidError(f"{name} must be true or false")
        return text == "true"
    if form == "whole":
        if not (text.isascii() and text.isdecimal()):
            raise InvalidError(f"{name} must be a whole number")
        return int(text)
    return text


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError(f"{name} must be a date such as 2026-11-20") from error
