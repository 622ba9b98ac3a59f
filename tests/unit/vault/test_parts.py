"""Parts of a case end at different dates: each goes when its own time has come, the rest stays and opens, whatever comes in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, NotFoundError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.core.terms.suites import Suite
from jianlu.entry.destroy_case import destroy_case
from jianlu.vault.case_log import open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.custody.burial import Burials
from jianlu.vault.custody.chain import extend_retention, new_hold_id, place_hold
from jianlu.vault.custody.destruction import (
    Approved,
    GoingOnError,
    RefusedError,
    destruction_documents,
    require_due,
    start_destruction,
)
from jianlu.vault.custody.due import DuePart, due_cases, due_parts
from jianlu.vault.custody.holds import HeldError
from jianlu.vault.custody.reading import read_custody
from jianlu.vault.custody.time_reading import TimeReading
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.reseal import Holds, reseal_unit
from jianlu.vault.shred import KeptError, shred_part
from jianlu.vault.stores._states import read_states
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs, SteppingClock
from tests.fakes.vault.parted import BANK, ENDS, OBJECTS, TEMPLATE, custody_of, record_parted, start_part
from tests.fakes.vault.stores import LockingBlobs, said, scrubber, settle, store_of, with_stores

REF, OTHER = CaseRef(CASE), CaseRef(OTHER_CASE)
APPROVED = Approved("a-xu", "a-ye", "r1", "its own time has come", "d1")


def at(using: VaultPorts, day: str) -> None:
    """It is noon of that day, a day later than any zone needs."""
    assert isinstance(using.clock, SteppingClock)
    using.clock.moment = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def reading(using: VaultPorts) -> TimeReading:
    now = using.clock.now()
    _, ledger = read_custody(using, BANK, [])
    return TimeReading(instant_text(now), ledger, "", parse_instant(instant_text(now)), "clock")


def ask(using: VaultPorts, part: str) -> None:
    """As two people do it: asked of the ledger, then started in the same turn."""
    log, case = custody_of(using), open_case_log(using, TENANT, CASE)
    found, _ = read_custody(using, BANK, [CASE])
    require_due(log, case, found[CASE], reading(using), by="a-xu", part=part)
    start_destruction(log, CASE, found[CASE], reading(using), APPROVED, clock=using.clock, part=part)


def run(using: VaultPorts, home: Path, part: str) -> None:
    destroy_case(REF, home=home, tenant=BANK, vault=using, say=lambda *_: None, part=part)


def opens(using: VaultPorts, case: str = CASE) -> set[str]:
    """Which objects of the case a fresh reader opens, each with what was sealed."""
    log, found = open_case_log(using, TENANT, case), set()
    for name, content in OBJECTS.items():
        try:
            assert log.open_object(name) == content
            found.add(name)
        except ConflictError as error:
            if error.code != "part_destroyed":
                raise
    return found


def keys_and_objects(using: VaultPorts, name: str) -> list[str]:
    return [each for blobs in (using.key_blobs, using.blobs) for each in blobs.names(f"{TENANT}/{CASE}/") if name in each]


def test_recording_transcript_and_template_end_at_different_dates(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        record_parted(vault, OTHER_CASE)
        at(vault, "2027-02-22")
        assert due_parts(vault, BANK, vault.clock.now()) == []  # somewhere that day has not ended
        at(vault, "2027-03-01")
        due = due_parts(vault, BANK, vault.clock.now())
        assert due == [
            DuePart(each, "biometric", ENDS["biometric"], "pack:biometric", False) for each in sorted((CASE, OTHER_CASE))
        ]
        assert due_cases(vault, BANK, vault.clock.now()) == []
        ask(vault, "biometric")
        run(vault, tmp_path, "biometric")
        assert opens(vault) == {"findings-speech", "seg-000001", "verdicts"} and opens(vault, OTHER_CASE) == set(OBJECTS)
        assert keys_and_objects(vault, "template-") == []
        assert [each.case for each in due_parts(vault, BANK, vault.clock.now())] == [OTHER_CASE]
        at(vault, "2031-12-01")
        ask(vault, "transcript")
        run(vault, tmp_path, "transcript")
        assert opens(vault) == {"seg-000001", "verdicts"}
        at(vault, "2036-12-01")
        assert [each.case for each in due_cases(vault, BANK, vault.clock.now())] == sorted([CASE, OTHER_CASE])
        assert due_parts(vault, BANK, vault.clock.now()) == []  # the whole cases are
        ask(vault, "")
        run(vault, tmp_path, "")
        kinds = [event.type for event in custody_of(vault).events]
        assert kinds == [
            *(EventType.PART_DESTRUCTION_STARTED, EventType.PART_DESTRUCTION_COMPLETED) * 2,
            EventType.DESTRUCTION_STARTED,
            EventType.DESTRUCTION_COMPLETED,
        ]
        assert custody_of(vault).events[-1].body["objects"] == 6 and list(vault.blobs.names(f"{TENANT}/{CASE}/")) == []
        assert compare_index(vault, BANK, REF) == []


def test_the_job_says_where_it_looked_and_says_it_once(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2027-03-01")
        with pytest.raises(ConflictError, match="nobody started"):
            run(vault, tmp_path, "biometric")
        ask(vault, "biometric")
        for _ in range(2):
            run(vault, tmp_path, "biometric")
        first, last = destruction_documents(custody_of(vault), CASE, "biometric")
        assert first is not None and (first["until"], first["part"], first["second"]) == (ENDS["biometric"], "biometric", "a-ye")
        assert last is not None and {each["place"]: (each["named"], each["left"]) for each in last["places"]} == {
            "keys": (1, 0),
            "objects": (1, 0),
            "openings": (1, 0),
            "locked": (0, 0),
            "spools": (0, 0),
        }
        assert len(said(vault, EventType.PART_DESTRUCTION_COMPLETED)) == 1
        with pytest.raises(GoingOnError):
            ask(vault, "biometric")


@pytest.mark.parametrize(
    ("part", "day", "why"),
    [("transcript", "2031-11-22", "retention"), ("recording", "2031-12-01", "retention"), ("consent", "2036-12-01", "retention")],
)
def test_before_its_own_time_or_without_a_term_of_its_own_no_part_goes(part: str, day: str, why: str) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, day)
        with pytest.raises(RefusedError) as refused:
            ask(vault, part)
        assert refused.value.refusal.value == why
        assert custody_of(vault).events[-1].body["part"] == part and opens(vault) == set(OBJECTS)


@pytest.mark.parametrize("part", ["identity", "document", "ledger", "plan", "..", "unit"])
def test_what_is_no_part_of_its_own_is_refused(part: str) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2036-12-01")
        with pytest.raises(InvalidError, match="no part of a case"):
            ask(vault, part)
        with pytest.raises(InvalidError, match="no part of a case"):
            shred_part(vault, BANK, CASE, part)
        assert opens(vault) == set(OBJECTS) and custody_of(vault).events == ()


def test_the_sealed_plan_keeps_a_part_that_an_event_would_free() -> None:
    """An event beside the case log says an earlier day: the plan that two parties saw counts, and the longest governs."""
    with memory_vault() as vault:
        record_parted(vault)
        log = custody_of(vault)
        found, _ = read_custody(vault, BANK, [CASE])
        earlier = [
            (
                position,
                replace(event, body={**event.body, "until": "2027-01-01"}) if event.type is EventType.RETENTION_SET else event,
            )
            for position, event in found[CASE].case
        ]
        at(vault, "2027-03-01")
        with pytest.raises(RefusedError):
            require_due(
                log,
                open_case_log(vault, TENANT, CASE),
                replace(found[CASE], case=tuple(earlier)),
                reading(vault),
                by="a",
                part="recording",
            )


def test_a_hold_keeps_every_part_and_one_that_comes_meanwhile_stops_the_job(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2027-03-01")
        start_part(vault, "biometric")
        log = custody_of(vault)
        said_of = {"matter": "（2027）沪01民初1号", "reason": "法院已受理，需保全", "by": "a-xu"}
        place_hold(log, CASE, hold=new_hold_id(), **said_of, using=vault, clock=vault.clock)
        with pytest.raises(HeldError):
            run(vault, tmp_path, "biometric")
        with pytest.raises(RefusedError):
            ask(vault, "transcript")
        assert keys_and_objects(vault, "template-") and not list(vault.key_blobs.names(f"{TENANT}/{CASE}/shredded"))
        assert due_parts(vault, BANK, vault.clock.now()) == []  # it began: it is not asked for again


def test_an_extension_keeps_the_case_with_all_its_parts() -> None:
    with memory_vault() as vault:
        record_parted(vault)
        extend_retention(
            custody_of(vault), CASE, "2030-01-31", reason="合同延期，应继续保存", by="a-xu", using=vault, clock=vault.clock
        )
        at(vault, "2027-03-01")
        assert due_parts(vault, BANK, vault.clock.now()) == []
        with pytest.raises(RefusedError):
            ask(vault, "biometric")
        at(vault, "2030-03-01")
        ask(vault, "biometric")
        first, _ = destruction_documents(custody_of(vault), CASE, "biometric")
        assert first is not None and (first["until"], first["clause"]) == ("2030-01-31", "")


def test_a_part_that_waits_for_a_day_ends_when_it_is_stated() -> None:
    with memory_vault() as vault:
        record_parted(vault, waiting="purpose_end")
        at(vault, "2028-01-01")
        with pytest.raises(RefusedError):
            ask(vault, "biometric")
        log = custody_of(vault)
        body = {
            "of": CASE,
            "statement": "s1",
            "trigger": "purpose_end",
            "day": "2027-06-01",
            "until": "2036-11-22",
            "clause": "pack:c",
        }
        log.seal_and_append(EventType.TRIGGER_STATED, "statement-1", b"{}", body)
        assert [(each.part, each.until) for each in due_parts(vault, BANK, vault.clock.now())] == [("biometric", "2027-06-01")]
        ask(vault, "biometric")


def test_a_part_of_which_nothing_was_sealed_is_never_due() -> None:
    with memory_vault() as vault:
        record_parted(vault, ends={**ENDS, "consent": "2027-01-01"})
        at(vault, "2027-03-01")
        assert [each.part for each in due_parts(vault, BANK, vault.clock.now())] == ["biometric"]


def test_keys_and_objects_of_a_backup_are_not_opened_and_are_buried_again(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        assert isinstance(vault.key_blobs, MemoryBlobs) and isinstance(vault.blobs, MemoryBlobs)
        kept = dict(vault.blobs.contents), dict(vault.key_blobs.contents)
        at(vault, "2027-03-01")
        burials = Burials(vault, BANK)
        ask(vault, "biometric")
        assert burials.turn() == [] and list(burials.going_on) == [f"{CASE}/biometric"]
        run(vault, tmp_path, "biometric")
        assert burials.turn() == [] and not burials.going_on
        vault.blobs.contents, vault.key_blobs.contents = kept
        with pytest.raises(ConflictError) as refused:
            open_case_log(vault, TENANT, CASE).open_object("template-customer")
        assert refused.value.code == "part_destroyed"
        assert burials.turn() == [f"{CASE}/biometric"] and burials.turn() == []
        assert keys_and_objects(vault, "template-") == [] and opens(vault) == set(OBJECTS) - {"template-customer"}


def test_no_function_destroys_a_part_that_nobody_gave_up() -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2036-12-01")
        start_part(vault, "biometric")
        with pytest.raises(KeptError):
            shred_part(vault, BANK, CASE, "recording")
        with pytest.raises(KeptError):
            shred_part(vault, BANK, OTHER_CASE, "biometric")
        assert len(keys_and_objects(vault, "seg-")) == 2


def day_of(blobs: LockingBlobs, name: str) -> str:
    return instant_text(blobs.untils[name])[:10]


def test_the_scrub_makes_no_copy_of_what_ended_and_calls_nothing_lost(tmp_path: Path) -> None:
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as single:
        far, here = LockingBlobs(), MemoryBlobs()
        vault = with_stores(single, store_of("here", here), store_of("far", far, far))
        record_parted(vault)
        walk = scrubber(vault)
        settle(walk)
        assert {day_of(far, name): name.split("/")[-1] for name in far.contents if "findings" in name or "template" in name} == {
            "2027-02-23": "template-customer.v1.sealed",
            "2031-11-23": "findings-speech.v1.sealed",
        }
        assert (
            day_of(far, f"{TENANT}/{CASE}/seg-000001.v1.sealed") == day_of(far, f"{TENANT}/{CASE}/plan.v1.sealed") == "2036-11-23"
        )
        at(vault, "2027-03-01")
        start_part(vault, "biometric")
        run(vault, tmp_path, "biometric")
        _, document = destruction_documents(custody_of(vault), CASE, "biometric")
        assert document is not None and {"place": "locked", "named": 1, "left": 0} in document["places"]  # no key opens it
        here.contents[f"{TENANT}/{CASE}/template-customer.v1.sealed"] = b"came back"
        walk.begin()
        settle(walk)
        assert not [name for store in (here, far) for name in store.contents if "template-" in name]
        assert said(vault, EventType.STORE_COPY_ALARMED) == [] == said(vault, EventType.STORE_COPY_REPAIRED)
        words = {"matter": "a suit", "reason": "a court has it before it", "by": "a-xu"}
        place_hold(custody_of(vault), CASE, hold=new_hold_id(), **words, using=vault, clock=vault.clock)
        settle(walk)  # what is left is locked on, and what is gone is not missed
        with vault.index.connect() as connection:
            assert [state.problem for state in read_states(connection).values()] == ["", ""]
        assert said(vault, EventType.STORE_LOCKS_EXTENDED)[-1].body["objects"] == 5


def test_sealing_anew_leaves_out_what_ended(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2027-03-01")
        start_part(vault, "biometric")
        run(vault, tmp_path, "biometric")
        other = replace(vault, suite=Suite.SM)
        done = reseal_unit(other, BANK, REF, holds=Holds(other, BANK))
        assert (done.objects, done.removed) == (5, 5)
        assert opens(other) == set(OBJECTS) - {"template-customer"} and keys_and_objects(vault, "template-") == []
        at(vault, "2031-12-01")
        start_part(other, "transcript")
        run(other, tmp_path, "transcript")  # in its newest form
        assert opens(other) == {"seg-000001", "verdicts"} and keys_and_objects(vault, "speech") == []


def test_the_index_says_so_and_a_new_one_says_the_same(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2027-03-01")
        start_part(vault, "biometric")
        run(vault, tmp_path, "biometric")
        assert compare_index(vault, BANK, REF) == []
        assert reindex(vault).objects_gone == 1
        assert compare_index(vault, BANK, REF) == [] and due_parts(vault, BANK, vault.clock.now()) == []


class KilledError(BaseException):
    """The process is gone; nothing catches it."""


class Dying:
    """Passes on until the n-th changing call, of all stores together, then is gone: before the call is done, or after."""

    def __init__(self, inner: MemoryBlobs, step: Callable[[bool], None]) -> None:
        self._inner, self._step = inner, step

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if name not in ("put", "delete"):
            return found

        def stepped(*given: object) -> object:
            self._step(False)
            answer = found(*given)
            self._step(True)
            return answer

        return stepped


@pytest.mark.parametrize("is_after", [False, True])
def test_killed_at_any_step_the_next_run_comes_to_the_same_end(tmp_path: Path, is_after: bool) -> None:
    """SIGKILL before or after each change of a store: nothing of the rest is lost, and the part is gone in the end."""
    for dies_at in range(1, 12):
        with memory_vault() as vault:
            record_parted(vault)
            at(vault, "2027-03-01")
            start_part(vault, "biometric")
            taken = 0

            def step(after: bool) -> None:
                nonlocal taken
                taken += after is is_after
                if after is is_after and taken == dies_at:  # noqa: B023
                    raise KilledError

            assert isinstance(vault.blobs, MemoryBlobs) and isinstance(vault.key_blobs, MemoryBlobs)
            dying = replace(vault, blobs=Dying(vault.blobs, step), key_blobs=Dying(vault.key_blobs, step))  # type: ignore[arg-type]
            is_over = False
            try:
                run(dying, tmp_path, "biometric")
                is_over = True
            except KilledError:
                assert opens(vault) == set(OBJECTS) - {"template-customer"}
            run(vault, tmp_path, "biometric")
            assert opens(vault) == set(OBJECTS) - {"template-customer"} and keys_and_objects(vault, "template-") == []
            assert len(said(vault, EventType.PART_DESTRUCTION_COMPLETED)) == 1 and compare_index(vault, BANK, REF) == []
        if is_over:
            break
    assert is_over and dies_at > 4


def test_a_part_of_a_case_that_goes_as_a_whole_adds_nothing_behind_its_end(tmp_path: Path) -> None:
    with memory_vault() as vault:
        record_parted(vault)
        at(vault, "2036-12-01")
        start_part(vault, "biometric")
        ask(vault, "")
        run(vault, tmp_path, "")
        run(vault, tmp_path, "biometric")
        assert custody_of(vault).events[-1].type is EventType.DESTRUCTION_COMPLETED
        burials = Burials(vault, BANK)
        assert burials.turn() == [] and not burials.going_on
        with pytest.raises((ConflictError, NotFoundError)):
            open_case_log(vault, TENANT, CASE).open_object("verdicts")


def test_a_store_that_does_not_let_go_leaves_the_part_not_done(tmp_path: Path) -> None:
    class Clinging(MemoryBlobs):
        def delete(self, name: str) -> None:
            if "template-" not in name:
                super().delete(name)

    with memory_vault() as single:
        vault = replace(single, blobs=Clinging())
        record_parted(vault)
        at(vault, "2027-03-01")
        start_part(vault, "biometric")
        with pytest.raises(JianluError, match="objects, 1"):
            run(vault, tmp_path, "biometric")
        assert said(vault, EventType.PART_DESTRUCTION_COMPLETED) == []
        with pytest.raises(ConflictError):
            open_case_log(vault, TENANT, CASE).open_object("template-customer")
        assert TEMPLATE not in b"".join(vault.blobs.get(name) for name in vault.blobs.names())


def test_a_document_of_another_part_is_none_of_it() -> None:
    with memory_vault() as vault:
        record_parted(vault)
        start_part(vault, "biometric")
        chain = custody_of(vault)
        moved = replace(chain.events[0], body={**chain.events[0].body, "part": "recording"})
        chain._events[0] = moved
        with pytest.raises(IntegrityError):
            destruction_documents(chain, CASE, "recording")
