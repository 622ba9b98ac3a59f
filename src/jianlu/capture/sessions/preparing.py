"""Before the talk: device tests of every seat, and the gate through which a session starts.

Nothing starts unless everybody is there, every device works, every consent at the door is given, keys, disk and ledger answer, and
every recorder that the session needs has media of every track. Recorders look from the moment somebody sits down, and a start waits a
bounded time for first packets. What was checked, and how it came out, is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.sessions.encryption import look_at_members, record_members
from jianlu.capture.sessions.gate import NO_MEDIA, RECORDER_AWAY, Sight, may_come, recorded_checks
from jianlu.capture.sessions.lifecycle import BEFORE, OPEN, Gate
from jianlu.capture.sessions.members import NOT_ADMITTED, is_encrypted
from jianlu.capture.sessions.opening import opened, require_seat
from jianlu.capture.sessions.ports import PRIMARY, SessionPorts
from jianlu.capture.sessions.recorders import RecorderChecks, Recorders
from jianlu.capture.sessions.recording import gates_of, keep, media_gates, phase_now, recorders_of, seats_of, tracks_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, JianluError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.model import Principal
from jianlu.runtime.database import transaction

RESULTS = ("ok", "failed", "skipped")
CHECKS_MAX = 12
"""Checks of one device test: camera, microphone, speaker, network and what a browser adds; they fit into one event."""

PATIENCE_MS = 8_000
"""How long a start waits for what is on its way: a first key frame, the tap's connection, a recorder that was started anew."""

PROBED_IN_A_TALK = ("keys", "disk")
"""What may fail during a talk without a write that fails; the ledger is written to all the time."""

_LOOK_S = 0.25
_PROBED_EVERY_MS = 5_000
_CODE = re.compile(r"^[a-z][a-z0-9_]{0,23}$")


def record_preflight(case: str, checks: Mapping[str, str], *, using: SessionPorts, by: Principal) -> None:
    """Record the device test of the caller's seat, `{check: ok|failed|skipped}`; the same result again changes nothing."""
    if not 1 <= len(checks) <= CHECKS_MAX or not all(
        _CODE.fullmatch(name) and result in RESULTS for name, result in checks.items()
    ):
        raise InvalidError(f"a device test has up to {CHECKS_MAX} checks by code, each {', '.join(RESULTS)}")
    with opened(case, using=using, by=by) as (live, standing):
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: make a new case", code="session_over")
        if standing.seat not in seats_of(live):
            raise DeniedError("only who has a seat tests devices", code="sit_first")
        if live.talk.devices.get(standing.seat) != dict(checks):
            _append(live, standing.seat, checks)
            keep(live, using=using)


def start_session(case: str, *, using: SessionPorts, by: Principal) -> None:
    """Start the recording, if nothing keeps it; a session that runs already is left alone.

    First packets and recorders that are on their way are waited for, `PATIENCE_MS` at most. ConflictError names what is not in order.
    People see and hear each other only after the first segment is sealed (`watch.py`).
    """
    until_ms = using.clock.monotonic_ms() + PATIENCE_MS
    while not _has_started(case, until_ms, using, by):
        using.wait(_LOOK_S)


def look_around(live: LiveSession, *, using: SessionPorts, is_fresh: bool = True) -> None:
    """Have every recorder that the session needs look at the room, and every probe asked; the first look of a recorder opens its tap.

    Without `is_fresh` probes, and a recorder that did not answer, are left alone for `_PROBED_EVERY_MS` after they were last asked.
    """
    now_ms = using.clock.monotonic_ms()
    is_due = is_fresh or now_ms - live.probed_ms >= _PROBED_EVERY_MS
    if is_due:
        live.probed_ms = now_ms
    before = live.sight
    probes = {name: _passes(probe) for name, probe in using.probes.items()} if is_due else before.probes
    recorders = {
        name: _seen_by(recorder, live) if is_due or before.recorders.get(name) is not None else None
        for name, recorder in recorders_of(live, using=using).items()
    }
    live.sight = Sight(recorders, probes)


def look_at_probes(live: LiveSession, *, using: SessionPorts) -> tuple[str, ...]:
    """The names of the probes that fail, during a talk too; each is asked again after `_PROBED_EVERY_MS`."""
    now_ms = using.clock.monotonic_ms()
    mine = {name: probe for name, probe in using.probes.items() if name in PROBED_IN_A_TALK}
    if now_ms - live.probed_ms >= _PROBED_EVERY_MS or not live.sight.probes.keys() >= mine.keys():
        live.probed_ms = now_ms
        probes = {name: _passes(probe) for name, probe in mine.items()}
        live.sight = replace(live.sight, probes={**live.sight.probes, **probes})
    return tuple(name for name in mine if not live.sight.probes[name])


