"""Make a case: facts become a plan, the plan and the script in force are frozen, who will sit where is sealed beside them.

The first ledger event of a case is its plan. The same request again gives the same case, from wherever an earlier try left it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, date, timedelta, timezone
from typing import Any

from jianlu.capture.cases.case_rows import add_case, find_case
from jianlu.capture.cases.course import check_course
from jianlu.capture.cases.masks import masked
from jianlu.capture.cases.model import CaseRequest, CaseRow, Scene
from jianlu.capture.cases.rules import demands_guardian
from jianlu.capture.cases.scripts import ScriptRow, script_in_force
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.plan import Plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, derive_case_ref
from jianlu.core.terms.instants import instant_text
from jianlu.govern.access.standings import branch_of
from jianlu.govern.identity.model import Role, Staff
from jianlu.govern.policy.case_file import SEATS, facts_of, tracks_for
from jianlu.govern.script_texts import facts_in
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog
from jianlu.vault.handling import level_in

PARTICULARS_FORMAT = "jianlu/particulars/v1"
CASE_MAKERS = (Role.AGENT, Role.SUPERVISOR)
LANGUAGES = ("zh", "en")
GUARDIAN = "guardian"

_NUMBER = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_PHONE = re.compile(r"^\+?[0-9 -]{5,20}$")
_TITLE_MAX, _NAME_MAX = 100, 60
_CHINA = timezone(timedelta(hours=8))


def create_case(request: CaseRequest, *, using: SessionPorts, by: Staff) -> str:
    """The reference of the case of `request`, made now or before.

    InvalidError names what to correct (a missing fact by its key); ConflictError when the number is that of another request, or no
    approved script is in force; DeniedError for whoever makes no cases.
    """
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")
    if not by.has(*CASE_MAKERS):
        raise DeniedError("cases are made by agents and supervisors: ask one of them")
    _check_request(request)
    case = derive_case_ref(using.tenant_secret, request.number)
    with using.switchboard.turn(case):
        _make(case, request, using, by)
    return case


def _make(case: CaseRef, request: CaseRequest, using: SessionPorts, by: Staff) -> None:
    digest = _digest(request, using)
    with transaction(using.database, writes=False) as connection:
        row = find_case(connection, using.tenant, case)
    if row is not None and row.request_digest != digest:
        raise ConflictError(
            "a case of this number was made from another request: use another number, or open that case", code="number_taken"
        )
    log = using.desk.log(using.tenant, case)
    if row is not None and any(event.type is EventType.SCRIPT_FROZEN for event in log.events):
        return
    if row is None and log.events:
        raise ConflictError("evidence of this number exists already: use another number", code="number_taken")
    plan = preview_plan(request, using=using)
    scene = _scene_of(request, using)
    script = script_in_force(scene.script.script, _day_of(plan), facts_in(plan), using=using)
    check_course(script.parsed, facts_in(plan))
    if row is None:
        log.require_keepable(plan)
        row = _row(request, case, plan, scene, script, digest, using, by)
        with transaction(using.database) as connection:
            add_case(connection, row)
    _freeze(log, plan, script, row, request, using)


def preview_plan(request: CaseRequest, *, using: SessionPorts) -> Plan:
    """The plan that the case of `request` would have today; raises as `create_case`."""
    _check_request(request)
    scene = _scene_of(request, using)
    allowed = set(scene.asks) | ({"product.term_life"} if "product.term_years" in scene.asks else set())
    if lost := set(request.facts) - allowed:
        raise InvalidError(f"this template does not ask for {', '.join(sorted(lost))}: leave it out")
    stated = {**_stated_defaults(scene), **request.facts, "session.language": request.language}
    if stated.get("product.term_life"):
        stated = {name: value for name, value in stated.items() if name not in ("product.term_years", "product.term_months")}
    seats = _seats(request, scene)
    on = _today(using, str(stated.get("case.place", "")))
    dates = {name: date.fromisoformat(day) for name, day in request.dates.items()}
    plan = using.rules.plan_of(facts_of(on, stated, tracks_for(seats), dates))
    if demands_guardian(plan) and GUARDIAN not in seats:
        plan = using.rules.plan_of(facts_of(on, stated, tracks_for((*seats, GUARDIAN)), dates))
    return plan


def seats_in(plan: Plan) -> tuple[str, ...]:
    """The seats whose microphones the plan has: who takes part."""
    return tuple(track.id for track in plan.tracks if track.kind == "audio")


def _check_request(request: CaseRequest) -> None:
    if not _NUMBER.fullmatch(request.number):
        raise InvalidError("`number` is 1 to 64 letters, digits, dots, hyphens or underscores")
    if not 1 <= len(request.title.strip()) <= _TITLE_MAX or not request.title.isprintable():
        raise InvalidError(f"`title` must have 1 to {_TITLE_MAX} printable characters")
    if request.language not in LANGUAGES:
        raise InvalidError(f"`language` is one of: {', '.join(LANGUAGES)}")
    for seat, person in request.people.items():
        if seat not in SEATS or not 1 <= len(person.name.strip()) <= _NAME_MAX or not person.name.isprintable():
            raise InvalidError(f"`people` names who sits where: a seat and a name of 1 to {_NAME_MAX} characters")
        if person.phone and not _PHONE.fullmatch(person.phone):
            raise InvalidError(f"the telephone number of the {seat} is malformed: digits, spaces and hyphens")
    if "customer" not in request.people:
        raise InvalidError("`people` must name the customer")


def _scene_of(request: CaseRequest, using: SessionPorts) -> Scene:
    scene = using.scenes.get(request.scene)
    if scene is None:
        raise InvalidError(f"there is no template of that name; there are: {', '.join(using.scenes)}")
    if scene.profile_of(request.profile) is None:
        raise InvalidError(f"`profile` is one of: {', '.join(profile.id for profile in scene.profiles)}")
    return scene


def _stated_defaults(scene: Scene) -> dict[str, Any]:
    defaults: dict[str, Any] = {"session.medium": "video"}
    return defaults | {name: list(value) if isinstance(value, tuple) else value for name, value in scene.facts.items()}


def _seats(request: CaseRequest, scene: Scene) -> tuple[str, ...]:
    wanted = {rule.seat for rule in scene.seats if rule.is_required} | set(request.seats)
    age = request.facts.get("customer.age", scene.facts.get("customer.age"))
    if isinstance(age, int) and age < scene.guardian_below_age:
        wanted.add(GUARDIAN)
    if lost := wanted - {rule.seat for rule in scene.seats} - {GUARDIAN}:
        raise InvalidError(f"this template has no seat for: {', '.join(sorted(lost))}")
    return tuple(seat for seat in SEATS if seat in wanted)


def _today(using: SessionPorts, place: str) -> date:
    """The day of the case where it takes place, as far as a place's first letters tell: China, else UTC."""
    return using.clock.now().astimezone(_CHINA if place.startswith("CN") else UTC).date()


