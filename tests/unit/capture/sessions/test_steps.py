"""The server's order of the script: time to read, documents, answers, consents, attestations, redoing; and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.capture.sessions.conducting import end_session
from jianlu.capture.sessions.consents import consent
from jianlu.capture.sessions.engine import REFUSALS_MAX
from jianlu.capture.sessions.steps import answer, attest, complete_step, redo_step, show_document, start_step
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.sessions.world import AGENT, SUPERVISOR, World, participant
from tests.fakes.vault.home import TENANT


def step_of(world: World, case: str, step: str) -> dict[str, Any]:
    return next(each for each in world.view(case)["steps"] if each["id"] == step)


def codes(world: World, case: str, step: str) -> list[str]:
    return [block["code"] for block in step_of(world, case, step)["blocked_by"]]


def refusals(world: World, case: str) -> list[tuple[str, str, str]]:
    found = [event.body for event in world.events(case) if event.type is EventType.STEP_REFUSED]
    return [(body["step"], body["reason"], body["by"]) for body in found]


def test_a_step_takes_the_time_that_it_takes_to_read_it(world: World) -> None:
    case = world.live()
    world.do_step(case, "greeting")
    world.do_step(case, "recording_consent")
    start_step(case, "recording_notice", using=world.using, by=AGENT)
    world.beat(case, 7_999)
    assert codes(world, case, "recording_notice") == ["too_early"]
    assert step_of(world, case, "recording_notice")["left_ms"] == 1
    with pytest.raises(ConflictError, match="too_early"):
        complete_step(case, "recording_notice", using=world.using, by=AGENT)
    world.clock.move(1)
    complete_step(case, "recording_notice", using=world.using, by=AGENT)
    assert refusals(world, case) == [("recording_notice", "too_early", "agent")]
    done = [event.body for event in world.events(case) if event.type is EventType.STEP_COMPLETED][-1]
    assert done["to_ms"] - done["from_ms"] == 8_000


def test_the_elderly_are_given_half_as_much_time_again(world: World) -> None:
    case = world.live(profile="elderly")
    assert step_of(world, case, "recording_notice")["min_read_ms"] == 12_000


def test_documents_are_shown_long_enough_before_a_step_is_done(world: World) -> None:
    case = world.live()
    start_step(case, "greeting", using=world.using, by=AGENT)
    world.beat(case, 10_000)
    assert codes(world, case, "greeting")[0] == "document"
    show_document(case, "greeting", "work_permit", using=world.using, by=AGENT)
    world.clock.move(999)
    assert codes(world, case, "greeting")[0] == "document"
    world.clock.move(1)
    assert codes(world, case, "greeting") == ["attestation"]
    with pytest.raises(ConflictError, match="document"):
        show_document(case, "greeting", "terms", using=world.using, by=AGENT)


def test_what_was_shown_is_recorded_with_its_digest_and_its_time(world: World) -> None:
    case = world.live()
    for step in ("greeting", "recording_consent", "recording_notice", "face_consent"):
        world.do_step(case, step)
    start_step(case, "documents", using=world.using, by=AGENT)
    show_document(case, "documents", "notice", using=world.using, by=AGENT, digest="ab" * 32)
    world.clock.move(500)
    show_document(case, "documents", "terms", using=world.using, by=AGENT)
    show_document(case, "documents", "terms", using=world.using, by=AGENT)
    world.clock.move(2_000)
    again = world.restarted()
    again.beat(case, 0)
    assert again.view(case)["showing"] == "terms"
    show_document(case, "documents", "exemptions", using=again.using, by=AGENT)
    shown = [event.body for event in world.events(case) if event.type is EventType.DOCUMENT_SHOWN][-2:]
    assert [(body["document"], body["to_ms"] - body["from_ms"]) for body in shown] == [("notice", 500), ("terms", 2_000)]
    documents = {each["id"]: each["is_shown"] for each in step_of(again, case, "documents")["documents"]}
    assert documents == {"notice": False, "terms": True, "exemptions": False}
    with pytest.raises(InvalidError, match="64 hexadecimal"):
        show_document(case, "documents", "terms", using=again.using, by=AGENT, digest="short")


def reach(world: World, step: str) -> str:
    """A live case in which `step` is under way."""
    case = world.live()
    for each in [found["id"] for found in world.view(case)["steps"]]:
        if each == step:
            break
        world.do_step(case, each)
    start_step(case, step, using=world.using, by=AGENT)
    return case


def test_an_answer_that_is_no_yes_keeps_the_step_open(world: World) -> None:
    case = reach(world, "understood")
    world.clock.move(5_000)
    assert codes(world, case, "understood") == ["answer"]
    answer(case, "understood", "is_clear", "no", "click", using=world.using, by=participant(case))
    assert codes(world, case, "understood") == ["answer_stays"]
    answer(case, "understood", "is_clear", "yes", "spoken", using=world.using, by=AGENT)
    answer(case, "understood", "is_clear", "yes", "spoken", using=world.using, by=AGENT)
    assert step_of(world, case, "understood")["can_complete"]
    given = [event.body for event in world.events(case) if event.type is EventType.ANSWER_RECORDED]
    assert [(body["answer"], body["how"], body["by"]) for body in given] == [
        ("no", "click", "customer"),
        ("yes", "spoken", "customer"),
    ]


def test_an_answer_that_refuses_ends_the_channel_with_its_record(world: World) -> None:
    case = reach(world, "purchase_confirmed")
    answer(case, "purchase_confirmed", "is_voluntary", "no", "click", using=world.using, by=participant(case))
    view = world.view(case)
    assert (view["state"], view["reason"]) == ("refused", "refused")
    assert world.handed_over == [case]
    assert EventType.RECORDING_ENDED in world.kinds(case)
    with pytest.raises(ConflictError):
        complete_step(case, "purchase_confirmed", using=world.using, by=AGENT)


def test_answers_are_given_by_who_is_asked(world: World) -> None:
    case = reach(world, "understood")
    with pytest.raises(DeniedError, match="customer's to click"):
        answer(case, "understood", "is_clear", "yes", "click", using=world.using, by=AGENT)
    for question, given in (("nothing", "yes"), ("is_clear", "perhaps")):
        with pytest.raises(ConflictError, match="answer"):
            answer(case, "understood", question, given, "spoken", using=world.using, by=AGENT)
    with pytest.raises(InvalidError):
        answer(case, "understood", "is_clear", "yes", "telepathy", using=world.using, by=AGENT)


def test_one_step_is_redone_and_the_others_stay_done(world: World) -> None:
    case = reach(world, "explain_surrender")
    redo_step(case, "explain_cover", "misunderstood", using=world.using, by=AGENT)
    redo_step(case, "explain_cover", "misunderstood", using=world.using, by=AGENT)
    states = {each["id"]: each["state"] for each in world.view(case)["steps"]}
    assert (states["explain_cover"], states["explain_payment"], states["explain_surrender"]) == ("reopened", "done", "pending")
    with pytest.raises(ConflictError, match="order"):
        start_step(case, "explain_surrender", using=world.using, by=AGENT)
    world.do_step(case, "explain_cover")
    assert step_of(world, case, "explain_cover")["attempt"] == 2
    world.do_all(case)
    end_session(case, using=world.using, by=AGENT)
    completed = [event.body.get("attempt") for event in world.events(case) if event.body.get("step") == "explain_cover"]
    assert completed.count(2) == 2
    assert world.kinds(case).count(EventType.STEP_REOPENED) == 1


def test_what_never_began_is_not_redone(world: World) -> None:
    case = world.live()
    with pytest.raises(ConflictError, match="order"):
        redo_step(case, "closing", "other", using=world.using, by=AGENT)
    with pytest.raises(InvalidError, match="`reason` is one of"):
        redo_step(case, "greeting", "because I felt like it", using=world.using, by=AGENT)


def test_repeating_a_command_changes_nothing(world: World) -> None:
    case = world.live()
    world.do_step(case, "greeting")
    count = len(world.events(case))
    complete_step(case, "greeting", using=world.using, by=AGENT)
    start_step(case, "greeting", using=world.using, by=AGENT)
    assert len(world.events(case)) == count
    start_step(case, "recording_consent", using=world.using, by=AGENT)
    start_step(case, "recording_consent", using=world.using, by=AGENT)
    assert len(world.events(case)) == count + 1


def test_the_customer_cannot_lead_whatever_they_send(world: World) -> None:
    case = world.live()
    for attempt in (start_step, complete_step):
        with pytest.raises(DeniedError):
            attempt(case, "greeting", using=world.using, by=participant(case))
    with pytest.raises(DeniedError):
        start_step(case, "greeting", using=world.using, by=SUPERVISOR)
    assert [(step, reason) for step, reason, _ in refusals(world, case)] == [("greeting", "not_yours")] * 3
    assert step_of(world, case, "greeting")["state"] == "pending"


def test_an_unknown_step_leaves_no_text_of_the_attacker_in_the_ledger(world: World) -> None:
    case = world.live()
    for name in ("王小明的账号", "a" * 5000, "'; drop table"):
        with pytest.raises(ConflictError, match="unknown_step"):
            start_step(case, name, using=world.using, by=AGENT)
    assert refusals(world, case) == [("unknown", "unknown_step", "agent")] * 3


def test_refused_attempts_do_not_fill_the_ledger(world: World) -> None:
    case = world.live()
    for _ in range(REFUSALS_MAX + 5):
        with pytest.raises(ConflictError):
            complete_step(case, "closing", using=world.using, by=AGENT)
    assert len(refusals(world, case)) == REFUSALS_MAX


def test_nothing_runs_before_the_session_does(world: World) -> None:
    case = world.seated()
    with pytest.raises(ConflictError, match="not_live"):
        start_step(case, "greeting", using=world.using, by=AGENT)
    assert refusals(world, case) == [("greeting", "not_live", "agent")]


def test_a_session_does_not_end_completed_with_a_step_undone(world: World) -> None:
    case = reach(world, "closing")
    assert "end" not in world.view(case)["allowed"]
    with pytest.raises(ConflictError, match="incomplete"):
        end_session(case, using=world.using, by=AGENT)
    assert refusals(world, case) == [("closing", "incomplete", "agent")]
    assert world.view(case)["state"] == "live"


def test_an_attestation_is_sealed_in_words_and_stands_for_its_step(world: World) -> None:
    case = world.live()
    clause = "cn-insurance-dual-recording:CN-IN-5a"
    start_step(case, "greeting", using=world.using, by=AGENT)
    world.clock.move(2_000)
    attest(case, clause, "证件已在镜头前出示。", using=world.using, by=AGENT)
    attest(case, clause, "再说一次。", using=world.using, by=AGENT)
    made = [event for event in world.events(case) if event.type is EventType.ATTESTATION_RECORDED]
    assert [(e.body["clause"], e.body["by"], e.body["to_ms"] - e.body["from_ms"]) for e in made] == [(clause, "agent", 2_000)]
    sealed = parse_canonical(open_case_log(world.vault, TENANT, case).open_object("attestation-1"))
    assert sealed == {
        "format": "jianlu/attestation/v1",
        "clause": clause,
        "by": "agent",
        "statement": "证件已在镜头前出示。",
    }


def test_attestations_are_of_clauses_that_the_plan_wants_by_roles_that_it_accepts(world: World) -> None:
    case = world.live()
    with pytest.raises(InvalidError, match="wants no attestation"):
        attest(case, "cn-bank-sales-zone:CN-BK-3", "在专区内。", using=world.using, by=AGENT)
    with pytest.raises(DeniedError, match="is attested by"):
        attest(case, "cn-insurance-dual-recording:CN-IN-5a", "好。", using=world.using, by=participant(case))
    with pytest.raises(InvalidError, match="`statement`"):
        attest(case, "cn-insurance-dual-recording:CN-IN-5a", " ", using=world.using, by=AGENT)
    attest(case, "cn-insurance-dual-recording:CN-IN-5a", "已核对。", using=world.using, by=SUPERVISOR)
    assert [e.body["by"] for e in world.events(case) if e.type is EventType.ATTESTATION_RECORDED] == ["reviewer"]


def test_a_consent_at_the_door_is_none_at_the_step(world: World) -> None:
    case = reach(world, "recording_consent")
    world.clock.move(5_000)
    assert codes(world, case, "recording_consent") == ["consent"]
    consent(case, "recording", "given", "spoken", using=world.using, by=AGENT)
    assert step_of(world, case, "recording_consent")["can_complete"]


def test_who_refuses_their_face_goes_on_without(world: World) -> None:
    case = reach(world, "face_consent")
    consent(case, "face", "refused", "click", using=world.using, by=participant(case))
    world.clock.move(5_000)
    complete_step(case, "face_consent", using=world.using, by=AGENT)
    assert world.view(case)["state"] == "live"
