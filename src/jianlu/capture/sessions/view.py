"""The session as one viewer may see it: the one object that pages and API clients read. Masked names, and what this viewer may do now.

Its parts are made in `view_parts.py`; nothing is changed here.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from jianlu.capture.cases.case_access import number_for
from jianlu.capture.cases.masks import masked
from jianlu.capture.sessions.encryption import written
from jianlu.capture.sessions.gate_words import gate_checks_part
from jianlu.capture.sessions.joining import outstanding_seats
from jianlu.capture.sessions.lifecycle import OVER, acts_of
from jianlu.capture.sessions.members import members_part
from jianlu.capture.sessions.model import Act, Phase, StepState, Written
from jianlu.capture.sessions.opening import Standing, has_led, opened, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.capture.sessions.recording import gate_checks, gates_of, phase_now, seats_of, shown_gates
from jianlu.capture.sessions.rooms import FeedStatus
from jianlu.capture.sessions.supervising import SUPERVISOR, is_supervising, supervisor_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.capture.sessions.view_checks import NO_CHECKS, checks_part, hidden_checks, step_checks
from jianlu.capture.sessions.view_parts import Facts, consents_part, gates_part, health_part, steps_part
from jianlu.govern.identity.model import Principal
from jianlu.govern.script_texts import facts_in


def view_session(case: str, *, using: SessionPorts, by: Principal) -> dict[str, Any]:
    """The session of a case for `by`; NotFoundError for a case that `by` may not see."""
    with opened(case, using=using, by=by) as (live, standing):
        return _view(live, standing, number_for(using.access, by, live.row) if standing.is_staff else "", using)


def _view(live: LiveSession, standing: Standing, number: str, using: SessionPorts) -> dict[str, Any]:
    row, talk, now_ms = live.row, live.talk, session_ms(live, using=using)
    progress = using.jobs_of(row.case)
    phase = phase_now(live)
    if phase in OVER and progress["jobs"]["stage"] == "done":
        phase = Phase.SEALED
    facts = facts_in(live.plan)
    steps = _steps(live, standing, facts, using)
    current = next((step for step in steps if step["state"] != StepState.DONE.value), None) if phase not in OVER else None
    status = live.status or RecordingStatus("idle" if row.zero_us is None else "stopped" if phase in OVER else "starting")
    return {
        "case": row.case,
        "number": number,
        "title": row.title,
        "template": {"id": live.scene.id, "version": live.scene.version, "title": dict(live.scene.title)},
        "state": phase.value,
        "reason": talk.end_reason or talk.pause_reason,
        "language": row.language,
        "profile": row.profile,
        "is_large": any(each.is_large for each in live.scene.profiles if each.id == row.profile),
        "you": {"seat": standing.seat, "is_staff": standing.is_staff},
        "seats": _seats(live, standing, using),
        "encryption": members_part(live, standing.seat, written),
        "check_code": row.check_code,
        "script": {"id": row.script, "version": row.script_version, "digest": row.script_digest},
        "steps": steps,
        "current_step": current["id"] if current else None,
        "next_sentence": _next_sentence(steps),
        "showing": talk.showing.document if talk.showing else None,
        "consents": consents_part(live),
        "gate_checks": gate_checks_part(gate_checks(live, using=using)) if row.zero_us is None and phase not in OVER else [],
        "gates": gates_part(live, shown_gates(live)) if row.zero_us is None and phase not in OVER else [],
        "recording": {
            **asdict(status),
            "alarms": [asdict(alarm) for alarm in status.alarms],
            "is_forwarding": live.is_forwarding,
        },
        "health": health_part(live, phase, using.clock.monotonic_ms()),
        "checks": checks_part(live, using.watching, using.clock.monotonic_ms()) if standing.is_staff else hidden_checks(live),
        "supervisor": _supervisor(live, standing),
        "messages": [_message(live, standing, each) for each in talk.messages],
        "deposits": [
            {"document": document, "signature": signature, "by": by, "at_ms": at_ms}
            for document, signature, by, at_ms in talk.deposits
        ],
        "shares": [asdict(share) for share in talk.shares],
        "attested": sorted(talk.attested),
        "allowed": _allowed(live, standing, phase),
        **progress,
        "now_ms": now_ms,
        "version": talk.version,
    }


def _steps(live: LiveSession, standing: Standing, facts: Facts, using: SessionPorts) -> list[dict[str, Any]]:
    """The steps, with their checks for staff: a customer is not shown what the agent has to be told."""
    steps, now_ms = steps_part(live, facts, session_ms(live, using=using)), using.clock.monotonic_ms()
    runs = {run.step: run for run in live.talk.steps}
    for step in steps:
        checks = step_checks(live, runs[step["id"]], using.watching, now_ms) if standing.is_staff else dict(NO_CHECKS)
        step["checks"] = checks
    return steps


def _supervisor(live: LiveSession, standing: Standing) -> dict[str, Any] | None:
    """Who sits beside the session, by name: everybody in it is told."""
    seated = supervisor_of(live)
    return {"display": seated.name, "is_you": is_supervising(live, standing)} if seated is not None else None


def _message(live: LiveSession, standing: Standing, written: Written) -> dict[str, Any]:
    """A message; of one that is for somebody else everybody learns that there was one, and only its reader and staff what it says."""
    is_readable = written.to in ("", standing.seat) or standing.is_staff
    text = live.texts.get(written.name, "") if is_readable else ""
    return {"by": written.by, "to": written.to, "text": text, "at_ms": written.at_ms}


def _seats(live: LiveSession, standing: Standing, using: SessionPorts) -> list[dict[str, Any]]:
    invited = outstanding_seats(live, using=using)
    feeds = {feed.feed: feed for feed in live.room.feeds} if live.room is not None else {}
    return [
        {
            "seat": seat,
            "state": _seat_state(live, seat, invited, feeds.get(seat)),
            "display": _display(live, seat, standing),
            "is_you": seat == standing.seat,
            "device": dict(live.talk.devices[seat]) if seat in live.talk.devices else None,
        }
        for seat in seats_of(live)
    ]


def _seat_state(live: LiveSession, seat: str, invited: frozenset[str], feed: FeedStatus | None) -> str:
    if seat not in live.talk.seats:
        return "invited" if seat in invited else "empty"
    if feed is None or feed.state == "connecting":
        return "waiting"
    return "present" if feed.state == "connected" else "away"


def _display(live: LiveSession, seat: str, standing: Standing) -> str:
    """Everybody sees who leads the session; of others their own name, and masked ones."""
    if seat == "agent" and live.row.agent_display:
        return live.row.agent_display
    name = str(live.particulars["people"].get(seat, {}).get("name", ""))
    return name if seat == standing.seat else masked(name)


def _next_sentence(steps: list[dict[str, Any]]) -> dict[str, str] | None:
    """What is said first in the first step that was not begun."""
    waiting = next((step for step in steps if step["state"] in (StepState.PENDING.value, StepState.REOPENED.value)), None)
    return dict(waiting["say"][0]["texts"]) if waiting and waiting["say"] else None


def _allowed(live: LiveSession, standing: Standing, phase: Phase) -> list[str]:
    """Acts of the viewer's seat in this phase, less those that the template or the present step rules out."""
    acts = set(acts_of(standing.seat, phase))
    turn = live.talk.next_run
    rule = live.scene.seat_of(standing.seat)
    if not live.course.may_pause:
        acts -= {Act.PAUSE}
    if rule is None or not rule.may_share:
        acts -= {Act.SHARE}
    if standing.seat == SUPERVISOR and is_supervising(live, standing):
        acts -= {Act.SUPERVISE}
    elif standing.seat == SUPERVISOR:
        acts -= {Act.ADVISE, Act.MESSAGE, Act.LEAVE}
    if live.row.zero_us is not None or gates_of(live):
        acts -= {Act.START}
    if turn is None or turn.state is StepState.CURRENT:
        acts -= {Act.START_STEP}
    if turn is None or turn.state is not StepState.CURRENT:
        acts -= {Act.COMPLETE_STEP, Act.SHOW_DOCUMENT, Act.ANSWER}
    if turn is not None or live.talk.held_by:
        acts -= {Act.END}
    if live.talk.held_by not in ("", turn.step if turn is not None else ""):
        acts -= {Act.START_STEP, Act.COMPLETE_STEP, Act.SHOW_DOCUMENT, Act.ANSWER}
    if not live.talk.held_by or (Act.WAIVE_CHECK in acts and has_led(live, standing.account)):
        acts -= {Act.WAIVE_CHECK}
    return [act.value for act in Act if act in acts]
