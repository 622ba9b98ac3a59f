"""The end of a review's record: it goes when its case goes, never before and never after; what stays are numbers.

A review speaks of a case in words and by name of who reviewed, so its own rule of retention is the case's. Once the case's keys are
destroyed, whoever did it, the review's chain is told so and its keys and objects are destroyed, then its rows deleted, their counts kept.
"""

from __future__ import annotations

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref
from jianlu.judge.review import _records
from jianlu.judge.review._counts import Asked, keep_counts
from jianlu.judge.review.days import day_at
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction
from jianlu.vault.keys import is_shredded


def end_reviews(using: ReviewPorts) -> list[str]:
    """The cases whose reviews ended now. Calling again finishes what a crash left; UnavailableError when a store fails."""
    with transaction(using.sessions.database, writes=False) as connection:
        known = _records.reviewed_cases(connection, using.tenant)
    gone = [case for case in known if is_shredded(using.vault, using.tenant, case_ref(case))]
    for case in gone:
        _end(case, using)
    return gone


def _end(case: str, using: ReviewPorts) -> None:
    chain = using.case_chain(case)
    with using.writing(chain) as log:
        if log.events and log.events[-1].type is not EventType.REVIEW_RECORD_SHREDDED:
            log.append(EventType.REVIEW_RECORD_SHREDDED, {"of": case})
        log.shred()
        on = Asked(using.tenant, day_at(using.sessions.clock.now()), case)
        with transaction(using.sessions.database) as connection:
            if _records.tasks_of(connection, using.tenant, case, lock=True):
                keep_counts(connection, on)
            _records.forget_case(connection, using.tenant, case)
