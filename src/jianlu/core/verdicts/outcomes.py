"""Making obligation verdicts: the three answers in one form each, so that no rule builds one by hand.

Evidence of a not-met answer is where its reasons point to when something was heard or seen there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Finding
from jianlu.core.terms.verdicts import Evidence, ObligationVerdict, Reason, Verdict
from jianlu.core.verdicts.reasons import ReasonCode

SESSION = "session"
"""The track of what concerns no single track: events, the whole recording."""


def met(obligation: Obligation, evidence: Iterable[Evidence]) -> ObligationVerdict:
    """Met, shown by `evidence`."""
    return ObligationVerdict(obligation.id, Verdict.MET, _once(evidence), ())


def not_met(obligation: Obligation, reasons: Iterable[Reason], evidence: Iterable[Evidence] = ()) -> ObligationVerdict:
    """Not met, for `reasons`; `evidence` is what was heard or seen that shows it."""
    return ObligationVerdict(obligation.id, Verdict.NOT_MET, _once(evidence), tuple(reasons))


def not_evidenced(obligation: Obligation, reasons: Iterable[Reason], evidence: Iterable[Evidence] = ()) -> ObligationVerdict:
    """Neither: what would show it is absent."""
    return ObligationVerdict(obligation.id, Verdict.NOT_EVIDENCED, _once(evidence), tuple(reasons))


def reason(code: ReasonCode, track: str, from_ms: int, to_ms: int, about: str | int = "") -> Reason:
    """A reason that points to [from_ms, to_ms) of `track`."""
    return Reason(code.value, track, from_ms, max(from_ms, to_ms), str(about))


def reason_at(code: ReasonCode, finding: Finding, about: str | int = "") -> Reason:
    """A reason that points to `finding`."""
    return reason(code, finding.track, finding.from_ms, finding.to_ms, about)


def evidence_of(findings: Iterable[Finding]) -> list[Evidence]:
    """The stretches of `findings`, each with its finding's id."""
    return [Evidence(f.track, f.from_ms, f.to_ms, f.id) for f in findings]


def examined(tracks: Sequence[str], duration_ms: int) -> list[Evidence]:
    """The whole of `tracks`: evidence of an absence is everything that was examined."""
    return [Evidence(track, 0, duration_ms) for track in tracks]


def _once(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))
