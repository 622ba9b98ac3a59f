"""Before the talk: device tests of every seat, and the gate through which a session starts.

Nothing starts unless everybody is there, every device works, every consent at the door is given, keys, disk and ledger answer, and
the recorder has media of every track. What was checked, and how it came out, is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from jianlu.capture.cases.case_rows import change_case
from jianlu.capture.sessions.lifecycle import BEFORE, OPEN, Gate
from jianlu.capture.sessions.opening import opened, require_seat
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recorders import RecorderChecks
from jianlu.capture.sessions.recording import gates_of, keep, phase_now, recorders_of, seats_of, tracks_of
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, JianluError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.model import Principal
from jianlu.runtime.database import transaction

RESULTS = ("ok", "failed", "skipped")
CHECKS_MAX = 12
"""Checks of one device test: camera, microphone, speaker, network and what a browser adds; they fit into one event."""

_CODE = re.compile(r"^[a-z][a-z0-9_]{0,23}$")


def record_preflight(case: str, checks: Mapping[str, str], *, using: SessionPorts, by: Principal) -> None:
    """Record the device test of the caller's seat, `{check: ok|failed|skipped}`; the same result again changes nothing."""
    if not 1 <= len(checks) <= CHECKS_MAX or not all(
        _CODE.fullmatch(name) and result in RESULTS for name, result in checks.items()
    ):
        raise InvalidError(f"a device test has up to {CHECKS_MAX} checks by code, each {', '.join(RESULTS)}")
    with opened(case, using=using, by=by) as (live, standing):
        if phase_now(live) not in OPEN:
            raise ConflictError("this session is over: make a new case")
        if standing.seat not in seats_of(live):
            raise DeniedError("only who has a seat tests devices")
        if live.talk.devices.get(standing.seat) != dict(checks):
            _record(live, standing.seat, checks)
            keep(live, using=using)


def start_session(case: str, *, using: SessionPorts, by: Principal) -> None:
    """Start the recording, if nothing keeps it; a session that runs already is left alone.

    ConflictError names what is not in order. People see and hear each other only after the first segment is sealed (`watch.py`).
    """
    with opened(case, using=using, by=by) as (live, standing):
        require_seat(standing, "agent")
        if live.row.zero_us is not None and not live.talk.end_reason:
            return
        if phase_now(live) not in BEFORE:
            raise ConflictError("this session is over: make a new case")
        gates = list(gates_of(live)) or [*_probed(using), *_recorder_gates(live, using)]
        if gates:
            raise ConflictError(f"the session cannot start: {'; '.join(_said(gate) for gate in gates)}")
        _start(live, using)


def _start(live: LiveSession, using: SessionPorts) -> None:
    case, tracks = live.row.case, tracks_of(live)
    zero_us: int | None = None
    for recorder in recorders_of(live, using=using):
        zero_us = recorder.start(case, tracks, zero_us=zero_us).zero_us
    started_at = instant_text(using.clock.now())
    with transaction(using.database) as connection:
        change_case(connection, using.tenant, case, zero_us=zero_us, started_at=started_at)
    live.row = replace(live.row, zero_us=zero_us, started_at=started_at)
    live.catch_up()
    keep(live, using=using)


def _probed(using: SessionPorts) -> list[Gate]:
    found = []
    for name, probe in using.probes.items():
        try:
            probe()
        except JianluError:
            found.append(Gate("probe_failed", name))
    return found


def _recorder_gates(live: LiveSession, using: SessionPorts) -> list[Gate]:
    """What the recorders see, recorded as the preflight of seat `recorder`."""
    found: list[Gate] = []
    checks: dict[str, str] = dict.fromkeys(using.probes, "ok")
    promised = {track.track for track in tracks_of(live) if not track.is_share}
    for recorder in recorders_of(live, using=using):
        seen = recorder.preflight(live.row.case, tracks_of(live))
        checks |= dict(seen.checks)
        found += [Gate("recorder_failed", name) for name, result in seen.checks if result != "ok"]
        found += [Gate("no_media", track) for track in sorted(promised) if not _has_media(seen, track)]
        live.checks = seen if live.checks is None or recorder is recorders_of(live, using=using)[0] else live.checks
    checks["media"] = "failed" if any(gate.code == "no_media" for gate in found) else "ok"
    if not _is_recorded_so(live, checks):
        _record(live, "recorder", checks)
    return found


def _is_recorded_so(live: LiveSession, checks: Mapping[str, str]) -> bool:
    """Whether the last preflight of the recorder came out the same: who asks again and again fills no ledger."""
    kept = [event.body for event in live.log.events if event.type is EventType.PREFLIGHT_RECORDED]
    last = [body["checks"] for body in kept if body["seat"] == "recorder"][-1:]
    return bool(last) and dict(last[0]) == dict(list(checks.items())[: CHECKS_MAX + 1])


def _has_media(seen: RecorderChecks, track: str) -> bool:
    return track in seen.tracks and seen.tracks[track].is_ready


def _record(live: LiveSession, seat: str, checks: Mapping[str, str]) -> None:
    body = {"checks": [[name, result] for name, result in list(checks.items())[: CHECKS_MAX + 1]], "seat": seat}
    live.log.append(EventType.PREFLIGHT_RECORDED, body)
    live.catch_up()


def _said(gate: Gate) -> str:
    return f"{gate.code} {gate.about}".strip()
