"""What one stretch of a talk shows of the demands of its step, by the same rules as the verdict after the call. Pure.

The stretch is judged as if it were the whole session, without the order of steps, which the script's engine keeps. Where somebody was not
listened to, only what a hole could not undo counts: words that were said, and forbidden ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jianlu.capture.sessions.checks import CheckState, Demand, Found
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.plan import Obligation, Plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Coverage, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.core.terms.verdicts import ObligationVerdict, Reason, Verdict
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.forbid_phrase import judge_forbidden
from jianlu.core.verdicts.order import Agenda
from jianlu.core.verdicts.ranges import outside, total_ms
from jianlu.core.verdicts.reasons import ReasonCode
from jianlu.core.verdicts.require_consent import judge_consent
from jianlu.core.verdicts.require_step import judge_step

HOLE_MS_MAX = 500
"""So much of a stretch may be missing before an absence is no longer believed: no phrase of a plan fits into half a second."""

_OF_ABSENCE = frozenset({ReasonCode.MISSING_POINT.value, ReasonCode.MISSING_QUESTION.value, ReasonCode.NO_ANSWER.value})
_NOT_COVERED, _NOT_YET = "not_covered", "not_yet"
_SPEECH_KINDS = frozenset({"require_step", "require_consent", "forbid_phrase"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was listened to: `length_ms` from `origin_ms` of the session; `is_whole` when the step is over and all of it is in there."""

    origin_ms: int
    length_ms: int
    is_whole: bool


def look_at(plan: Plan, demands: Sequence[Demand], inspections: Sequence[Inspection], stretch: Stretch) -> tuple[Found, ...]:
    """What the stretch shows of each of `demands`, in session time.

    `inspections` are speech and phrases of the stretch, in its own time. Until the stretch is whole nothing is missing yet: it is unknown.
    """
    speech = next((each for each in inspections if each.inspector is Inspector.SPEECH), None)
    if speech is None or speech.status is not Status.RAN:
        return tuple(Found(demand.key, CheckState.UNKNOWN, _why_deaf(speech)) for demand in demands)
    judged = _Judged(plan, inspections, stretch.length_ms)
    holes = {track.id: _hole_ms(speech, track.id, stretch.length_ms) for track in plan.tracks if track.kind == "audio"}
    return tuple(_settled(judged.found(d), d, max(map(holes.__getitem__, judged.parties(d))), stretch) for d in demands)


class _Judged:
    """The verdicts of the obligations behind the demands, on the stretch alone."""

    def __init__(self, plan: Plan, inspections: Sequence[Inspection], length_ms: int) -> None:
        alone = [_alone(obligation) for obligation in plan.obligations if obligation.kind in _SPEECH_KINDS]
        whole = tuple(Coverage(track.id, 0, length_ms) for track in plan.tracks if track.kind == "audio")
        heard = [each for each in inspections if each.inspector in (Inspector.SPEECH, Inspector.PHRASES)]
        self._obligations = {obligation.id: obligation for obligation in alone}
        self._case = CaseView(
            replace(plan, obligations=tuple(alone)), [_end_at(length_ms)], [replace(each, covered=whole) for each in heard]
        )
        self._agenda = Agenda(self._case)

    def parties(self, demand: Demand) -> set[str]:
        """The tracks that had to be listened to for the demand."""
        params = self._obligations[demand.obligations[0]].params
        if demand.kind == "avoided" and params.get("questions"):
            return set(self._case.audio_tracks)
        return {demand.track, str(params.get("asker", demand.track))}

    def found(self, demand: Demand) -> Found:
        """The demand by the first of its obligations: all of them ask for the same words of the same person."""
        obligation = self._obligations[demand.obligations[0]]
        if demand.kind == "said":
            return self._said(demand, judge_step(obligation, self._case, self._agenda))
        if demand.kind == "answered":
            return _by_verdict(demand, judge_consent(obligation, self._case, self._agenda))
        return self._avoided(demand, judge_forbidden(obligation, self._case))

    def _said(self, demand: Demand, verdict: ObligationVerdict) -> Found:
        """One point of a spoken step: what it lacks is among the step's reasons; a point without one was heard."""
        lack = next((why for why in verdict.reasons if why.about == demand.about or why.code == ReasonCode.SCATTERED.value), None)
        if lack is not None:
            return _lacking(demand, lack)
        hits = self._case.hits(demand.about, demand.track)
        if not hits:
            return Found(demand.key, CheckState.NOT_MET, ReasonCode.MISSING_POINT.value)
        return Found(demand.key, CheckState.MET, "", hits[0].from_ms, hits[0].to_ms)

    def _avoided(self, demand: Demand, verdict: ObligationVerdict) -> Found:
        said = next((why for why in verdict.reasons if why.track == demand.track), None)
        return Found(demand.key, CheckState.MET) if said is None else _lacking(demand, said)


