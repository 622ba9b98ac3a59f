"""The checks of a session as its view shows them, to staff alone: each demand of each step, and what can be put right at once. Pure.

Unknown is a state of its own with a reason in words; nothing that was not found is shown as met.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.capture.sessions.checking import is_away, prompts_now, wants_supervisor
from jianlu.capture.sessions.checks import CheckState, Demand, Found, Watching, findings_now
from jianlu.capture.sessions.model import StepRun, StepState
from jianlu.capture.sessions.named import seat_or_track
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.capture.sessions.words import CHECK_WORDS, PROMPT_WORDS, worded
from jianlu.core.formats.plan import Plan
from jianlu.govern.policy.case_file import picture_of

AVOIDED = {"zh": "没有说禁止的话", "en": "No forbidden words"}


def checks_part(live: LiveSession, watching: Watching | None, now_ms: int) -> dict[str, Any]:
    """How the checking itself stands: `off`, `away` or `on`, what the scene does, and what can be put right now."""
    state = "off" if watching is None else "away" if is_away(watching, now_ms) else "on"
    prompts = prompts_now(live.seen, now_ms) if state == "on" else ()
    return {
        "state": state,
        "on_not_met": live.scene.on_not_met,
        "held_by": live.talk.held_by or None,
        "calls_supervisor": wants_supervisor(live.talk),
        "prompts": [
            {"code": each.code, "about": each.track, "text": worded(PROMPT_WORDS, each.code, _whose(each.track))}
            for each in prompts
        ],
    }


def hidden_checks(live: LiveSession) -> dict[str, Any]:
    """What somebody who is not staff sees of it: nothing."""
    return {"state": "off", "on_not_met": live.scene.on_not_met, "held_by": None, "calls_supervisor": False, "prompts": []}


def step_checks(live: LiveSession, run: StepRun, watching: Watching | None, now_ms: int) -> dict[str, Any]:
    """The checks of a step's present attempt: together `none`, `met`, `not_met` or `unknown`, and each with why and where."""
    demands, recorded = live.demands.get(run.step, ()), live.talk.checks.get(run.step)
    attempt = run.attempt if run.state in (StepState.CURRENT, StepState.DONE) else 0
    away = watching is not None and is_away(watching, now_ms)
    look = live.seen.looks.get(run.step)
    known = findings_now(demands, attempt, look, recorded, is_away=away)
    if watching is None:
        known = tuple(Found(each.key, CheckState.UNKNOWN, "off") if each.reason == "not_yet" else each for each in known)
    is_current = recorded is not None and recorded.attempt == attempt
    return {
        "state": _together(known),
        "is_whole": bool(is_current and recorded and recorded.until_ms >= run.to_ms),
        "action": recorded.action if is_current and recorded else "",
        "is_waived": bool(is_current and recorded and recorded.is_waived),
        "points": [_point(demand, found, live.plan) for demand, found in zip(demands, known, strict=True)],
    }


NO_CHECKS: Mapping[str, Any] = {"state": "none", "is_whole": False, "action": "", "is_waived": False, "points": []}


def _together(known: tuple[Found, ...]) -> str:
    states = {found.state for found in known}
    for worst in (CheckState.NOT_MET, CheckState.UNKNOWN, CheckState.MET):
        if worst in states:
            return worst.value
    return "none"


def _point(demand: Demand, found: Found, plan: Plan) -> dict[str, Any]:
    says = next((phrase.says for phrase in plan.phrases if phrase.id == demand.about), "")
    is_placed = found.to_ms > 0
    return {
        "id": demand.key,
        "kind": demand.kind,
        "by": demand.track,
        "text": dict(AVOIDED) if demand.kind == "avoided" else {"zh": says, "en": says},
        "state": found.state.value,
        "reason": found.reason,
        "why": worded(CHECK_WORDS, found.reason) if found.reason else None,
        "from_ms": found.from_ms if is_placed else None,
        "to_ms": found.to_ms if is_placed else None,
    }


def _whose(track: str) -> tuple[str, str]:
    """Whose picture or sound it is: a prompt speaks to the person."""
    return seat_or_track(track.removesuffix(picture_of("")))
