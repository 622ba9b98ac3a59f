"""`require_consent`: the question was asked by the right party, and the right party agreed to it in time, in order, unrefused.

Reasons: missing_question, no_answer, refused, wrong_speaker, before_question, out_of_order. Silence is not consent.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.formats.plan import Obligation
from jianlu.core.phrases.replies import Stance
from jianlu.core.terms.findings import Inspector
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.exchanges import Answer, Consent, Exchange, answered
from jianlu.core.verdicts.order import Agenda
from jianlu.core.verdicts.outcomes import evidence_of, met, not_evidenced, not_met, reason, reason_at
from jianlu.core.verdicts.reasons import ReasonCode


def judge_consent(obligation: Obligation, case: CaseView, agenda: Agenda) -> ObligationVerdict:
    """Met when agreement followed the question in order; not_evidenced when either party was not wholly listened to."""
    consent = agenda.consent(obligation)
    parties = (consent.asker, consent.answerer)
    lacking = case.lacking(*((inspector, party) for party in parties for inspector in (Inspector.SPEECH, Inspector.PHRASES)))
    if lacking:
        return not_evidenced(obligation, lacking)
    span = agenda.placed(obligation)
    if span is not None:
        missing, overtaking = agenda.missing_precedent(obligation), agenda.overtaken_by(obligation)
        if overtaking is None and missing is None:
            return met(obligation, span.evidence)
        if overtaking is None:
            vain = reason(ReasonCode.PRECEDENT_MISSING, consent.answerer, span.from_ms, span.to_ms, str(missing))
            return not_evidenced(obligation, [vain], span.evidence)
        late = reason(ReasonCode.OUT_OF_ORDER, consent.answerer, span.from_ms, span.to_ms, overtaking)
        return not_met(obligation, [late], span.evidence)
    exchanges = agenda.exchanges(obligation)
    if not exchanges:
        return _unasked(obligation, consent, case, agenda)
    in_time = [e for e in exchanges if e.question.from_ms >= agenda.bound(obligation).least_ms]
    if not in_time:
        early = reason_at(ReasonCode.OUT_OF_ORDER, exchanges[-1].question, agenda.bound(obligation).step)
        return not_met(obligation, [early], [*evidence_of([exchanges[-1].question]), *exchanges[-1].shown])
    answered_until = agenda.answered_until(obligation, in_time[0].question)
    return _unanswered(obligation, consent, case, in_time, answered_until)


def _unasked(obligation: Obligation, consent: Consent, case: CaseView, agenda: Agenda) -> ObligationVerdict:
    others = [hits[0] for track in case.audio_tracks if track != consent.asker and (hits := case.hits(consent.question, track))]
    if others:
        first = min(others, key=lambda hit: hit.from_ms)
        return not_met(obligation, [reason_at(ReasonCode.WRONG_SPEAKER, first, consent.question)], evidence_of([first]))
    place = agenda.place_of(obligation, consent.question)
    return not_met(obligation, [reason(ReasonCode.MISSING_QUESTION, consent.asker, *place, consent.question)])


def _unanswered(
    obligation: Obligation, consent: Consent, case: CaseView, in_time: Sequence[Exchange], answered_until: int
) -> ObligationVerdict:
    asked = evidence_of(e.question for e in in_time)
    refusal = next((e for e in reversed(in_time) if e.answer is Answer.REFUSED), None)
    if refusal is not None:
        return not_met(obligation, [_pointing(ReasonCode.REFUSED, refusal.shown[0], consent)], [*asked, *refusal.shown])
    for exchange in in_time:
        others = [_self_answer(consent, case, track, exchange) for track in case.audio_tracks if track != consent.answerer]
        given = [shown for shown in others if shown is not None]
        if given:
            return not_met(obligation, [_pointing(ReasonCode.WRONG_SPEAKER, given[0], consent)], [*asked, given[0]])
    first = in_time[0]
    answer, shown = answered(consent, case, consent.answerer, min(answered_until, first.from_ms), first.from_ms)
    if answer is Answer.AGREED:
        return not_met(obligation, [_pointing(ReasonCode.BEFORE_QUESTION, shown[0], consent)], [*shown, *asked])
    silent = in_time[-1]
    window = reason(ReasonCode.NO_ANSWER, consent.answerer, silent.from_ms, silent.to_ms, consent.question)
    return not_met(obligation, [window], asked)


def _self_answer(consent: Consent, case: CaseView, track: str, exchange: Exchange) -> Evidence | None:
    """Agreement by somebody who was not asked: of the language only at the beginning of a sentence (`好的，我同意`)."""
    answer, shown = answered(consent, case, track, exchange.from_ms, exchange.to_ms)
    if consent.answers or answer is not Answer.AGREED:
        return shown[0] if answer is Answer.AGREED else None
    replies = case.replies_between(track, exchange.from_ms, exchange.to_ms)
    first = next((r for r in replies if r.stance is Stance.AGREES and r.lead <= 0), None)
    return None if first is None else Evidence(track, first.from_ms, first.to_ms)


def _pointing(code: ReasonCode, shown: Evidence, consent: Consent) -> Reason:
    return reason(code, shown.track, shown.from_ms, shown.to_ms, consent.question)
