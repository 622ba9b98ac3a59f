"""What the use cases do with recorder and rooms: which tracks are recorded, events carried out, and the winding up of a talk.

Winding up can be interrupted anywhere and is done again by the watch until the case is handed over.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.sessions.checks import check_body, outrun
from jianlu.capture.sessions.forwarding import cut
from jianlu.capture.sessions.gate import LINE_CHECKS, GateCheck, SeatSeen, carries, checks_of, system_gates
from jianlu.capture.sessions.lifecycle import OVER, Gate, phase_of
from jianlu.capture.sessions.members import is_encrypted, key_gates
from jianlu.capture.sessions.model import Phase, Ruling, StepState
from jianlu.capture.sessions.opening import session_ms, showing_text
from jianlu.capture.sessions.owing import pay
from jianlu.capture.sessions.ports import PRIMARY, SECOND, SessionPorts
from jianlu.capture.sessions.recorders import RecordedTrack, Recorders
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.formats.keeping import retention_body
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.govern.policy.case_file import picture_of
from jianlu.runtime.database import transaction

SCREEN = "-screen"
STOP_PATIENCE_MS = 2_500
"""How long an end waits, with the session's lock held, for the last segment; a recorder that has more to deliver is asked again."""


def tracks_of(live: LiveSession) -> tuple[RecordedTrack, ...]:
    """What is recorded: the plan's tracks, in its order, then a share of every seat that may share."""
    seats = seats_of(live)
    cameras = {picture_of(seat): seat for seat in seats}
    promised = [
        RecordedTrack(track.id, cameras.get(track.id, track.id), "video" if track.kind == "video" else "audio")
        for track in live.plan.tracks
    ]
    shares = [f"{rule.seat}{SCREEN}" for rule in live.scene.seats if rule.may_share and rule.seat in seats]
    return (*promised, *(RecordedTrack(share, share, "share") for share in shares))


def seats_of(live: LiveSession) -> tuple[str, ...]:
    """The seats of this case."""
    return tuple(track.id for track in live.plan.tracks if track.kind == "audio")


def recorders_of(live: LiveSession, *, using: SessionPorts) -> dict[str, Recorders]:
    """The recorders that this case needs by name, the one that writes first; UnavailableError when one is not there at all."""
    names = needed_recorders(live)
    if lost := [name for name in names if name not in using.recorders]:
        raise UnavailableError(
            f"this template needs the recorder {lost[0]}: start one more recorder, then try again", code="recorder_missing"
        )
    return {name: using.recorders[name] for name in names}


def needed_recorders(live: LiveSession) -> tuple[str, ...]:
    """Names of the recorders that this case needs, the one that writes first."""
    return (PRIMARY, SECOND) if live.scene.two_recorders else (PRIMARY,)


def gates_of(live: LiveSession) -> tuple[Gate, ...]:
    """What keeps the session from starting, as far as people are concerned: seats, devices, consents at the door, keys."""
    found: list[Gate] = []
    for seat in seats_of(live):
        if seat not in live.talk.seats:
            found.append(Gate("seat_empty", seat))
        elif seat not in live.talk.devices:
            found.append(Gate("device_untested", seat))
        elif _has_failed(live, seat):
            found.append(Gate("device_failed", seat))
    for notice in live.scene.notices:
        if notice.moment != "door":
            continue
        for seat in live.course.consenting:
            decision = live.talk.decisions.get((notice.purpose, seat))
            if decision is None or (decision.state != "given" and notice.on_refusal == "end"):
                found.append(Gate("consent_missing", f"{notice.purpose}/{seat}"))
    return (*found, *key_gates(live, needed_recorders(live), seats_of(live)))


def _has_failed(live: LiveSession, seat: str) -> bool:
    """Whether a device of the seat failed its test; a line that was found too slow, and over which enough arrives, has not."""
    feed = next((each for each in live.room.feeds if each.feed == seat), None) if live.room is not None else None
    disproved = LINE_CHECKS if carries(feed) else ()
    return any(result == "failed" for check, result in live.talk.devices[seat].items() if check not in disproved)


