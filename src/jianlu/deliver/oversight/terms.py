"""The terms of a case as they are now: each part's end by the days that were stated, what it waits for, and every statement.

From the case's own chain and its custody chain alone, by the same rules by which it may be destroyed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jianlu.core.formats.custody import kept_until
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import OPEN, Start, part_kept, settled, stated_days
from jianlu.core.terms.events import EventType
from jianlu.deliver.plans.labels import LANGS, PARTS, TRIGGERS, word
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.statements import statements_of


def case_terms(case: CaseLog, custody: CaseLog) -> dict[str, Any]:
    """{until, clause, parts, waits, statements}: accounts are named by their ids; whoever asks gives them names."""
    days = stated_days(custody.events)
    set_parts = [event for event in case.events if event.type is EventType.RETENTION_SET]
    end = kept_until([*case.events, *custody.events])
    starts = {start.trigger: start for event in set_parts for start in part_kept(event.body).starts}
    return {
        "until": end.until if end is not None else OPEN,
        "clause": end.clause if end is not None else "",
        "parts": [_part(event, days) for event in set_parts],
        "waits": [{"trigger": name, "title": trigger_title(name), "day": days.get(name, "")} for name in starts],
        "statements": [
            {**{name: value for name, value in asdict(each).items() if name != "case"}, "title": trigger_title(each.trigger)}
            for each in statements_of(custody)
        ],
    }


def trigger_title(trigger: str) -> dict[str, str]:
    """The trigger for a reader."""
    return {lang: word(TRIGGERS, trigger, lang) for lang in LANGS}


def _part(event: Event, days: Mapping[str, str]) -> dict[str, Any]:
    kept = part_kept(event.body)
    end = settled(kept, days)
    return {
        "part": kept.part,
        "title": {lang: word(PARTS, kept.part, lang) for lang in LANGS},
        "set_until": kept.end.until,
        "until": end.until,
        "clause": end.clause,
        "starts": [_start(each, days) for each in kept.starts],
    }


def _start(start: Start, days: Mapping[str, str]) -> dict[str, Any]:
    title = trigger_title(start.trigger)
    return {**asdict(start), "title": title, "day": days.get(start.trigger, "")}
