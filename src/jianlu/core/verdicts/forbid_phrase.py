"""`forbid_phrase`: certain words were not said by certain parties, nor affirmed when somebody else put them as a question.

What was heard is not met wherever it was heard; that nothing was heard counts only when everything was listened to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from jianlu.core.formats.plan import Obligation
from jianlu.core.phrases.polarity import Polarity
from jianlu.core.phrases.replies import Reply, Stance
from jianlu.core.terms.findings import Finding, Inspector
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.exchanges import ANSWER_EARLY_MS
from jianlu.core.verdicts.outcomes import evidence_of, examined, met, not_evidenced, not_met, reason, reason_at
from jianlu.core.verdicts.params import check_names, texts_of, whole_of
from jianlu.core.verdicts.reasons import ReasonCode

AFFIRM_LEAD = 2
"""An affirmation answers a question only at the beginning of what the speaker says to it: `嗯，对，...`."""


def judge_forbidden(obligation: Obligation, case: CaseView) -> ObligationVerdict:
    """Met when no phrase was heard un-negated on the speakers' tracks and no question affirmed there, all of it listened to."""
    check_names(obligation, "speakers", "phrases", "questions", "within_ms")
    speakers, phrases = texts_of(obligation, "speakers"), texts_of(obligation, "phrases")
    questions = texts_of(obligation, "questions", optional=True)
    within_ms = whole_of(obligation, "within_ms", least=1) if questions or "within_ms" in obligation.params else 1
    for phrase in (*phrases, *questions):
        case.phrase(obligation, phrase)
    said = [hit for speaker in speakers for phrase in phrases for hit in case.hits(phrase, speaker)]
    reasons = [reason_at(ReasonCode.FORBIDDEN, hit, str(hit.value["phrase"])) for hit in said]
    shown = evidence_of(said)
    for question, reply in _affirmed(case, speakers, phrases, questions, within_ms):
        asked = evidence_of([question])[0]
        reasons.append(reason(ReasonCode.FORBIDDEN, reply.track, reply.from_ms, reply.to_ms, str(question.value["phrase"])))
        shown += [asked, Evidence(reply.track, reply.from_ms, reply.to_ms)]
    if reasons:
        return not_met(
            obligation, sorted(reasons, key=_in_time), sorted(shown, key=lambda e: (e.from_ms, e.to_ms, e.track, e.finding))
        )
    listened = (*speakers, *(case.audio_tracks if questions else ()))
    lacking = case.lacking(*((inspector, track) for track in listened for inspector in (Inspector.SPEECH, Inspector.PHRASES)))
    if lacking or case.duration_ms is None:
        return not_evidenced(obligation, lacking)
    return met(obligation, examined(speakers, case.duration_ms))


def _in_time(why: Reason) -> tuple[int, int, str, str]:
    return why.from_ms, why.to_ms, why.track, why.about


def _affirmed(
    case: CaseView, speakers: Sequence[str], phrases: Sequence[str], questions: Sequence[str], within_ms: int
) -> Iterator[tuple[Finding, Reply]]:
    """Questions that others put and a speaker affirmed at once, each with the affirmation."""
    for speaker in speakers:
        denied = sorted(hit.from_ms for phrase in (*phrases, *questions) for hit in case.hits(phrase, speaker, negated=True))
        for question in (
            h for track in case.audio_tracks if track != speaker for phrase in questions for h in case.hits(phrase, track)
        ):
            low, high = max(question.to_ms - ANSWER_EARLY_MS, question.from_ms), question.to_ms + within_ms
            if bisect_left(denied, low) < bisect_left(denied, high):
                continue  # 对，这个产品不保本
            reply = _first_answer(case, speaker, low, high)
            if reply is not None and _affirms(case, question, reply):
                yield question, reply


def _first_answer(case: CaseView, speaker: str, low: int, high: int) -> Reply | None:
    """The speaker's stance at the very beginning of the answer; None when the answer begins with something else."""
    replies = case.replies_between(speaker, low, high)
    if not replies or replies[0].lead > AFFIRM_LEAD:
        return None
    return replies[0] if len(case.words_between(speaker, low, replies[0].from_ms)) <= AFFIRM_LEAD else None


def _affirms(case: CaseView, question: Finding, reply: Reply) -> bool:
    """Agreement, or a bare denial of a question that denies something itself (`不会亏吧` — `不会`)."""
    if reply.stance is not Stance.DENIES:
        return reply.stance is Stance.AGREES
    phrase = next(p for p in case.plan.phrases if p.id == question.value["phrase"])
    language = next((lang for lang in case.plan.languages if lang.lang == phrase.lang), None)
    variant = question.value.get("variant")
    if language is None or not isinstance(variant, int) or not 0 <= variant < len(phrase.variants):
        return False
    return Polarity(language).own_of(phrase.variants[variant]).odd