def _has_started(case: str, until_ms: int, using: SessionPorts, by: Principal) -> bool:
    """Whether it runs now; False to try again a little later. The session is let go of in between: others have business with it."""
    with opened(case, using=using, by=by) as (live, standing):
        require_seat(standing, "agent")
        if live.row.zero_us is not None and not live.talk.end_reason:
            _start_mirror(live, using)
            return True
        if phase_now(live) not in BEFORE:
            raise ConflictError("this session is over: make a new case", code="session_over")
        look_at_members(live, using=using)
        gates = gates_of(live)
        if any(gate.code == NOT_ADMITTED for gate in gates):
            _record_lack_of_key(live)
        if not gates:
            look_around(live, using=using)
            gates = media_gates(live)
            if gates and all(may_come(gate) for gate in gates) and using.clock.monotonic_ms() < until_ms:
                return False
            _record_sight(live, gates)
        if gates:
            family = UnavailableError if any(gate.code == RECORDER_AWAY for gate in gates) else ConflictError
            code = "not_seen_yet" if gates == media_gates(live) else "not_ready"
            raise family(f"the session cannot start: {'; '.join(_said(gate) for gate in gates)}", code=code)
        _start(live, using)
        return True


def _start(live: LiveSession, using: SessionPorts) -> None:
    case, tracks = live.row.case, tracks_of(live)
    record_members(live, using=using)
    zero_us: int | None = None
    for recorder in recorders_of(live, using=using).values():
        zero_us = recorder.start(case, tracks, zero_us=zero_us, is_encrypted=is_encrypted(live)).zero_us
    started_at = instant_text(using.clock.now())
    with transaction(using.database) as connection:
        change_case(connection, using.tenant, case, zero_us=zero_us, started_at=started_at)
    live.row = replace(live.row, zero_us=zero_us, started_at=started_at)
    live.catch_up()
    keep(live, using=using)


def _start_mirror(live: LiveSession, using: SessionPorts) -> None:
    """A second recorder that could not start with the first is asked again, for as long as the watch lets the session wait for it."""
    for name, recorder in recorders_of(live, using=using).items():
        if name != PRIMARY and recorder.status(live.row.case).state == "idle":
            recorder.start(live.row.case, tracks_of(live), zero_us=live.row.zero_us, is_encrypted=is_encrypted(live))


def _passes(probe: Callable[[], None]) -> bool:
    """Whether it is known to be in order; a probe that could not look, for whatever reason, has not passed."""
    try:
        probe()
    except (JianluError, OSError):
        return False
    return True


def _seen_by(recorder: Recorders, live: LiveSession) -> RecorderChecks | None:
    try:
        return recorder.preflight(live.row.case, tracks_of(live), is_encrypted=is_encrypted(live))
    except UnavailableError:
        return None


def _record_sight(live: LiveSession, gates: Sequence[Gate]) -> None:
    """What recorders and probes found, as the preflight of `recorder`; the same again changes nothing."""
    checks = dict(recorded_checks(live.sight, has_media=all(gate.code != NO_MEDIA for gate in gates)))
    if not _is_recorded_so(live, checks):
        _append(live, "recorder", checks)


def _record_lack_of_key(live: LiveSession) -> None:
    """A start without a demanded recorder in the encrypted room: refused, and on the record."""
    if not _is_recorded_so(live, {"key": "failed"}):
        _append(live, "recorder", {"key": "failed"})


def _is_recorded_so(live: LiveSession, checks: Mapping[str, str]) -> bool:
    """Whether the last preflight of the recorder came out the same: who asks again and again fills no ledger."""
    kept = [event.body for event in live.log.events if event.type is EventType.PREFLIGHT_RECORDED]
    last = [body["checks"] for body in kept if body["seat"] == "recorder"][-1:]
    return bool(last) and dict(last[0]) == dict(checks)


def _append(live: LiveSession, seat: str, checks: Mapping[str, str]) -> None:
    live.log.append(EventType.PREFLIGHT_RECORDED, {"checks": [[name, result] for name, result in checks.items()], "seat": seat})
    live.catch_up()


def _said(gate: Gate) -> str:
    return f"{gate.code} {gate.about}".strip()
