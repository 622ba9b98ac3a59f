"""The retention solver: per part of a case, the latest of trigger date plus term over every rule that applies. Pure.

Dates are calendar dates. A term that ends on a day which its month lacks (29 February, 31 April) ends on the first of the
next month: a day too long harms nobody, a day too short breaks the rule. Holds and destruction are the vault's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from jianlu.core.errors import InvalidError
from jianlu.core.formats.keeping import NONE, OPEN, add_term
from jianlu.core.formats.plan import Retention, RetentionTerm
from jianlu.govern.policy.model import PARTS


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rule's term for one part; `counts_when` names dates of which one must be known for the term to count."""

    part: str
    clause: str
    trigger: str
    years: int
    months: int
    counts_when: tuple[str, ...] = ()


def solve_retention(candidates: Sequence[Candidate], *, on: date, dates: Mapping[str, date]) -> tuple[Retention, ...]:
    """Per part, in the order of `PARTS`: every candidate with its own date, and the one that governs.

    `on` is the day of the recording, `dates` the trigger dates known. While a counted term is open the part is open, and the
    longest open term is named; otherwise the latest date governs, the first stated among equals. Raises InvalidError when a
    part has contingent terms only, since then nothing says how long it is kept at least.
    """
    known = {**dates, "recording_time": on}
    return tuple(_retention(part, mine, known) for part in PARTS if (mine := [c for c in candidates if c.part == part]))


def _retention(part: str, candidates: Sequence[Candidate], known: Mapping[str, date]) -> Retention:
    terms = tuple(_term(candidate, known) for candidate in candidates)
    counted = [term for term in terms if term.until != NONE]
    if not counted:
        raise InvalidError(
            f"only contingent terms say how long the part {part} is kept: a pack must state one that always counts"
        )
    still_open = [term for term in counted if term.until == OPEN]
    latest = max(counted, key=lambda term: term.until)
    governs = max(still_open, key=lambda term: term.years * 12 + term.months) if still_open else latest
    return Retention(part, governs.until, governs.clause, terms)


def _term(candidate: Candidate, known: Mapping[str, date]) -> RetentionTerm:
    if candidate.counts_when and not any(name in known for name in candidate.counts_when):
        until = NONE
    elif candidate.trigger not in known:
        until = OPEN
    else:
        until = add_term(known[candidate.trigger], years=candidate.years, months=candidate.months).isoformat()
    return RetentionTerm(candidate.clause, candidate.trigger, candidate.years, candidate.months, until)
