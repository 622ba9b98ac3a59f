"""Joining: an invitation works once, for one seat of one case; a case has one agent."""

from __future__ import annotations

import base64
import json
import threading

import pytest
from sqlalchemy import Connection, select, text

from jianlu.capture.sessions._tables import invitations
from jianlu.capture.sessions.conducting import abandon_session, handover
from jianlu.capture.sessions.joining import accept, invite, leave_seat, revoke, take_seat
from jianlu.capture.sessions.media import publish
from jianlu.capture.sessions.preparing import record_preflight
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from tests.fakes.sessions.world import AGENT, DEVICES, OTHER_AGENT, SALE_FACTS, SUPERVISOR, World, participant

SEATS = (EventType.SEAT_TAKEN, EventType.SEAT_LEFT)


def seat_of(world: World, case: str, seat: str) -> str:
    return str(next(each["state"] for each in world.view(case)["seats"] if each["seat"] == seat))


def test_an_invitation_admits_to_its_seat_once(world: World) -> None:
    case = world.create()
    assert world.view(case)["state"] == "draft"
    invitation = invite(case, "customer", using=world.using, by=AGENT)
    assert (world.view(case)["state"], seat_of(world, case, "customer")) == ("waiting", "invited")
    admission = accept(invitation.token, using=world.using)
    assert (admission.case, admission.seat) == (case, "customer")
    assert seat_of(world, case, "customer") == "waiting"
    with pytest.raises(DeniedError, match="not good, or no longer"):
        accept(invitation.token, using=world.using)
    taken = [event.body for event in world.events(case) if event.type is EventType.SEAT_TAKEN]
    assert taken == [{"seat": "customer", "how": "invitation"}]


