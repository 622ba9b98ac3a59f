"""Checks during the call: what the checker is to look at, what it reports, what the scene's rule then does, and a supervisor's waiver.

The checker is a process beside the call and never its master: when it is away everything that it did not report stays unknown, that is
said, and the call goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jianlu.capture.sessions.checks import Look, Prompt, Seen, Watching, check_body
from jianlu.capture.sessions.lifecycle import may
from jianlu.capture.sessions.model import Act, StepState, Talk
from jianlu.capture.sessions.opening import has_led, opened, opened_by_watch, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import keep, phase_now
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal, Role, Staff

AWAY_MS = 10_000
"""A checker that was not heard for so long, or is at one look for six times so long, is away. It calls twice a second."""

PROMPT_MS = 8_000
"""A prompt that was not repeated for so long is over: pictures are looked at every few seconds."""

WAIVERS = ("paper_checked", "heard_in_person", "check_mistaken", "other")
"""Why a supervisor lets a step stand although a check of it was not met."""


def watched_sessions(*, busy_ms: int, using: SessionPorts) -> dict[str, Any]:
    """Every talk that is under way, with the attempts of steps that are not wholly looked at; and whether one may begin soon.

    So the checker was heard; `busy_ms` is how long it has been at its present look.
    """
    if using.watching is not None:
        using.watching.heard_ms, using.watching.busy_ms = using.clock.monotonic_ms(), busy_ms
    known = [live for live in using.switchboard.sessions if not live.talk.end_reason]
    return {"cases": [_watched(live) for live in known if live.talk.is_recording], "is_expected": bool(known)}


def report_look(case: str, look: Look, *, using: SessionPorts) -> None:
    """Take what was found of a step; once all of a completed attempt was looked at, record it and do what the scene says.

    A look at an attempt that is no longer the step's, or at a talk that is over, says nothing and is dropped.
    """
    with opened_by_watch(case, using=using) as live:
        run = live.talk.run_of(look.step)
        if live.talk.end_reason or run is None or run.attempt != look.attempt or run.state is StepState.REOPENED:
            return
        demanded = {demand.key for demand in live.demands.get(look.step, ())}
        if {found.key for found in look.found} != demanded:
            raise InvalidError("a look tells of every demand of its step, and of nothing else: run processes of one version")
        live.seen = replace(live.seen, looks={**live.seen.looks, look.step: look})
        known = live.talk.checks.get(look.step)
        if look.is_whole and run.state is StepState.DONE and (known is None or known.attempt != look.attempt):
            body = check_body(look, live.scene.on_not_met, session_ms(live, using=using))
            live.log.append(EventType.CHECK_RECORDED, body)
            live.catch_up()
            keep(live, using=using)


def report_prompts(case: str, prompts: Sequence[Prompt], *, using: SessionPorts) -> None:
    """Take what is to be said about picture and sound now; it is over when it is not repeated."""
    with opened_by_watch(case, using=using) as live:
        live.seen = replace(live.seen, prompts=tuple(prompts), prompted_ms=using.clock.monotonic_ms())


def waive_check(case: str, step: str, reason: str, *, using: SessionPorts, by: Principal) -> None:
    """Let the talk go on although a check of `step` was not met; ConflictError where none holds it.

    DeniedError for whoever ever led this session: a leader who hands over, waives and takes over again would be their own judge.
    """
    if reason not in WAIVERS:
        raise InvalidError(f"`reason` is one of: {', '.join(WAIVERS)}")
    with opened(case, using=using, by=by) as (live, standing):
        if not may(Act.WAIVE_CHECK, standing.seat, phase_now(live)):
            raise DeniedError(
                "a check is waived by a supervisor while the session runs, never by whoever leads it", code="waive_by_supervisor"
            )
        if has_led(live, standing.account):
            raise DeniedError("whoever led this session cannot waive its checks: ask another supervisor", code="waive_by_another")
        check = live.talk.checks.get(step)
        if check is not None and check.is_waived:
            return
        if check is None or not check.is_holding:
            raise ConflictError("no check of this step holds the talk: look at its present state", code="nothing_to_waive")
        at_ms = session_ms(live, using=using)
        body = {"step": step, "attempt": check.attempt, "reason": reason, "by": standing.seat, "at_ms": at_ms}
        live.log.append(EventType.CHECK_WAIVED, body, commits={"who": digest_of(standing.account.encode())})
        live.catch_up()
        keep(live, using=using)


def calls_for_supervisor(*, using: SessionPorts, by: Staff) -> list[dict[str, Any]]:
    """The talks of this process in which a check calls for a supervisor, for whoever is one."""
    if not by.has(Role.SUPERVISOR):
        raise DeniedError("this is for supervisors: ask somebody who is one")
    waiting = [live for live in using.switchboard.sessions if wants_supervisor(live.talk)]
    return [{"case": live.row.case, "title": live.row.title, "step": live.talk.held_by} for live in waiting]


def wants_supervisor(talk: Talk) -> bool:
    """Whether a check of the talk calls for a supervisor."""
    held = talk.held_by
    return bool(held) and not talk.end_reason and talk.checks[held].action == "route"


def is_away(watching: Watching, now_ms: int) -> bool:
    """Whether the checker is not there, or stuck."""
    return now_ms - watching.heard_ms > AWAY_MS or watching.busy_ms > 6 * AWAY_MS


def prompts_now(seen: Seen, now_ms: int) -> tuple[Prompt, ...]:
    """The prompts that still hold."""
    return seen.prompts if now_ms - seen.prompted_ms <= PROMPT_MS else ()


def _watched(live: LiveSession) -> dict[str, Any]:
    talk = _caught_up(live)
    attempts = [
        {
            "step": run.step,
            "attempt": run.attempt,
            "is_done": run.state is StepState.DONE,
            "from_ms": run.from_ms,
            "to_ms": run.to_ms,
        }
        for run in talk.steps
        if run.state in (StepState.CURRENT, StepState.DONE) and not _is_whole(talk, run.step, run.attempt)
    ]
    return {
        "case": live.row.case,
        "is_live": talk.is_live,
        "recorded_until_ms": talk.recorded_until_ms,
        "attempts": attempts,
    }


def _caught_up(live: LiveSession) -> Talk:
    """The talk as it is; while somebody is at work on the session, as it was a moment ago: the checker does not wait for them."""
    if not live.lock.acquire(blocking=False):
        return live.talk
    try:
        return live.catch_up()
    finally:
        live.lock.release()


def _is_whole(talk: Talk, step: str, attempt: int) -> bool:
    check = talk.checks.get(step)
    return check is not None and check.attempt == attempt