def media_gates(live: LiveSession) -> tuple[Gate, ...]:
    """What recorders and probes last said keeps it: media of whoever tested devices, checks that failed; () before they were asked."""
    tested = [seat for seat in live.talk.seats if seat in live.talk.devices]
    return system_gates(live.sight, tracks_of(live), tested) if live.sight.recorders else ()


def shown_gates(live: LiveSession) -> tuple[Gate, ...]:
    """All of it, as people are told; that a recorder lacks the room's key is said once, by its name."""
    return (*gates_of(live), *(gate for gate in media_gates(live) if gate.about.rpartition("/")[2] != "key"))


def gate_checks(live: LiveSession, *, using: SessionPorts) -> tuple[GateCheck, ...]:
    """Every check of the gate as it stands."""
    feeds = {feed.feed: feed for feed in live.room.feeds} if live.room is not None else {}
    seats = [SeatSeen(seat, live.talk.devices.get(seat), feeds.get(seat)) for seat in seats_of(live)]
    return checks_of(live.sight, tracks_of(live), seats, using.probes)


def phase_now(live: LiveSession) -> Phase:
    """The session's phase."""
    return phase_of(live.talk, is_invited=live.row.state != Phase.DRAFT.value, is_ready=not gates_of(live))


def carry_out(live: LiveSession, ruling: Ruling, *, using: SessionPorts) -> None:
    """Record what the engine ruled, keep what is shown, and wind up a talk that ended with it; ConflictError for a refusal."""
    for record in ruling.records:
        live.log.append(record.type, record.body, commits=record.commits or None)
    live.catch_up()
    live.talk = replace(live.talk, showing=ruling.showing)
    keep(live, using=using)
    if live.talk.end_reason:
        wind_up(live, using=using)
    if ruling.refusal is not None:
        about = f" ({ruling.refusal.about})" if ruling.refusal.about else ""
        block = ruling.refusal.block.value
        raise ConflictError(f"the session refuses: {block}{about}: look at its present state", code=f"step_{block}")


def keep(live: LiveSession, *, using: SessionPorts) -> None:
    """Bring the row up to what the talk is, where it differs."""
    state, showing = phase_now(live).value, showing_text(live.talk.showing)
    values: dict[str, Any] = {}
    if state != live.row.state:
        values["state"] = state
    if showing != live.row.showing:
        values["showing"] = showing
    if state in {phase.value for phase in OVER} and live.row.ended_at is None:
        values["ended_at"] = instant_text(using.clock.now())
    if values:
        with transaction(using.database) as connection:
            change_case(connection, using.tenant, live.row.case, **values)
        live.row = replace(live.row, **values)


def wind_up(live: LiveSession, *, using: SessionPorts, patience_ms: int = STOP_PATIENCE_MS) -> bool:
    """After the talk: nothing is forwarded, recorders deliver and stop, the room closes, the stages after the call take over.

    Whether all of that is done; what could not be, or would keep whoever asks about the session waiting for longer than `patience_ms`,
    is tried again at the next beat of the watch.
    """
    if live.is_handed_over:
        return True
    case, reason = live.row.case, live.talk.end_reason
    cut(live, using=using)
    with suppress(UnavailableError):
        pay(live, using.owed)
    if live.talk.is_recording and using.watching is not None:
        with suppress(UnavailableError):
            _record_outrun(live, session_ms(live, using=using))
    if live.row.zero_us is not None or live.talk.is_recording:
        if not _stop_all(live, reason, patience_ms, using):
            return False
        live.catch_up()
        if live.talk.is_recording:
            _end_recording(live)
    if not live.talk.is_recorded:
        _close_unrecorded(live)
        _forget_secrets(live, using)
    with suppress(UnavailableError, NotFoundError):
        using.rooms.close_room(case)
    keep(live, using=using)
    is_recorded = live.talk.is_recorded
    using.desk.release(using.tenant, case)
    using.owed.keep(case, [])
    live.is_handed_over = True
    if is_recorded:
        using.after_call(case)
    return True


