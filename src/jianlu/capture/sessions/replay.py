"""A session from its events: each event changes the `Talk` in one way. Pure; the same events give the same talk, after any restart.

Events of kinds that say nothing about the talk change only its version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from jianlu.capture.sessions.checks import check_in
from jianlu.capture.sessions.model import Course, Share, StepRun, StepState, Talk, Written
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.govern.consent import DECISIONS, decision_in

Body = Mapping[str, Any]
_NO_SEATS = frozenset({"recorder"})
"""What a preflight names that is no seat."""


def begin(course: Course) -> Talk:
    """The talk before its first event."""
    return Talk(steps=tuple(StepRun(step.id) for step in course.steps))


def replay(course: Course, events: Iterable[Event], talk: Talk | None = None) -> Talk:
    """`talk` (none: a fresh one) after `events`, in their order."""
    talk = talk or begin(course)
    for event in events:
        talk = after(course, talk, event.type, event.body)
    return talk


def after(course: Course, talk: Talk, type: EventType, body: Body) -> Talk:
    """`talk` after one event."""
    change = _CHANGES.get(type)
    return replace(change(course, talk, body) if change else talk, version=talk.version + 1)


def _seat_taken(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, seats={**talk.seats, body["seat"]: body["how"]})


def _seat_left(_: Course, talk: Talk, body: Body) -> Talk:
    """With whoever sat there go their devices: the next ones are tested anew."""
    gone = body["seat"]
    devices = {seat: checks for seat, checks in talk.devices.items() if seat != gone}
    return replace(talk, seats={seat: how for seat, how in talk.seats.items() if seat != gone}, devices=devices)


def _preflight(_: Course, talk: Talk, body: Body) -> Talk:
    if body["seat"] in _NO_SEATS:
        return talk
    return replace(talk, devices={**talk.devices, body["seat"]: dict(body["checks"])})


def _step_started(_: Course, talk: Talk, body: Body) -> Talk:
    run = StepRun(body["step"], StepState.CURRENT, body["attempt"], from_ms=body["at_ms"])
    return _with_run(talk, run)


def _step_completed(_: Course, talk: Talk, body: Body) -> Talk:
    run = talk.run_of(body["step"])
    return _with_run(talk, replace(run, state=StepState.DONE, to_ms=body["to_ms"])) if run else talk


def _step_reopened(_: Course, talk: Talk, body: Body) -> Talk:
    """The reopened step begins anew, and so does a step that was under way."""
    steps = tuple(
        StepRun(run.step, StepState.REOPENED, run.attempt)
        if run.step == body["step"]
        else StepRun(run.step, StepState.PENDING, run.attempt)
        if run.state is StepState.CURRENT
        else run
        for run in talk.steps
    )
    checks = {step: check for step, check in talk.checks.items() if step != body["step"]}
    return replace(talk, steps=steps, checks=checks, showing=None)


def _checked(_: Course, talk: Talk, body: Body) -> Talk:
    run = talk.run_of(body["step"])
    if run is None or run.attempt != body["attempt"] or run.state is StepState.REOPENED:
        return talk
    return replace(talk, checks={**talk.checks, body["step"]: check_in(body)})


def _waived(_: Course, talk: Talk, body: Body) -> Talk:
    check = talk.checks.get(body["step"])
    if check is None or check.attempt != body["attempt"]:
        return talk
    return replace(talk, checks={**talk.checks, body["step"]: replace(check, is_waived=True)})


def _refused(_: Course, talk: Talk, __: Body) -> Talk:
    return replace(talk, refusals=talk.refusals + 1)


def _shown(course: Course, talk: Talk, body: Body) -> Talk:
    run = talk.run_of(body["step"])
    long_enough = body["to_ms"] - body["from_ms"] >= course.min_show_ms.get(body["document"], 0)
    if run is None or run.state is not StepState.CURRENT or not long_enough:
        return talk
    return _with_run(talk, replace(run, shown=run.shown | {body["document"]}))


def _answered(_: Course, talk: Talk, body: Body) -> Talk:
    run = talk.run_of(body["step"])
    if run is None or run.state is not StepState.CURRENT:
        return talk
    return _with_run(talk, replace(run, answers={**run.answers, body["question"]: body["answer"]}))


def _decided(type: EventType) -> Callable[[Course, Talk, Body], Talk]:
    def change(_: Course, talk: Talk, body: Body) -> Talk:
        decision = decision_in(type, body)
        key = (decision.purpose, decision.by)
        talk = replace(talk, decisions={**talk.decisions, key: decision})
        run = next((run for run in talk.steps if run.state is StepState.CURRENT), None)
        return _with_run(talk, replace(run, decided=run.decided | {key})) if run else talk

    return change


def _attested(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, attested=talk.attested | {body["clause"]}, attestations=talk.attestations + 1)


def _message(_: Course, talk: Talk, body: Body) -> Talk:
    written = Written(body["object"], body["by"], body.get("to", ""), body["at_ms"])
    return replace(talk, messages=(*talk.messages, written))


def _deposited(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, deposits=(*talk.deposits, (body["document"], body["signature"], body["by"], body["at_ms"])))


def _share_started(_: Course, talk: Talk, body: Body) -> Talk:
    seat = str(body["track"]).removesuffix("-screen")
    others = tuple(share for share in talk.shares if share.track != body["track"])
    return replace(talk, shares=(*others, Share(body["track"], body["kind"], seat)))


def _share_ended(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, shares=tuple(share for share in talk.shares if share.track != body["track"]))


def _alarmed(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, alarms={**talk.alarms, (body["code"], body["track"]): body["at_ms"]})


def _cleared(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, alarms={key: at for key, at in talk.alarms.items() if key != (body["code"], body["track"])})


def _paused(_: Course, talk: Talk, body: Body) -> Talk:
    if talk.paused_at_ms is not None:
        return talk
    return replace(talk, paused_at_ms=body["at_ms"], pause_reason=body["reason"])


def _resumed(_: Course, talk: Talk, body: Body) -> Talk:
    if talk.paused_at_ms is None:
        return talk
    pause = max(0, body["at_ms"] - talk.paused_at_ms)
    steps = tuple(replace(run, paused_ms=run.paused_ms + pause) if run.state is StepState.CURRENT else run for run in talk.steps)
    return replace(talk, steps=steps, paused_at_ms=None, pause_reason="")


def _recording_started(_: Course, talk: Talk, __: Body) -> Talk:
    return replace(talk, is_recording=True)


def _segment(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, segments=talk.segments + 1, recorded_until_ms=max(talk.recorded_until_ms, body["to_ms"]))


def _talk_ended(_: Course, talk: Talk, body: Body) -> Talk:
    return replace(talk, end_reason=body["reason"], ended_at_ms=body["at_ms"], shares=(), showing=None)


def _recording_ended(_: Course, talk: Talk, __: Body) -> Talk:
    return replace(talk, is_recording=False, is_recorded=True)


def _closed(_: Course, talk: Talk, __: Body) -> Talk:
    return replace(talk, is_closed=True)


def _with_run(talk: Talk, run: StepRun) -> Talk:
    return replace(talk, steps=tuple(run if each.step == run.step else each for each in talk.steps))


_CHANGES: Mapping[EventType, Callable[[Course, Talk, Body], Talk]] = {
    EventType.SEAT_TAKEN: _seat_taken,
    EventType.SEAT_LEFT: _seat_left,
    EventType.PREFLIGHT_RECORDED: _preflight,
    EventType.STEP_STARTED: _step_started,
    EventType.STEP_COMPLETED: _step_completed,
    EventType.STEP_REOPENED: _step_reopened,
    EventType.STEP_REFUSED: _refused,
    EventType.CHECK_RECORDED: _checked,
    EventType.CHECK_WAIVED: _waived,
    EventType.DOCUMENT_SHOWN: _shown,
    EventType.ANSWER_RECORDED: _answered,
    EventType.ATTESTATION_RECORDED: _attested,
    EventType.MESSAGE_RECORDED: _message,
    EventType.DEPOSIT_RECORDED: _deposited,
    EventType.SHARE_STARTED: _share_started,
    EventType.SHARE_ENDED: _share_ended,
    EventType.HEALTH_ALARMED: _alarmed,
    EventType.HEALTH_CLEARED: _cleared,
    EventType.RECORDING_PAUSED: _paused,
    EventType.RECORDING_RESUMED: _resumed,
    EventType.RECORDING_STARTED: _recording_started,
    EventType.SEGMENT_SEALED: _segment,
    EventType.SESSION_ENDED: _talk_ended,
    EventType.RECORDING_ENDED: _recording_ended,
    EventType.CASE_CLOSED: _closed,
    **{kind: _decided(kind) for kind in DECISIONS},
}
