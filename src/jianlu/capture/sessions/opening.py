"""Open a session: from its row, its sealed plan, script and particulars, and its events; and who stands where in it.

Every use case begins here: the session is found or rebuilt, its lock held, its events caught up with, the caller's seat known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from jianlu.capture.cases.case_rows import find_case
from jianlu.capture.cases.course import course_of
from jianlu.capture.cases.find_cases import read_case
from jianlu.capture.cases.model import CaseRow
from jianlu.capture.sessions.checks import demands_of
from jianlu.capture.sessions.engine import UNHEALTHY, with_showing
from jianlu.capture.sessions.health import RED, WATCHED, WHOLE, Vigil
from jianlu.capture.sessions.members import membership_of
from jianlu.capture.sessions.model import Showing
from jianlu.capture.sessions.owing import alarms_with, owed_still
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.replay import begin, replay
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.core.errors import ConflictError, DeniedError, NotFoundError, UnavailableError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.script import Script, parse_script
from jianlu.core.terms.digests import digest_of, opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.govern.identity.model import Participant, Principal, Role
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog


@dataclass(frozen=True, slots=True)
class Standing:
    """Who somebody is in a session: a seat ("" for none), and for staff the account."""

    seat: str
    account: str = ""
    display: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether they have an account."""
        return bool(self.account)


@contextmanager
def opened(case: str, *, using: SessionPorts, by: Principal) -> Iterator[tuple[LiveSession, Standing]]:
    """The session of a case that `by` may see, caught up and locked, and where `by` stands in it.

    A recording that nobody looked at lately is not a healthy one: whoever goes on may be recorded by nobody.
    NotFoundError for a case that `by` may not see.
    """
    row = read_case(case, using=using, by=by)
    live = using.switchboard.session(case, lambda: open_session(row, using=using))
    with live.lock:
        live.row = row
        live.touched_ms = now_ms = using.clock.monotonic_ms()
        _catch_up(live, using)
        live.talk = replace(live.talk, is_unhealthy=live.level == "red" or not live.is_looked_at(now_ms))
        yield live, standing_of(live, by)


@contextmanager
def opened_by_watch(case: str, *, using: SessionPorts) -> Iterator[LiveSession]:
    """The session of a case for the watch of this process, caught up and locked."""
    with transaction(using.database, writes=False) as connection:
        row = find_case(connection, using.tenant, case)
    if row is None:
        raise NotFoundError("there is no such case here: check the link")
    live = using.switchboard.session(case, lambda: open_session(row, using=using))
    with live.lock:
        live.row = row
        _catch_up(live, using)
        yield live


def _catch_up(live: LiveSession, using: SessionPorts) -> None:
    """Take in what was recorded meanwhile, from the case's log opened anew where an append of this session's ended in an unknown way.

    While the ledger does not answer the session is shown as it was last known; whatever would write is refused.
    """
    if live.log.is_stale:
        with suppress(UnavailableError):
            live.log = using.desk.log(using.tenant, live.row.case)
    live.catch_up()


def open_session(row: CaseRow, *, using: SessionPorts) -> LiveSession:
    """The session rebuilt from its row and the case's events and sealed documents.

    ConflictError when the case was never made whole (make it again) or was destroyed.
    """
    log = using.desk.log(using.tenant, row.case)
    scene = using.scenes.get(row.scene)
    if scene is None:
        raise ConflictError(f"the template {row.scene} is no longer here: put it back to open its cases")
    plan, script, particulars = _documents(log)
    profile = scene.profile_of(row.profile) or scene.profiles[0]
    course = course_of(script, plan, scene, profile)
    events = log.events
    talk = with_showing(replay(course, events, begin(course)), _showing(row))
    live = LiveSession(row, scene, script, plan, course, particulars, log, talk, len(events))
    live.touched_ms = using.clock.monotonic_ms()
    live.owed = owed_still(using.owed.of(row.case), events)
    if talk.is_recording and not talk.end_reason:
        _take_over(live, using)
    live.members = membership_of(events)
    live.demands = {step.id: demands_of(plan, step) for step in course.steps}
    for written in talk.messages:
        live.texts[written.name] = str(parse_canonical(log.open_object(written.name))["text"])
    if talk.end_reason and (talk.is_recorded or talk.is_closed):
        live.is_handed_over = True
        using.desk.release(using.tenant, row.case)
    return live


