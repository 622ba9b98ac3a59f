"""Questions and what was answered: the occurrence of a `require_consent`, its order aside.

A question owns the answers from its end until the time allowed, the asker's next question, or the asker's going on to something
else. A refusal outweighs agreement in the same window; a question that is asked again opens a new window, and the last answer
given counts. Silence is no consent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jianlu.core.formats.plan import Obligation
from jianlu.core.phrases.replies import Stance
from jianlu.core.terms.findings import Finding
from jianlu.core.terms.verdicts import Evidence
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.outcomes import evidence_of
from jianlu.core.verdicts.params import check_names, text_of, texts_of, whole_of
from jianlu.core.verdicts.ranges import Range
from jianlu.core.verdicts.spans import Span, span_of

ANSWER_EARLY_MS = 500
"""An answer may begin so much before the question's end: people interrupt, and word times are right to about half a second."""

ASKER_TOKENS_MAX = 15
"""After so many further words of the asker (three seconds of speech) an answer is to those, not to the question: `如果同意，请说同意`
is 8, `请您抄录风险提示语，并在投保单和投保提示书上签字` 22."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The parameters of a `require_consent`; no `answers` means any agreement of the language."""

    step: str
    question: str
    asker: str
    answerer: str
    within_ms: int
    answers: tuple[str, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]


class Answer(StrEnum):
    """What came back within a question's window."""

    AGREED = "agreed"
    REFUSED = "refused"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question, its window [from_ms, to_ms) for answers, what came back, and where."""

    question: Finding
    from_ms: int
    to_ms: int
    answer: Answer
    shown: tuple[Evidence, ...]


def consent_of(obligation: Obligation, case: CaseView) -> Consent:
    """The checked parameters; InvalidError when one is malformed or names a phrase that the plan lacks."""
    check_names(obligation, "step", "question", "asker", "answerer", "within_ms", "answers", "after", "before")
    consent = Consent(
        step=text_of(obligation, "step"),
        question=text_of(obligation, "question"),
        asker=text_of(obligation, "asker"),
        answerer=text_of(obligation, "answerer"),
        within_ms=whole_of(obligation, "within_ms", least=1),
        answers=texts_of(obligation, "answers", optional=True),
        after=texts_of(obligation, "after", optional=True),
        before=texts_of(obligation, "before", optional=True),
    )
    for phrase in (consent.question, *consent.answers):
        case.phrase(obligation, phrase)
    return consent


class Questions:
    """All questions of the plan's consents as they were heard; a stretch asks the question that it matches best."""

    def __init__(self, case: CaseView, consents: Sequence[Consent]) -> None:
        self._case = case
        asked = sorted({(consent.asker, consent.question) for consent in consents})
        self._by_track: dict[str, list[Finding]] = {}
        for track in sorted({track for track, _ in asked}):
            heard = [hit for name, question in asked if name == track for hit in case.hits(question, track)]
            self._by_track[track] = _best_apart(heard)
        self._begun = {track: [q.from_ms for q in heard] for track, heard in self._by_track.items()}

    def heard(self, consent: Consent) -> list[Finding]:
        """Where the consent's question was asked by its asker, in time order."""
        return [q for q in self._by_track.get(consent.asker, []) if q.value.get("phrase") == consent.question]

    def window_of(self, consent: Consent, question: Finding) -> Range:
        """From when to when answers are to `question`: it may be interrupted, and ends with the asker's next question or topic."""
        low, high = max(question.to_ms - ANSWER_EARLY_MS, question.from_ms), question.to_ms + consent.within_ms
        begun = self._begun[consent.asker]
        place = bisect_right(begun, question.from_ms)
        if place < len(begun):
            high = min(high, begun[place])
        more = self._case.words_between(consent.asker, question.to_ms, high)
        if len(more) > ASKER_TOKENS_MAX:
            high = more[ASKER_TOKENS_MAX].from_ms
        return low, max(low, high)

    def answered_until(self, consent: Consent, question: Finding) -> int:
        """When the asker's question before `question` had its time for an answer; 0 when there was none."""
        place = bisect_left(self._begun[consent.asker], question.from_ms) - 1
        return 0 if place < 0 else self.window_of(consent, self._by_track[consent.asker][place])[1]


def exchanges_of(consent: Consent, case: CaseView, questions: Questions) -> list[Exchange]:
    """Every asking of the consent's question with what was answered to it, in time order."""
    found: list[Exchange] = []
    for question in questions.heard(consent):
        low, high = questions.window_of(consent, question)
        answer, shown = answered(consent, case, consent.answerer, low, high)
        found.append(Exchange(question, low, high, answer, shown))
    return found


def answered(consent: Consent, case: CaseView, track: str, low: int, high: int) -> tuple[Answer, tuple[Evidence, ...]]:
    """What `track` answers by words that begin in [low, high): refusal before agreement, the first of its kind shown."""
    agreed = [hit for answer in consent.answers for hit in _begun(case.hits(answer, track), low, high)]
    denied = [hit for answer in consent.answers for hit in _begun(case.hits(answer, track, negated=True), low, high)]
    refused = evidence_of(denied) + [
        Evidence(track, reply.from_ms, reply.to_ms)
        for reply in case.replies_between(track, low, high)
        if reply.stance is Stance.REFUSES and not _overlaps(reply.from_ms, reply.to_ms, agreed)
    ]
    if refused:
        return Answer.REFUSED, (min(refused, key=lambda e: (e.from_ms, e.to_ms)),)
    given = evidence_of(agreed)
    if not consent.answers:
        replies = case.replies_between(track, low, high)
        given = [Evidence(track, r.from_ms, r.to_ms) for r in replies if r.stance is Stance.AGREES]
    if not given:
        return Answer.NONE, ()
    return Answer.AGREED, (min(given, key=lambda e: (e.from_ms, e.to_ms)),)


def agreed_span(exchanges: Iterable[Exchange], not_before_ms: int) -> Span | None:
    """The consent that holds among questions asked from `not_before_ms` on: the first agreement after the last refusal."""
    holding: Exchange | None = None
    for exchange in exchanges:
        if exchange.question.from_ms < not_before_ms:
            continue
        if exchange.answer is Answer.REFUSED:
            holding = None
        elif exchange.answer is Answer.AGREED and holding is None:
            holding = exchange
    return None if holding is None else span_of((*evidence_of([holding.question]), *holding.shown))


def _best_apart(heard: list[Finding]) -> list[Finding]:
    """Of questions that overlap, the most similar one."""
    chosen: list[Finding] = []
    for hit in sorted(heard, key=lambda q: (q.from_ms, q.to_ms, q.id)):
        rival = chosen[-1] if chosen and chosen[-1].to_ms > hit.from_ms else None
        if rival is None:
            chosen.append(hit)
        elif (hit.score, hit.to_ms - hit.from_ms) > (rival.score, rival.to_ms - rival.from_ms):
            chosen[-1] = hit
    return chosen


def _begun(hits: Sequence[Finding], low: int, high: int) -> Sequence[Finding]:
    return hits[bisect_left(hits, low, key=_from_ms) : bisect_left(hits, high, key=_from_ms)]


def _from_ms(hit: Finding) -> int:
    return hit.from_ms


def _overlaps(from_ms: int, to_ms: int, hits: Iterable[Finding]) -> bool:
    return any(hit.from_ms < to_ms and from_ms < hit.to_ms for hit in hits)