def disconnect(live: LiveSession, seat: str, *, using: SessionPorts) -> None:
    """Let the connections of whoever sat there go, and their page's key: somebody else sits down, or nobody."""
    live.members.pages.pop(seat, None)
    live.members.handovers.pop(seat, None)
    for connection in [each for each, owner in live.connections.items() if owner == seat]:
        del live.connections[connection]
        with suppress(UnavailableError, NotFoundError):
            using.rooms.close_connection(live.row.case, connection)


def _stop_all(live: LiveSession, reason: str, patience_ms: int, using: SessionPorts) -> bool:
    """End all recorders at one instant, the end of the talk, and have them deliver. Whether all have.

    The first says on the record that the recording has ended, and the stages after the call begin by that: it is stopped when
    the others have delivered, so that nobody compares with a recording that is still to come.
    """
    case, at_ms = live.row.case, live.talk.ended_at_ms
    recorders = list(recorders_of(live, using=using).values())
    for recorder in recorders:
        with suppress(UnavailableError, NotFoundError):
            at_ms = max(at_ms, recorder.end(case, at_ms))
    return all(_stop(recorder, case, reason, patience_ms) for recorder in reversed(recorders))


def _stop(recorder: Recorders, case: str, reason: str, patience_ms: int) -> bool:
    try:
        recorder.stop(case, reason, patience_ms=patience_ms)
    except NotFoundError:
        return True
    except UnavailableError:
        return False
    return True


def _record_outrun(live: LiveSession, at_ms: int) -> None:
    """Put on record that the talk ended before some of its steps were wholly looked at; a check that is advice keeps no end waiting."""
    for run in live.talk.steps:
        known, demands = live.talk.checks.get(run.step), live.demands.get(run.step, ())
        if run.state is StepState.DONE and demands and (known is None or known.attempt != run.attempt):
            look = outrun(demands, run.step, run.attempt, run.from_ms, live.seen.looks.get(run.step))
            live.log.append(EventType.CHECK_RECORDED, check_body(look, "", at_ms))
    live.catch_up()


def _forget_secrets(live: LiveSession, using: SessionPorts) -> None:
    """Recorders of an encrypted room that was never recorded let its secrets go; one that is away does so by itself after a while."""
    if is_encrypted(live):
        for recorder in recorders_of(live, using=using).values():
            _stop(recorder, live.row.case, live.talk.end_reason, 0)


def _end_recording(live: LiveSession) -> None:
    """Declare the end of a recording that its recorder has forgotten, by what the ledger has of it."""
    segments = [event.body for event in live.log.events if event.type is EventType.SEGMENT_SEALED]
    started = next(event.body for event in live.log.events if event.type is EventType.RECORDING_STARTED)
    media_bytes = started["init"]["plain_bytes"] + sum(body["plain_bytes"] for body in segments)
    duration_ms = max((body["to_ms"] for body in segments), default=0)
    body = {"segments": len(segments), "duration_ms": duration_ms, "media_bytes": media_bytes}
    live.log.append(EventType.RECORDING_ENDED, body)
    live.catch_up()


def _close_unrecorded(live: LiveSession) -> None:
    """A talk that ended before anything was recorded is a whole case too: what is kept how long, and its end."""
    done = {event.body["part"] for event in live.log.events if event.type is EventType.RETENTION_SET}
    for retention in live.plan.retention:
        if retention.part not in done:
            live.log.append(EventType.RETENTION_SET, retention_body(retention))
    if not live.talk.is_closed:
        live.log.append(EventType.CASE_CLOSED, {"events": live.log.next_n + 1})
    live.catch_up()
