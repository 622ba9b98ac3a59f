"""An encrypted session as its server sees it: nothing secret passes, and without the demanded recorder nothing starts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from jianlu.capture.recording.live.room_key import MemberKey, fingerprint, secret_id, wrap_secret
from jianlu.capture.sessions.conducting import abandon_session
from jianlu.capture.sessions.encryption import (
    CHANGES_MAX,
    CHANGES_OF_SEAT_MAX,
    MEMBERS_MAX,
    SUITE,
    admit_recorder,
    announce,
    hand_over,
    written,
)
from jianlu.capture.sessions.joining import leave_seat, take_seat
from jianlu.capture.sessions.media import subscribe
from jianlu.capture.sessions.preparing import start_session
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.event import make_event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.identity.model import Principal, Role
from tests.fakes.sessions.world import AGENT, SUPERVISOR, World, participant, session_world, staff

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


def running(world: World) -> str:
    """An encrypted session under way: agent, customer and recorder are its members, and on the record."""
    case = keyed(world)
    admit(world, case)
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    return case


def hand(world: World, case: str, key: MemberKey, seat: str) -> None:
    wrapped = written(wrap_secret(SECRET, key.public_key, case, seat))
    hand_over(case, seat, wrapped, written(key.public_key), using=world.using, by=AGENT)


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
        ("", "", ""),
        ("AAAA", "", ""),
        (written(bytes(32)), "xyz", ""),
        (written(bytes(32)), "", "!"),
    ):
        with pytest.raises(InvalidError):
            announce(case, public_key, secret, proof, using=world.using, by=AGENT)


@pytest.mark.parametrize("is_recorded", [False, True])
def test_recorders_let_the_secrets_go_when_the_session_is_over(world: World, is_recorded: bool) -> None:
    case = running(world) if is_recorded else keyed(world)
    if not is_recorded:
        admit(world, case)
    assert world.recorder.member(case).secrets == (secret_id(SECRET, case),)
    abandon_session(case, using=world.using, by=AGENT)
    assert world.recorder.member(case).secrets == ()


def test_who_gets_up_is_no_member_any_more(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    start_session(case, using=world.using, by=AGENT)
    world.beat(case, times=3)
    leave_seat(case, using=world.using, by=participant(case))
    world.beat(case)
    assert [name for name, _ in rosters(world, case)[-1]["members"]] == ["agent", "recorder-a"]
    assert {row["member"] for row in world.view(case)["encryption"]["members"]} == {"agent", "recorder-a"}


def test_members_who_come_and_go_do_not_fill_the_ledger_and_what_is_not_recorded_does_not_happen(world: World) -> None:
    case = running(world)
    for number in range(CHANGES_OF_SEAT_MAX):
        tell(world, case, MemberKey(bytes([number]) * 32, "customer"), participant(case))
    told, before = rosters(world, case), world.view(case)["encryption"]
    assert len(told) == 1 + CHANGES_OF_SEAT_MAX
    with pytest.raises(ConflictError, match="too often"):
        tell(world, case, MemberKey(b"z" * 32, "customer"), participant(case))
    assert (rosters(world, case), world.view(case)["encryption"]) == (told, before)


def test_one_seat_does_not_use_up_the_changes_of_the_others_nor_after_a_restart(world: World) -> None:
    case = running(world)
    for number in range(CHANGES_OF_SEAT_MAX):
        tell(world, case, MemberKey(bytes([number]) * 32, "customer"), participant(case))
    world = world.restarted()
    with pytest.raises(ConflictError, match="too often"):
        tell(world, case, MemberKey(b"z" * 32, "customer"), participant(case))
    tell(world, case, MemberKey(b"y" * 32, "agent"), AGENT)
    take_seat(case, "supervisor", using=world.using, by=SUPERVISOR)
    tell(world, case, MemberKey(b"s" * 32, "supervisor"), SUPERVISOR)
    assert {name for name, _ in rosters(world, case)[-1]["members"]} == {"agent", "customer", "recorder-a", "supervisor"}
    assert [body.get("by") for body in rosters(world, case)[-2:]] == ["agent", "supervisor"]


def test_whoever_leads_is_told_when_no_more_changes_can_be_recorded_and_the_recorder_is_given_nothing_then(world: World) -> None:
    case = running(world)
    other = bytes(32)
    for number in range(CHANGES_MAX - 1):
        tell(world, case, MemberKey(bytes([number]) * 32, "agent"), AGENT)
    tell(world, case, AGENT_KEY, AGENT, other)
    with pytest.raises(ConflictError, match="too often"):
        tell(world, case, AGENT_KEY, AGENT)
    with pytest.raises(ConflictError, match="too often"):
        hand(world, case, MemberKey(b"s" * 32, "supervisor"), "supervisor")
    with pytest.raises(ConflictError, match="too often"):
        admit(world, case, other)
    assert world.recorder.member(case).secrets == (secret_id(SECRET, case),)


def test_a_hand_over_makes_a_member_by_the_leads_act_whatever_the_page_says_of_itself(world: World) -> None:
    case = running(world)
    supervisor = MemberKey(b"s" * 32, "supervisor")
    take_seat(case, "supervisor", using=world.using, by=SUPERVISOR)
    tell(world, case, supervisor, SUPERVISOR, None)
    hand(world, case, supervisor, "supervisor")
    assert rosters(world, case)[-1]["members"][-1] == ["supervisor", fingerprint(supervisor.public_key)[:32]]
    assert rosters(world, case)[-1]["by"] == "agent"
    tell(world, case, MemberKey(b"t" * 32, "supervisor"), SUPERVISOR, None)
    rows = {(row["state"], row["is_given"]) for row in world.view(case)["encryption"]["members"] if row["member"] == "supervisor"}
    assert rows == {("asking", False), ("replaced", True)}
    assert world.view(case, SUPERVISOR)["encryption"]["handover"] == "", "it was wrapped to the key before"
    world.beat(case)
    assert rosters(world, case)[-1]["members"][-1][1] == fingerprint(supervisor.public_key)[:32], "it keeps what it was given"
    tell(world, case, AGENT_KEY, AGENT, bytes(32))
    assert [name for name, _ in rosters(world, case)[-1]["members"]] == ["agent"], "nobody was given the new secret"


def test_a_next_secret_is_with_the_recorder_before_it_is_the_rooms_and_its_members_are_recorded_anew(world: World) -> None:
    case, following = running(world), bytes(range(32, 64))
    told = len(rosters(world, case))
    admit(world, case, following)
    world.beat(case)
    assert len(rosters(world, case)) == told
    tell(world, case, AGENT_KEY, AGENT, following)
    wrapped = written(wrap_secret(following, CUSTOMER_KEY.public_key, case, "customer"))
    hand_over(case, "customer", wrapped, written(CUSTOMER_KEY.public_key), using=world.using, by=AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case), following)
    world.beat(case)
    recorded = rosters(world, case)[told:]
    assert {body["secret"] for body in recorded} == {secret_id(following, case)}
    names = [[name for name, _ in body["members"]] for body in recorded]
    assert names == [["agent", "recorder-a"], ["agent", "customer", "recorder-a"]]


def test_a_page_that_was_replaced_while_it_was_handed_the_secret_is_a_member_too(world: World) -> None:
    case = running(world)
    wrapped_to = MemberKey(b"s" * 32, "supervisor")
    take_seat(case, "supervisor", using=world.using, by=SUPERVISOR)
    tell(world, case, MemberKey(b"t" * 32, "supervisor"), SUPERVISOR, None)
    hand(world, case, wrapped_to, "supervisor")
    assert ["supervisor", fingerprint(wrapped_to.public_key)[:32]] in rosters(world, case)[-1]["members"]
    assert world.view(case, SUPERVISOR)["encryption"]["handover"] == ""
    with pytest.raises(NotFoundError):
        hand(world, case, MemberKey(b"w" * 32, "witness"), "witness")


def test_a_secret_is_given_to_as_many_as_one_event_names(world: World) -> None:
    case = running(world)
    for number in range(MEMBERS_MAX - 3):
        hand(world, case, MemberKey(bytes([number]) * 32, "supervisor"), "supervisor")
    assert len(rosters(world, case)[-1]["members"]) == MEMBERS_MAX
    with pytest.raises(ConflictError, match="start over"):
        hand(world, case, MemberKey(b"z" * 32, "supervisor"), "supervisor")
    tell(world, case, AGENT_KEY, AGENT, bytes(32))
    assert len(rosters(world, case)[-1]["members"]) == 1


def test_twelve_members_of_the_longest_names_fit_into_an_event() -> None:
    body = {
        "suite": SUITE,
        "secret": "f" * 16,
        "members": [["interpreter", "f" * 32]] * MEMBERS_MAX,
        "at_ms": 10**9,
        "by": "interpreter",
    }
    tenant, case = tenant_id("t" * 40), case_ref("c" + "a" * 26)
    assert make_event(
        EventType.ENCRYPTION_SET, tenant=tenant, case=case, n=99_999, prev="f" * 64, at="2026-11-26T08:00:00.000Z", body=body
    )


def test_a_recorder_that_does_not_answer_for_a_while_stays_a_member_on_the_record(world: World) -> None:
    case = running(world)
    told = rosters(world, case)
    world.recorder.is_away = True
    world.beat(case)
    row = next(row for row in world.view(case)["encryption"]["members"] if row["member"] == "recorder-a")
    assert (row["state"], row["is_given"], row["fingerprint"][:32]) == ("away", True, told[-1]["members"][-1][1])
    world.recorder.is_away = False
    world.beat(case)
    assert rosters(world, case) == told


def test_what_the_ledger_did_not_take_is_not_taken_for_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = running(world)
    told, before = rosters(world, case), world.view(case)["encryption"]

    def fail(*_: object) -> None:
        raise UnavailableError("the ledger is away")

    other = MemberKey(b"x" * 32, "customer")
    with monkeypatch.context() as patched:
        patched.setattr(world.vault.ledger, "append", fail)
        with pytest.raises(UnavailableError):
            tell(world, case, other, participant(case))
    assert world.view(case)["encryption"] == before
    tell(world, case, other, participant(case))
    [recorded] = rosters(world, case)[len(told) :]
    assert (recorded["members"][1], recorded["by"]) == (["customer", fingerprint(other.public_key)[:32]], "customer")


def test_a_restart_during_the_talk_records_no_smaller_circle_before_pages_have_come_back(world: World) -> None:
    case = running(world)
    told = rosters(world, case)
    world = world.restarted()
    world.beat(case, times=20)
    assert rosters(world, case) == told
    assert world.view(case)["encryption"]["secret"] == secret_id(SECRET, case)
    tell(world, case, AGENT_KEY, AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case))
    world.beat(case)
    assert rosters(world, case) == told
    tell(world, case, AGENT_KEY, AGENT, bytes(32))
    assert [name for name, _ in rosters(world, case)[-1]["members"]] == ["agent"]


def test_after_a_restart_of_the_web_process_pages_announce_themselves_again_and_the_recorder_is_asked(world: World) -> None:
    case = keyed(world)
    admit(world, case)
    world = world.restarted()
    world.beat(case)
    assert gates(world, case) >= {("key_missing", "customer")}
    tell(world, case, AGENT_KEY, AGENT)
    tell(world, case, CUSTOMER_KEY, participant(case))
    assert gates(world, case) == set()


def test_a_supervisor_is_a_member_from_sitting_down_until_getting_up_and_so_is_the_next_one(world: World) -> None:
    case = running(world)
    key = MemberKey(b"s" * 32, "supervisor")
    with pytest.raises(DeniedError, match="take the supervisor's seat first"):
        tell(world, case, key, SUPERVISOR, None)
    assert "supervisor" not in {row["member"] for row in world.view(case)["encryption"]["members"]}
    take_seat(case, "supervisor", using=world.using, by=SUPERVISOR)
    tell(world, case, key, SUPERVISOR, None)
    subscribe(case, "customer", "v=0 offer", using=world.using, by=SUPERVISOR)
    sees = len(world.rooms.rooms[case].peers)
    second = staff("wu", Role.SUPERVISOR)
    take_seat(case, "supervisor", using=world.using, by=second)
    members = {row["member"]: row["state"] for row in world.view(case)["encryption"]["members"]}
    assert "supervisor" not in members, "the first one's page is told by none, and the second one's has not said its key"
    assert len(world.rooms.rooms[case].peers) == sees - 1, "whoever was replaced sees nothing any more"
    leave_seat(case, using=world.using, by=second)
    assert world.view(case)["supervisor"] is None
