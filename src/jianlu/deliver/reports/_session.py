"""Tables of the report about a live session: its steps, attempts to leave their order, consents, and what else occurred.

Nothing is judged here: the rows repeat the events, in the words of `course.py`. A case without a live session has none of these.
"""

from __future__ import annotations

from collections.abc import Collection

from jianlu.core.terms.events import EventType
from jianlu.core.verdicts.reasons import clock_text
from jianlu.deliver.reports.course import Act, act_text, acts_of, step_title
from jianlu.deliver.reports.model import CaseRecord, Section, Table
from jianlu.deliver.reports.words import words

_STEPS = (EventType.STEP_STARTED, EventType.STEP_COMPLETED)
_REFUSALS = (EventType.STEP_REFUSED,)
_CONSENTS = (EventType.CONSENT_GIVEN, EventType.CONSENT_REFUSED, EventType.CONSENT_WITHDRAWN)
_ELSEWHERE = frozenset({*_STEPS, *_REFUSALS, *_CONSENTS, EventType.GAP_DECLARED, EventType.ATTESTATION_RECORDED})
_LIVE = (EventType.SCRIPT_FROZEN, EventType.SEAT_TAKEN, *_STEPS)
_SECONDS = slice(11, 19)
"""Hours, minutes and seconds of an instant."""


def session_sections(record: CaseRecord, lang: str) -> tuple[Section, ...]:
    """Course, refusals, consents and occurrences of a live session; nothing for a case that had none."""
    if not any(event.type in _LIVE for event in record.events):
        return ()
    acts = acts_of(record.events)
    occurred = [act for act in acts if act.event.type not in _ELSEWHERE]
    return (
        Section("course", words("s_course", lang), intro=_course_intro(record, lang), table=_steps(record, lang)),
        _told("refusals", record, lang, _of(acts, _REFUSALS)),
        _told("consents", record, lang, _of(acts, _CONSENTS)),
        _told("occurrences", record, lang, occurred),
    )


def _course_intro(record: CaseRecord, lang: str) -> str:
    if record.script is None:
        return words("s_course_intro_bare", lang)
    return words("s_course_intro", lang, script=record.script.title[lang], version=record.script.version)


def _steps(record: CaseRecord, lang: str) -> Table:
    """Every attempt at a step, in the order in which they began; one that was not completed says so."""
    head = tuple(words(key, lang) for key in ("h_step", "h_attempt", "h_from", "h_to"))
    attempts: dict[tuple[str, int], list[str]] = {}
    for event in record.events:
        body = event.body
        if event.type is EventType.STEP_STARTED:
            attempts.setdefault((body["step"], body["attempt"]), [clock_text(body["at_ms"]), words("unfinished", lang)])
        elif event.type is EventType.STEP_COMPLETED:
            attempts[body["step"], body["attempt"]] = [clock_text(body["from_ms"]), clock_text(body["to_ms"])]
    rows = [(step_title(step, record.script, lang), str(attempt), *times) for (step, attempt), times in attempts.items()]
    return Table(head, tuple(rows))


def _of(acts: Collection[Act], kinds: Collection[EventType]) -> list[Act]:
    return [act for act in acts if act.event.type in kinds]


def _told(id: str, record: CaseRecord, lang: str, acts: Collection[Act]) -> Section:
    rows = tuple((_when(act), act_text(act, record.plan, record.script, lang, record.messages)) for act in acts)
    head = (words("h_time", lang), words("h_what", lang))
    return Section(id, words(f"s_{id}", lang), intro=words(f"s_{id}_intro", lang), table=Table(head, rows) if rows else None)


def _when(act: Act) -> str:
    """The second of the recording; before it began, the time of day."""
    if act.from_ms is None:
        return f"{act.event.at[_SECONDS]} UTC"
    until = f"–{clock_text(act.to_ms)}" if act.to_ms is not None and act.to_ms > act.from_ms else ""
    return clock_text(act.from_ms) + until