def _by_verdict(demand: Demand, verdict: ObligationVerdict) -> Found:
    if verdict.verdict is not Verdict.MET:
        return _lacking(demand, verdict.reasons[0])
    shown = [each for each in verdict.evidence if each.track == demand.track] or list(verdict.evidence)
    return Found(demand.key, CheckState.MET, "", min(e.from_ms for e in shown), max(e.to_ms for e in shown))


def _lacking(demand: Demand, why: Reason) -> Found:
    is_placed = why.code not in _OF_ABSENCE
    return Found(demand.key, CheckState.NOT_MET, why.code, why.from_ms if is_placed else 0, why.to_ms if is_placed else 0)


def _settled(found: Found, demand: Demand, hole_ms: int, stretch: Stretch) -> Found:
    """In session time; an absence is unknown before the step is over, and whatever a hole could undo where there is one."""
    is_absence = found.reason in _OF_ABSENCE or (demand.kind == "avoided" and found.state is CheckState.MET)
    if is_absence and not stretch.is_whole:
        return Found(found.key, CheckState.UNKNOWN, _NOT_YET)
    if hole_ms > HOLE_MS_MAX and _could_be_undone(found, demand):
        return Found(found.key, CheckState.UNKNOWN, _NOT_COVERED)
    if found.to_ms == 0:
        return found
    return replace(found, from_ms=found.from_ms + stretch.origin_ms, to_ms=found.to_ms + stretch.origin_ms)


def _could_be_undone(found: Found, demand: Demand) -> bool:
    """Whether words in a hole could turn it: the right ones by the right person what is not met, a refusal or a promise what is met.

    Only forbidden words stay said, and a point that was heard stays heard.
    """
    if found.state is CheckState.MET:
        return demand.kind != "said"
    return found.reason != ReasonCode.FORBIDDEN.value


def _hole_ms(speech: Inspection, track: str, length_ms: int) -> int:
    """How much of a track was not listened to."""
    return total_ms(outside([(c.from_ms, c.to_ms) for c in speech.covered if c.track == track], (0, length_ms)))


def _alone(obligation: Obligation) -> Obligation:
    """The obligation without its place among the others: a stretch is one step."""
    return replace(obligation, params={k: v for k, v in obligation.params.items() if k not in ("after", "before")})


def _end_at(length_ms: int) -> Event:
    """The end of the stretch as the rules know the end of a session."""
    body = {"segments": 1, "duration_ms": length_ms, "media_bytes": 1}
    tenant, case = tenant_id("stretch"), case_ref("c" + "a" * 26)
    return make_event(
        EventType.RECORDING_ENDED, tenant=tenant, case=case, n=0, prev=FIRST_PREV, at="2026-01-01T00:00:00.000Z", body=body
    )


def _why_deaf(speech: Inspection | None) -> str:
    if speech is None or speech.status is Status.ABSENT:
        return speech.reason if speech is not None and speech.reason == "language_unknown" else "engine_absent"
    return "engine_failed"


def sound_prompts(plan: Plan, inspections: Iterable[Inspection]) -> list[tuple[str, str]]:
    """Where a voice is too quiet, or too little above the noise, by the plan's `require_sound`: code and track."""
    levels = [f for each in inspections for f in each.findings if f.kind is FindingKind.LEVEL]
    found = []
    for level in levels:
        for params in (
            o.params for o in plan.obligations if o.kind == "require_sound" and level.track in o.params.get("tracks", ())
        ):
            if level.value["speech_cdb"] < params["speech_cdb_min"]:
                found.append(("voice_quiet", level.track))
            elif level.value["snr_cdb"] < params["snr_cdb_min"]:
                found.append(("voice_noisy", level.track))
    return list(dict.fromkeys(found))


DARK_LUMA_MAX = 40
"""Mean luma (0 to 255) of a picture in which a face can hardly be made out: one in a dark room has 25, in an office 100 and more."""


def picture_prompts(plan: Plan, looks: Iterable[Finding]) -> list[tuple[str, str]]:
    """Where a face is missing or too small, or the picture too dark, by `looks` (FACES) and the plan's `require_presence`: code, track."""
    found = []
    for look in looks:
        wanted = [o.params for o in plan.obligations if o.kind == "require_presence" and o.params.get("track") == look.track]
        if look.value["brightness"] <= DARK_LUMA_MAX:
            found.append(("picture_dark", look.track))
        elif any(look.value["count"] < params["faces_min"] for params in wanted):
            found.append(("face_missing", look.track))
        elif any(max(look.value["height_permille"], default=1000) < params["height_permille_min"] for params in wanted):
            found.append(("face_small", look.track))
    return list(dict.fromkeys(found))
