"""`judge`: the answer for every automated and attested clause of a plan, from plan, events and findings alone.

Pure and total: the verifier calls this very function and compares. One rule module per obligation kind beside this one; the
worst answer of a clause's obligations is the clause's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import KINDS, Obligation, Plan, PlanClause
from jianlu.core.terms.findings import Inspection
from jianlu.core.terms.verdicts import Basis, ClauseVerdict, Evidence, ObligationVerdict, Reason, Verdict
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.forbid_phrase import judge_forbidden
from jianlu.core.verdicts.handle_as import judge_handling
from jianlu.core.verdicts.order import Agenda
from jianlu.core.verdicts.outcomes import SESSION, reason
from jianlu.core.verdicts.reasons import ReasonCode
from jianlu.core.verdicts.require_attestation import judge_attestation
from jianlu.core.verdicts.require_consent import judge_consent
from jianlu.core.verdicts.require_continuity import judge_continuity
from jianlu.core.verdicts.require_picture import judge_picture
from jianlu.core.verdicts.require_presence import judge_presence
from jianlu.core.verdicts.require_sound import judge_sound
from jianlu.core.verdicts.require_step import judge_step
from jianlu.core.verdicts.require_sync import judge_sync
from jianlu.core.verdicts.retain_for import judge_retention

_RULES: Mapping[str, Callable[[Obligation, CaseView], ObligationVerdict]] = {
    "forbid_phrase": judge_forbidden,
    "require_presence": judge_presence,
    "require_picture": judge_picture,
    "require_sound": judge_sound,
    "require_sync": judge_sync,
    "require_continuity": judge_continuity,
    "require_attestation": judge_attestation,
    "retain_for": judge_retention,
    "handle_as": judge_handling,
}
_STEP_RULES: Mapping[str, Callable[[Obligation, CaseView, Agenda], ObligationVerdict]] = {
    "require_step": judge_step,
    "require_consent": judge_consent,
}
_BASES = {"automated": Basis.AUTOMATED, "attested": Basis.ATTESTED}
_WORST_FIRST = (Verdict.NOT_MET, Verdict.NOT_EVIDENCED, Verdict.MET)


def judge(plan: Plan, events: Sequence[Event], inspections: Sequence[Inspection]) -> tuple[ClauseVerdict, ...]:
    """One verdict per automated or attested clause, in the plan's order; the same input gives the same answer.

    `events` are one case's, in order; findings and bodies of a strange form count as absent. Raises InvalidError only for a plan
    whose parameters are malformed. Nothing that is missing is ever met. Source of the rules: `specs/verdicts.md`.
    """
    case = CaseView(plan, events, inspections)
    agenda = Agenda(case)
    answers: dict[str, list[ObligationVerdict]] = {}
    for obligation in plan.obligations:
        answers.setdefault(obligation.clause_key, []).append(_answer(obligation, case, agenda))
    return tuple(_clause_verdict(clause, answers.get(clause.key, [])) for clause in plan.clauses if clause.status in _BASES)


def tally(verdicts: Sequence[ClauseVerdict]) -> dict[str, int]:
    """How many clauses have each verdict, all three named."""
    return {verdict.value: sum(1 for clause in verdicts if clause.verdict is verdict) for verdict in Verdict}


def _answer(obligation: Obligation, case: CaseView, agenda: Agenda) -> ObligationVerdict:
    if obligation.kind in _STEP_RULES:
        return _STEP_RULES[obligation.kind](obligation, case, agenda)
    if obligation.kind in _RULES:
        return _RULES[obligation.kind](obligation, case)
    raise InvalidError(f"the obligation {obligation.id} is of a kind that has no rule here; the kinds are {', '.join(KINDS)}")


def _clause_verdict(clause: PlanClause, answers: Sequence[ObligationVerdict]) -> ClauseVerdict:
    worst = next((verdict for verdict in _WORST_FIRST if any(a.verdict is verdict for a in answers)), Verdict.NOT_EVIDENCED)
    reasons = [why for verdict in _WORST_FIRST for a in answers if a.verdict is verdict for why in a.reasons]
    if not answers:
        reasons = [reason(ReasonCode.NO_OBLIGATION, SESSION, 0, 0)]
    return ClauseVerdict(
        pack=clause.pack,
        clause=clause.clause,
        verdict=worst,
        basis=_BASES[clause.status],
        confidence=clause.confidence,
        mark=clause.mark,
        evidence=_shown(answers, worst),
        reasons=tuple(dict.fromkeys(reasons)),
        obligations=tuple(answers),
    )


def _shown(answers: Sequence[ObligationVerdict], worst: Verdict) -> tuple[Evidence, ...]:
    """The evidence of the answers that decided, in time order."""
    evidence = {e for answer in answers if answer.verdict is worst for e in answer.evidence}
    return tuple(sorted(evidence, key=lambda e: (e.from_ms, e.to_ms, e.track, e.finding)))


def reasons_of(verdict: ClauseVerdict) -> tuple[Reason, ...]:
    """The reasons of the obligations that made the clause what it is (not those of its better obligations)."""
    return tuple(dict.fromkeys(why for a in verdict.obligations if a.verdict is verdict.verdict for why in a.reasons))
