"""Consent: what was told is committed to, what was decided stands until the next decision, withdrawal takes effect at once."""

from __future__ import annotations

import pytest

from jianlu.capture.sessions.consents import consent
from jianlu.capture.sessions.preparing import start_session
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.event import Event, make_event
from jianlu.core.terms.digests import opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspector
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.consent import consented, decisions_in
from jianlu.govern.script_texts import facts_in
from jianlu.process.withheld import withheld_inspectors
from jianlu.vault.case_log import open_case_log
from tests.fakes.sessions.world import AGENT, SALE_FACTS, World, participant
from tests.fakes.vault.home import TENANT


def test_a_consent_commits_to_the_notice_that_was_shown(world: World) -> None:
    case = world.seated()
    shown = next(each for each in world.view(case)["consents"] if each["purpose"] == "recording")
    event = next(event for event in world.events(case) if event.type is EventType.CONSENT_GIVEN)
    assert {name: event.body[name] for name in ("purpose", "how", "notice", "version", "lang", "by", "at_ms")} == {
        "purpose": "recording",
        "how": "click",
        "notice": "recording_notice",
        "version": "1.0.0",
        "lang": "zh",
        "by": "customer",
        "at_ms": 0,
    }
    salt = open_case_log(world.vault, TENANT, case).salt(f"{event.n}/commit")
    assert opens(event.body["commit"], shown["digest"], salt)
    notice = world.using.scenes["insurance-remote"].notices[0]
    assert notice.digest("zh") == shown["digest"] != notice.digest("en")


def test_without_the_consent_at_the_door_nothing_starts(world: World) -> None:
    case = world.seated()
    consent(case, "recording", "withdrawn", "click", using=world.using, by=participant(case))
    view = world.view(case)
    assert (view["state"], view["reason"]) == ("halted", "halted")
    with pytest.raises(ConflictError, match="is over"):
        start_session(case, using=world.using, by=AGENT)


def test_a_refusal_at_the_door_ends_the_channel_as_a_whole_case(world: World) -> None:
    case = world.create()
    consent(case, "recording", "refused", "click", using=world.using, by=participant(case))
    kinds = world.kinds(case)
    assert kinds[3:5] == [EventType.CONSENT_REFUSED, EventType.SESSION_ENDED]
    assert kinds[-1] is EventType.CASE_CLOSED
    assert EventType.RETENTION_SET in kinds
    assert world.events(case)[-1].body == {"events": len(kinds)}
    assert world.view(case)["state"] == "refused"
    assert world.handed_over == []


def test_withdrawing_the_recording_halts_a_live_session_at_once(world: World) -> None:
    case = world.live()
    consent(case, "recording", "withdrawn", "click", using=world.using, by=participant(case))
    view = world.view(case, participant(case))
    assert (view["state"], view["reason"]) == ("halted", "halted")
    assert next(each["state"] for each in view["consents"] if each["purpose"] == "recording") == "withdrawn"
    assert world.handed_over == [case]
    ended = next(event for event in world.events(case) if event.type is EventType.SESSION_ENDED)
    assert (ended.body["reason"], ended.body["by"]) == ("halted", "customer")


def test_a_withdrawn_face_consent_is_seen_by_whoever_would_look_at_faces(world: World) -> None:
    case = world.live()
    consent(case, "face", "given", "click", using=world.using, by=participant(case))
    assert withheld_inspectors(world.events(case), None) == {}
    consent(case, "face", "withdrawn", "click", using=world.using, by=participant(case))
    assert withheld_inspectors(world.events(case), None) == {Inspector.FACES: "consent_withdrawn"}
    assert world.view(case)["state"] == "live"
    consent(case, "face", "given", "spoken", using=world.using, by=AGENT)
    assert withheld_inspectors(world.events(case), None) == {}
    assert decisions_in(world.events(case))["face", "customer"].how == "spoken"


def test_only_who_is_asked_decides(world: World) -> None:
    case = world.live()
    with pytest.raises(DeniedError):
        consent(case, "face", "given", "click", using=world.using, by=AGENT)
    with pytest.raises(InvalidError, match="asks about"):
        consent(case, "export", "given", "click", using=world.using, by=participant(case))
    with pytest.raises(InvalidError):
        consent(case, "face", "shrugged", "click", using=world.using, by=participant(case))
    with pytest.raises(ConflictError, match="could be withdrawn"):
        consent(case, "face", "withdrawn", "click", using=world.using, by=participant(case))


def test_the_same_decision_again_changes_nothing(world: World) -> None:
    case = world.seated()
    count = len(world.events(case))
    consent(case, "recording", "given", "click", using=world.using, by=participant(case))
    assert len(world.events(case)) == count


def test_a_minors_guardian_consents_too(world: World) -> None:
    case = world.create(facts={**SALE_FACTS, "customer.age": 12})
    asked = [(each["purpose"], each["by"]) for each in world.view(case)["consents"]]
    assert asked == [("recording", "customer"), ("recording", "guardian"), ("face", "customer"), ("face", "guardian")]
    consent(case, "recording", "given", "click", using=world.using, by=participant(case))
    gates = [(gate["code"], gate["about"]) for gate in world.view(case)["gates"]]
    assert ("consent_missing", "recording/guardian") in gates
    consent(case, "recording", "given", "click", using=world.using, by=participant(case, "guardian"))
    assert "consent_missing" not in {gate["code"] for gate in world.view(case)["gates"]}
    consent(case, "recording", "withdrawn", "click", using=world.using, by=participant(case, "guardian"))
    assert world.view(case)["state"] == "halted"


def test_a_live_session_with_a_guardian_runs_to_its_end(world: World) -> None:
    case = world.live(facts={**SALE_FACTS, "customer.age": 12})
    world.do_all(case)
    assert "end" in world.view(case)["allowed"]


def test_faces_are_looked_for_where_the_plan_needs_no_consent_to_it(world: World) -> None:
    asked, unasked = world.live(), world.live("unasked", facts={**SALE_FACTS, "session.biometrics": []})
    withheld = {}
    for case in (asked, unasked):
        world.view(case)
        live = next(each for each in world.using.switchboard.sessions if each.row.case == case)
        withheld[case] = withheld_inspectors(world.events(case), live.script, facts_in(live.plan))
    assert withheld == {asked: {Inspector.FACES: "consent_not_given"}, unasked: {}}
    consent(asked, "face", "given", "click", using=world.using, by=participant(asked))
    live = world.using.switchboard.sessions[0]
    assert withheld_inspectors(world.events(asked), live.script, facts_in(live.plan)) == {}


def test_of_several_people_one_who_takes_it_back_is_enough() -> None:
    tenant, case = tenant_id(TENANT), case_ref("c" + "a2" * 13)

    def said(type: EventType, by: str, purpose: str, n: int) -> Event:
        body = {"purpose": purpose, "by": by, "how": "click", "at_ms": n}
        return make_event(type, tenant=tenant, case=case, n=n, prev="0" * 64, at="2026-11-27T00:00:00.000Z", body=body)

    both = [
        said(EventType.CONSENT_GIVEN, "customer", "training", 0),
        said(EventType.CONSENT_GIVEN, "guardian", "training", 1),
        said(EventType.CONSENT_REFUSED, "customer", "marketing", 2),
        said(EventType.CONSENT_GIVEN, "customer", "sharing", 3),
    ]
    assert consented(both) == ("sharing", "training")
    withdrawn = [*both, said(EventType.CONSENT_WITHDRAWN, "guardian", "training", 4), both[0]]
    assert consented(withdrawn) == ("sharing",), "the customer said yes again, the guardian did not"
    assert consented([]) == ()