def _day_of(plan: Plan) -> date:
    return date.fromisoformat(plan.facts["case"]["on"])


def _row(
    request: CaseRequest, case: str, plan: Plan, scene: Scene, script: ScriptRow, digest: str, using: SessionPorts, by: Staff
) -> CaseRow:
    is_agent = by.has(Role.AGENT)
    return CaseRow(
        tenant=using.tenant,
        case=case,
        number=request.number,
        title=request.title.strip(),
        scene=scene.id,
        scene_version=scene.version,
        script=script.script,
        script_version=script.version,
        script_digest=script.digest,
        language=request.language,
        profile=request.profile,
        state="draft",
        customer=masked(request.people["customer"].name),
        agent=by.account.id if is_agent else "",
        agent_display=by.account.display if is_agent else "",
        check_code=f"{secrets.randbelow(10_000):04d}",
        zero_us=None,
        showing="",
        created_by=by.account.id,
        created_at=instant_text(using.clock.now()),
        started_at=None,
        ended_at=None,
        request_digest=digest,
        branch=branch_of(using.database, using.tenant, by.account.id),
        place=str(request.facts.get("case.place", scene.facts.get("case.place", "")))[:16],
        level=max(scene.level, level_in(plan.handling)),
    )


def _freeze(log: CaseLog, plan: Plan, script: ScriptRow, row: CaseRow, request: CaseRequest, using: SessionPorts) -> None:
    done = {event.type for event in log.events}
    if EventType.PLAN_FROZEN not in done:
        rules = log.seal_part("packs", using.rules.bytes_of(plan), part="rules")
        log.freeze(plan, {"rules": rules})
    if EventType.BACKENDS_STARTED not in done:
        backends = [*([*entry] for entry in using.backends), ["rooms", *using.rooms.describe()]]
        log.append(EventType.BACKENDS_STARTED, {"backends": backends})
    if EventType.SCRIPT_FROZEN not in done:
        body = {"script": script.script, "version": script.version}
        particulars = log.seal_part("particulars", _particulars(row, plan, request), part="particulars")
        log.seal_and_append(
            EventType.SCRIPT_FROZEN, "script", script.content, {**body, "particulars": particulars}, part="content"
        )


def _particulars(row: CaseRow, plan: Plan, request: CaseRequest) -> bytes:
    """Who and what the case is about, in words: personal data, and so sealed and never in the plan."""
    names = ("number", "title", "scene", "scene_version", "language", "profile", "created_by")
    people = {seat: {"name": person.name.strip(), "phone": person.phone} for seat, person in request.people.items()}
    fields = {name: getattr(row, name) for name in names}
    asked = {"end_to_end": True} if request.end_to_end else {}
    return canonical_bytes({"format": PARTICULARS_FORMAT, **fields, **asked, "seats": list(seats_in(plan)), "people": people})


def _digest(request: CaseRequest, using: SessionPorts) -> str:
    """By what a request is recognised: keyed, since names and telephone numbers can be guessed."""
    return hmac.new(
        using.tenant_secret, b"jianlu/case-request@v1\x00" + canonical_bytes(_plain(request)), hashlib.sha256
    ).hexdigest()


def _plain(request: CaseRequest) -> Mapping[str, Any]:
    people = {seat: [person.name, person.phone] for seat, person in request.people.items()}
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in request.facts.items()}
    names = ("scene", "number", "title", "language", "profile")
    fields = {name: getattr(request, name) for name in names}
    asked = {"end_to_end": True} if request.end_to_end else {}
    return {**fields, **asked, "facts": facts, "people": people, "seats": list(request.seats), "dates": dict(request.dates)}