def standing_of(live: LiveSession, by: Principal) -> Standing:
    """Where `by` stands in the session."""
    return standing_in(live.row, by)


def standing_in(row: CaseRow, by: Principal) -> Standing:
    """Where `by` stands: participants on their seat, the case's agent on the agent's, supervisors beside it, other staff nowhere."""
    if isinstance(by, Participant):
        return Standing(by.seat)
    account = by.account
    if row.agent == account.id:
        return Standing("agent", account.id, account.display)
    return Standing("supervisor" if by.has(Role.SUPERVISOR) else "", account.id, account.display)


def has_led(live: LiveSession, account: str) -> bool:
    """Whether that account leads the session or ever led it, by the row and by what its hand-overs commit to."""
    if account == live.row.agent:
        return True
    digest = digest_of(account.encode())
    assigned = [event for event in live.log.events if event.type is EventType.SEAT_ASSIGNED]
    return any(opens(event.body[end], digest, live.log.salt(f"{event.n}/{end}")) for event in assigned for end in ("from", "to"))


def require_seat(standing: Standing, *seats: str) -> None:
    """DeniedError unless the caller is on one of `seats`."""
    if standing.seat not in seats:
        raise DeniedError("this is not for your seat to do: ask whoever leads the session", code="not_your_seat")


def session_ms(live: LiveSession, *, using: SessionPorts) -> int:
    """The present instant of the session; 0 before its recording began. An edge has a clock of its own, and its recorder's time counts."""
    zero_us = live.row.zero_us
    return max(0, using.clock.monotonic_ms() - zero_us // 1000 + live.offset_ms) if zero_us is not None else 0


def _take_over(live: LiveSession, using: SessionPorts) -> None:
    """Go on with the watch over a talk where an earlier process left it: alarms that it raised, a pause that it made.

    What it had seen and not yet recorded is owed still, where it could be kept; since when nobody watched is recorded at the first
    beat (`watch.py`).
    """
    now_ms, zero_us = using.clock.monotonic_ms(), live.row.zero_us
    alarms = alarms_with(live.talk.alarms.items(), live.owed)
    own = {key: at_ms for key, at_ms in alarms.items() if key[0] in WATCHED and key[1] == WHOLE}
    since = {key: now_ms if zero_us is None else min(now_ms, zero_us // 1000 + at_ms) for key, at_ms in own.items()}
    live.vigil = Vigil(since, is_acted=live.talk.pause_reason == UNHEALTHY)
    live.talk = replace(live.talk, is_unhealthy=any(code in RED for code, _ in alarms))
    live.unwatched_ms = _known_until(live, instant_text(using.began_at))


def _known_until(live: LiveSession, began_at: str) -> int:
    """The last instant of the session of which an earlier process recorded anything, or owed it: all is appended by whoever watches."""
    bodies = [*(event.body for event in live.log.events if event.at <= began_at), *(body for _, body in live.owed)]
    return max((int(body.get("to_ms", body.get("at_ms", 0))) for body in bodies), default=0)


def showing_text(showing: Showing | None) -> str:
    """`showing` as the row keeps it."""
    if showing is None:
        return ""
    return json.dumps([showing.step, showing.document, showing.digest, showing.from_ms])


def _showing(row: CaseRow) -> Showing | None:
    return Showing(*json.loads(row.showing)) if row.showing else None


def _documents(log: CaseLog) -> tuple[Plan, Script, Mapping[str, Any]]:
    try:
        plan = parse_plan(log.open_object("plan"))
        return plan, parse_script(log.open_object("script")), parse_canonical(log.open_object("particulars"))
    except NotFoundError as error:
        raise ConflictError("the making of this case was interrupted: make it again with the same request") from error