def test_an_invitation_is_not_used_up_when_there_is_no_room_to_sit_down_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = world.create()
    token = invite(case, "customer", using=world.using, by=AGENT).token
    world.rooms.is_away = True
    for _ in range(2):
        with pytest.raises(UnavailableError):
            accept(token, using=world.using)
    world.rooms.is_away = False

    def fail(entry: bytes) -> int:
        raise UnavailableError("the ledger is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.vault.ledger, "append", fail)
        with pytest.raises(UnavailableError):
            accept(token, using=world.using)
    assert EventType.SEAT_TAKEN not in world.kinds(case) and EventType.SEAT_REFUSED not in world.kinds(case)
    assert accept(token, using=world.using).seat == "customer"
    with pytest.raises(DeniedError):
        accept(token, using=world.using)


def test_a_session_whose_ledger_lost_an_answer_shows_what_it_has_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is in the ledger, and whoever wrote it heard that the ledger is away: the log that wrote it knows too little."""
    case = world.seated()
    leave_seat(case, using=world.using, by=participant(case))
    accept(invite(case, "customer", using=world.using, by=AGENT).token, using=world.using)
    assert {gate["code"] for gate in world.view(case)["gates"]} == {"device_untested"}
    append = world.vault.ledger.append

    def lose(entry: bytes) -> int:
        append(entry)
        raise UnavailableError("the ledger does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(world.vault.ledger, "append", lose)
        with pytest.raises(UnavailableError, match="does not answer"):
            record_preflight(case, DEVICES, using=world.using, by=participant(case))
    assert world.view(case)["gates"] == [], "what was recorded counts, although nobody was told"
    leave_seat(case, using=world.using, by=participant(case))
    assert world.kinds(case)[-2:] == [EventType.PREFLIGHT_RECORDED, EventType.SEAT_LEFT]


def test_an_invitation_is_used_in_the_transaction_that_admits_or_not_at_all(world: World) -> None:
    case = world.create()
    token = invite(case, "customer", using=world.using, by=AGENT).token
    entered: list[str] = []

    def fail(connection: Connection, *seat: str) -> str:
        entered.append(str(connection.execute(select(invitations.c.used_at)).scalar_one()))
        connection.execute(text("select * from no_such_table"))
        raise AssertionError

    for tries in (1, 2):
        with pytest.raises(UnavailableError):
            accept(token, using=world.using, admit=fail)
        assert len(entered) == tries and all(entered), "it was crossed off where the admission was to be entered"
        assert seat_of(world, case, "customer") == "invited", "nobody sits there"
    admission = accept(token, using=world.using, admit=lambda _, *seat: "-".join(seat))
    assert admission.token == f"{admission.tenant}-{case}-customer"
    with pytest.raises(DeniedError):
        accept(token, using=world.using)
    seats = [
        (event.type.value.rpartition(":")[2], event.body.get("reason")) for event in world.events(case) if event.type in SEATS
    ]
    assert seats == [("taken", None), ("left", "left")] * 2 + [("taken", None)]


def test_customer_and_agent_compare_one_code(world: World) -> None:
    case = world.create()
    invitation = invite(case, "customer", using=world.using, by=AGENT)
    assert len(invitation.check_code) == 4 and invitation.check_code.isdigit()
    codes = {world.view(case, by)["check_code"] for by in (AGENT, participant(case))}
    assert codes == {invitation.check_code}


def test_a_newer_invitation_makes_the_older_one_void(world: World) -> None:
    case = world.create()
    older = invite(case, "customer", using=world.using, by=AGENT)
    newer = invite(case, "customer", using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        accept(older.token, using=world.using)
    assert accept(newer.token, using=world.using).case == case


def test_a_revoked_or_expired_invitation_is_refused(world: World) -> None:
    case = world.create()
    revoked = invite(case, "customer", using=world.using, by=AGENT)
    revoke(case, "customer", using=world.using, by=AGENT)
    with pytest.raises(DeniedError):
        accept(revoked.token, using=world.using)
    late = invite(case, "customer", using=world.using, by=AGENT)
    world.clock.move(25 * 3600 * 1000)
    with pytest.raises(DeniedError):
        accept(late.token, using=world.using)
    assert seat_of(world, case, "customer") == "empty"


def test_a_token_that_was_altered_or_is_of_another_case_is_refused(world: World) -> None:
    case, other = world.create(), world.create("sale-2")
    token = invite(case, "customer", using=world.using, by=AGENT).token
    payload, _, signature = token.partition(".")
    name, _, seat, expires = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([name, other, seat, expires]).encode()).rstrip(b"=").decode()
    for wrong in (f"{forged}.{signature}", token[:-2], token + "x", "", ".", "é.é", "a" * 5000, f"{payload}.", f".{signature}"):
        with pytest.raises(DeniedError):
            accept(wrong, using=world.using)
    assert accept(token, using=world.using).case == case


def test_of_many_who_use_one_invitation_one_gets_in(world: World) -> None:
    token = invite(world.create(), "customer", using=world.using, by=AGENT).token
    answers: list[str] = []

    def use() -> None:
        try:
            answers.append(accept(token, using=world.using).seat)
        except JianluError:
            answers.append("refused")

    threads = [threading.Thread(target=use) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["customer", *["refused"] * 4]


def test_only_who_leads_a_session_invites_and_only_to_its_seats(world: World) -> None:
    case = world.create()
    for by in (participant(case), OTHER_AGENT):
        with pytest.raises((DeniedError, NotFoundError)):
            invite(case, "customer", using=world.using, by=by)
    for seat in ("agent", "witness", "king"):
        with pytest.raises(InvalidError):
            invite(case, seat, using=world.using, by=AGENT)
    assert invite(case, "customer", using=world.using, by=SUPERVISOR).seat == "customer"


def test_nobody_joins_a_session_that_is_over(world: World) -> None:
    case = world.create()
    token = invite(case, "customer", using=world.using, by=AGENT).token
    abandon_session(case, using=world.using, by=AGENT)
    with pytest.raises(ConflictError, match="is over"):
        accept(token, using=world.using)
    with pytest.raises(ConflictError, match="is over"):
        invite(case, "customer", using=world.using, by=AGENT)


def test_a_second_agent_on_one_case_is_refused(world: World) -> None:
    case = world.create()
    take_seat(case, using=world.using, by=AGENT)
    take_seat(case, using=world.using, by=AGENT)
    for second in (OTHER_AGENT, SUPERVISOR):
        with pytest.raises(ConflictError, match="another agent leads"):
            take_seat(case, using=world.using, by=second)
    assert world.kinds(case).count(EventType.SEAT_TAKEN) == 1
    with pytest.raises(ConflictError):
        take_seat(case, using=world.using, by=OTHER_AGENT)
    refused = [event.body for event in world.events(case) if event.type is EventType.SEAT_REFUSED]
    assert [(body["seat"], body["how"], body["reason"], body["at_ms"]) for body in refused] == [
        ("agent", "account", "occupied", 0),
        ("agent", "account", "occupied", 0),
    ], "each of the two once, however often they try"
    assert len({body["by"] for body in refused}) == 2
    assert world.view(case)["state"] == "draft", "a refusal changes nothing"


@pytest.mark.parametrize("reason", ["used", "revoked"])
def test_an_invitation_that_is_good_no_longer_is_refused_on_the_record(world: World, reason: str) -> None:
    case = world.create()
    take_seat(case, using=world.using, by=AGENT)
    token = invite(case, "customer", using=world.using, by=AGENT).token
    if reason == "used":
        accept(token, using=world.using)
    else:
        revoke(case, "customer", using=world.using, by=AGENT)
    for _ in range(3):
        with pytest.raises(DeniedError, match="not good, or no longer"):
            accept(token, using=world.using)
    with pytest.raises(DeniedError, match="not good, or no longer"):
        accept(f"{token[:-2]}AA", using=world.using)
    refused = [event.body for event in world.events(case) if event.type is EventType.SEAT_REFUSED]
    assert [(body["seat"], body["how"], body["reason"]) for body in refused] == [("customer", "invitation", reason)]
    assert token[:20] not in world.events(case)[-1].content.decode()


def test_a_hand_over_moves_the_agents_seat(world: World) -> None:
    case = world.live()
    handover(case, "account-zhou", "周宁", "technical", using=world.using, by=AGENT)
    assert [each["display"] for each in world.view(case, OTHER_AGENT)["seats"]] == ["周宁", "王**"]
    with pytest.raises(ConflictError, match="another agent leads"):
        take_seat(case, using=world.using, by=AGENT)
    assert world.view(case, AGENT)["allowed"] == []
    publish(case, "agent", "v=0 offer", using=world.using, by=OTHER_AGENT)
    assert "complete_step" not in world.view(case, SUPERVISOR)["allowed"]
    assigned = next(event for event in world.events(case) if event.type is EventType.SEAT_ASSIGNED)
    assert set(assigned.body) == {"seat", "from", "to", "reason", "at_ms"}
    assert "zhou" not in assigned.content.decode()


def test_a_supervisor_takes_a_session_over(world: World) -> None:
    case = world.live()
    with pytest.raises(DeniedError, match="does not give it to others"):
        handover(case, "account-zhou", "周宁", "technical", using=world.using, by=SUPERVISOR)
    handover(case, SUPERVISOR.account.id, "何主管", "misunderstood", using=world.using, by=SUPERVISOR)
    assert "start_step" in world.view(case, SUPERVISOR)["allowed"]


def test_who_is_invited_anew_replaces_whoever_sat_there(world: World) -> None:
    case = world.seated()
    accept(invite(case, "customer", using=world.using, by=AGENT).token, using=world.using)
    assert publish(case, "customer", "v=0 offer", using=world.using, by=participant(case)).id


def test_who_left_needs_a_new_invitation(world: World) -> None:
    case = world.seated()
    leave_seat(case, using=world.using, by=participant(case))
    leave_seat(case, using=world.using, by=participant(case))
    assert seat_of(world, case, "customer") == "empty"
    assert world.kinds(case).count(EventType.SEAT_LEFT) == 1
    assert {gate["code"] for gate in world.view(case)["gates"]} == {"seat_empty"}
    accept(invite(case, "customer", using=world.using, by=AGENT).token, using=world.using)
    assert {gate["code"] for gate in world.view(case)["gates"]} == {"device_untested"}, "with who left go their devices"
    record_preflight(case, DEVICES, using=world.using, by=participant(case))
    assert world.view(case)["gates"] == []


def test_a_minor_is_seated_with_a_guardian(world: World) -> None:
    for age in (10, 16):
        case = world.create(f"minor-{age}", facts={**SALE_FACTS, "customer.age": age})
        assert [each["seat"] for each in world.view(case)["seats"]] == ["agent", "customer", "guardian"]
    adult = world.create("adult", facts={**SALE_FACTS, "customer.age": 18})
    assert [each["seat"] for each in world.view(adult)["seats"]] == ["agent", "customer"]
