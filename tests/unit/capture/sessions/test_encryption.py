"""An encrypted session as its server sees it: nothing secret passes, and without the demanded recorder nothing starts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from jianlu.capture.recording.live.room_key import MemberKey, fingerprint, secret_id, wrap_secret
from jianlu.capture.sessions.encryption import CHANGES_MAX, admit_recorder, announce, hand_over, written
from jianlu.capture.sessions.joining import leave_seat
from jianlu.capture.sessions.preparing import start_session
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.govern.identity.model import Principal
from tests.fakes.sessions.world import AGENT, SUPERVISOR, World, participant, session_world

SECRET = bytes(range(32))
AGENT_KEY, CUSTOMER_KEY = MemberKey(b"g" * 32, "agent"), MemberKey(b"c" * 32, "customer")


@pytest.fixture
def world() -> Iterator[World]:
    with session_world() as made:
        yield made


def seated(world: World, **changes: Any) -> str:
    return world.seated(**{"end_to_end": True, **changes})


def tell(world: World, case: str, key: MemberKey, by: Principal, secret: bytes | None = SECRET) -> None:
    named = secret_id(secret, case) if secret is not None else ""
    announce(case, written(key.public_key), named, "proof" if secret else "", using=world.using, by=by)


def admit(world: World, case: str, secret: bytes = SECRET, recorder: str = "a") -> None:
    public_key = world.recorder.member(case).public_key
    wrapped = written(wrap_secret(secret, public_key, case, recorder))
    admit_recorder(case, recorder, wrapped, using=world.using, by=AGENT)


def keyed(world: World, **changes: Any) -> str:
    case = seated(world, **changes)
    tell(world, case, AGENT_KEY, AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case))
    return case


def gates(world: World, case: str) -> set[tuple[str, str]]:
    return {(gate["code"], gate["about"]) for gate in world.view(case)["gates"]}


def rosters(world: World, case: str) -> list[Any]:
    return [event.body for event in world.events(case) if event.type is EventType.ENCRYPTION_SET]


def test_a_session_is_in_the_clear_unless_somebody_wants_it_otherwise(world: World) -> None:
    case = world.live()
    assert world.view(case)["encryption"] is None
    assert not world.rooms.rooms[case].spec.is_encrypted
    with pytest.raises(ConflictError, match="not end-to-end encrypted"):
        tell(world, case, AGENT_KEY, AGENT)
    assert rosters(world, case) == []


def test_without_the_recorder_as_a_member_the_session_refuses_to_start_and_that_is_on_the_record(world: World) -> None:
    case = keyed(world)
    assert world.rooms.rooms[case].spec.is_encrypted
    assert gates(world, case) == {("recorder_not_admitted", "a")}
    assert "start" not in world.view(case)["allowed"]
    for _ in range(2):
        with pytest.raises(ConflictError, match="recorder_not_admitted a"):
            start_session(case, using=world.using, by=AGENT)
    checks = [event.body for event in world.events(case) if event.type is EventType.PREFLIGHT_RECORDED]
    assert checks[-1] == {"checks": [["key", "failed"]], "seat": "recorder"}
    assert [body["seat"] for body in checks].count("recorder") == 1
    assert EventType.RECORDING_STARTED not in world.kinds(case)


def test_once_everybody_holds_the_secret_the_session_starts_and_its_members_are_on_the_record(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    assert gates(world, case) == set()
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    assert world.view(case)["state"] == "live"
    members = {row["member"]: row for row in world.view(case)["encryption"]["members"]}
    assert {name: row["state"] for name, row in members.items()} == dict.fromkeys(("agent", "customer", "recorder-a"), "admitted")
    assert members["recorder-a"]["fingerprint"] == fingerprint(world.recorder.member(case).public_key)
    [recorded] = rosters(world, case)
    assert recorded["members"] == [[name, members[name]["fingerprint"][:32]] for name in ("agent", "customer", "recorder-a")]
    assert recorded["secret"] == secret_id(SECRET, case)
    kinds = world.kinds(case)
    assert kinds.index(EventType.ENCRYPTION_SET) < kinds.index(EventType.RECORDING_STARTED)


def test_a_recorder_that_was_given_another_secret_is_no_member(world: World) -> None:
    case = keyed(world)
    admit(world, case, bytes(32))
    assert gates(world, case) == {("recorder_not_admitted", "a")}
    with pytest.raises(DeniedError, match="fingerprint"):
        admit_recorder(case, "a", written(wrap_secret(SECRET, AGENT_KEY.public_key, case, "a")), using=world.using, by=AGENT)
    with pytest.raises(NotFoundError):
        admit(world, case, recorder="b")


def test_a_page_without_the_secret_keeps_the_session_waiting_until_it_was_handed_over(world: World) -> None:
    case = seated(world)
    tell(world, case, AGENT_KEY, AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case), None)
    admit(world, case)
    assert gates(world, case) == {("key_missing", "customer")}
    wrapped = wrap_secret(SECRET, CUSTOMER_KEY.public_key, case, "customer")
    hand_over(case, "customer", written(wrapped), using=world.using, by=AGENT)
    assert world.view(case)["encryption"]["handover"] == ""
    fetched = world.view(case, participant(case))["encryption"]["handover"]
    assert CUSTOMER_KEY.unwrap(base64.urlsafe_b64decode(fetched + "=="), case) == SECRET
    tell(world, case, CUSTOMER_KEY, participant(case))
    assert gates(world, case) == set()
    assert world.view(case, participant(case))["encryption"]["handover"] == ""


def test_a_demanded_second_recorder_must_be_a_member_too(world: World) -> None:
    scene = world.using.scenes["insurance-remote"]
    object.__setattr__(scene, "two_recorders", True)
    try:
        case = keyed(world)
        admit(world, case)
        assert gates(world, case) == {("recorder_not_admitted", "b")}
        wrapped = wrap_secret(SECRET, world.second.member(case).public_key, case, "b")
        admit_recorder(case, "b", written(wrapped), using=world.using, by=AGENT)
        assert gates(world, case) == set()
    finally:
        object.__setattr__(scene, "two_recorders", False)


def test_a_recording_that_cannot_be_decrypted_ends_the_talk_by_the_scenes_rule(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    world.recorder.sealed_to_us = {"customer"}
    world.beat(case)
    assert world.view(case)["health"]["level"] == "red"
    world.beat(case, times=21)
    assert world.view(case)["state"] == "halted"


def test_only_the_lead_admits_and_hands_over_and_impossible_values_are_refused(world: World) -> None:
    case = keyed(world)
    wrapped = written(wrap_secret(SECRET, world.recorder.member(case).public_key, case, "a"))
    for by in (participant(case), SUPERVISOR):
        with pytest.raises(DeniedError):
            admit_recorder(case, "a", wrapped, using=world.using, by=by)
        with pytest.raises(DeniedError):
            hand_over(case, "customer", wrapped, using=world.using, by=by)
    with pytest.raises(NotFoundError):
        hand_over(case, "guardian", wrapped, using=world.using, by=AGENT)
    for public_key, secret, proof in (
        ("§", "", ""),
        ("AAAA", "", ""),
        (written(bytes(32)), "xyz", ""),
        (written(bytes(32)), "", "!"),
    ):
        with pytest.raises(InvalidError):
            announce(case, public_key, secret, proof, using=world.using, by=AGENT)


def test_who_gets_up_is_no_member_any_more(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    leave_seat(case, using=world.using, by=participant(case))
    world.beat(case)
    assert [name for name, _ in rosters(world, case)[-1]["members"]] == ["agent", "recorder-a"]
    assert {row["member"] for row in world.view(case)["encryption"]["members"]} == {"agent", "recorder-a"}


def test_members_who_come_and_go_do_not_fill_the_ledger(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    for number in range(CHANGES_MAX + 5):
        tell(world, case, MemberKey(bytes([number]) * 32, "customer"), participant(case))
    assert len(rosters(world, case)) == CHANGES_MAX


def test_after_a_restart_of_the_web_process_pages_announce_themselves_again_and_the_recorder_is_asked(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    world = world.restarted()
    world.beat(case)
    assert gates(world, case) >= {("key_missing", "customer")}
    tell(world, case, AGENT_KEY, AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case))
    assert gates(world, case) == set()
