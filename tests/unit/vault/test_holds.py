"""Holds: what stands over a case cannot be destroyed, whoever edits the database, restarts the service or comes in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.custody import standing_holds
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.runtime.database import transaction
from jianlu.vault._tables import events, holds
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.compare import compare_index
from jianlu.vault.custody.chain import (
    HOLDS_MAX,
    REASON_MAX,
    Hold,
    holds_of,
    lift_hold,
    new_hold_id,
    place_hold,
    refuse_destruction,
)
from jianlu.vault.custody.holds import HeldError, held_cases, holds_by_ledger, require_not_held
from jianlu.vault.keys import SHREDDED_FORMAT, custody_chain, is_shredded, tenant_secret, tombstone_name, unit_key_name
from jianlu.vault.ports import Blobs, VaultPorts
from jianlu.vault.reindex import reindex
from jianlu.vault.shred import shred_unit
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.sale import destroy, give_up, record_sale

BANK = tenant_id(TENANT)
WHY = "投诉编号 2026-118：客户主张未告知风险"


def chain_of(vault: VaultPorts, case: str = CASE) -> CaseLog:
    return open_case_log(vault, TENANT, custody_chain(tenant_secret(vault, BANK), case))


def place(vault: VaultPorts, case: str = CASE, *, hold: str = "", by: str = "a-xu") -> Hold:
    return place_hold(
        chain_of(vault, case),
        case,
        hold=hold or new_hold_id(),
        matter="民初 118",
        reason=WHY,
        by=by,
        using=vault,
        clock=vault.clock,
    )


def lift(vault: VaultPorts, hold: str, *, by: str = "a-xu", second: str = "a-he") -> Hold:
    words = {"reason": "案件已结，判决生效", "request": "r" + "0" * 26}
    return lift_hold(chain_of(vault), CASE, hold, by=by, second=second, clock=vault.clock, **words)


def place_beside(vault: VaultPorts) -> None:
    """A hold that is in the ledger although the destruction began: no door does this, whoever has the ledger can."""
    chain_of(vault).seal_and_append(EventType.HOLD_PLACED, "hold-0", b"{}", {"of": CASE, "hold": new_hold_id()})


def test_a_held_case_is_not_destroyed_and_reads_on(vault: VaultPorts) -> None:
    log = record_sale(vault)
    held = place(vault)
    with pytest.raises(HeldError, match=held.hold):
        log.shred()
    assert not is_shredded(vault, BANK, CASE)
    assert open_case_log(vault, TENANT, CASE).open_object("plan")
    lift(vault, held.hold)
    assert destroy(log, vault).objects > 0


def test_a_recording_that_is_held_is_not_abandoned_with_its_keys(small_vault: VaultPorts) -> None:
    log = record_sale(small_vault)
    place(small_vault)
    with pytest.raises(HeldError):
        log.abandon("invalid_source")
    assert log.open_object("plan")


def test_rows_that_were_edited_or_deleted_free_nothing(vault: VaultPorts) -> None:
    """An administrator of the database: holds, events and both at once."""
    log = record_sale(vault)
    chain = chain_of(vault)
    place(vault)
    with transaction(vault.index) as connection:
        connection.execute(delete(holds))
        connection.execute(update(events).where(events.c.case_ref == chain.case).values(case_ref=OTHER_CASE))
    assert held_cases(vault, BANK) == {}
    with pytest.raises(HeldError):
        log.shred()
    assert {each.table for each in compare_index(vault, BANK, chain.case)} >= {"holds", "events"}
    reindex(vault)
    assert list(held_cases(vault, BANK)) == [CASE]
    assert compare_index(vault, BANK, chain.case) == []


def test_every_hold_has_to_be_lifted(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    first, second = place(small_vault), place(small_vault)
    assert held_cases(small_vault, BANK) == {CASE: (first.hold, second.hold)}
    lift(small_vault, first.hold)
    with pytest.raises(HeldError, match=second.hold):
        require_not_held(small_vault, BANK, CASE)
    lift(small_vault, second.hold)
    require_not_held(small_vault, BANK, CASE)
    assert held_cases(small_vault, BANK) == {}


def test_a_hold_of_one_case_says_nothing_of_another(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    other = record_sale(small_vault, OTHER_CASE)
    held = place(small_vault)
    place(small_vault, OTHER_CASE, hold=held.hold)
    lift(small_vault, held.hold)
    with pytest.raises(HeldError):
        other.shred()
    assert holds_by_ledger(small_vault, tenant_id("bank-b"), OTHER_CASE) == ()


def test_a_hold_is_lifted_by_two_people_once(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    held = place(small_vault)
    with pytest.raises(DeniedError):
        lift(small_vault, held.hold, by="a-xu", second="a-xu")
    with pytest.raises(DeniedError):
        lift(small_vault, held.hold, second="")
    with pytest.raises(NotFoundError):
        lift(small_vault, new_hold_id())
    lift(small_vault, held.hold)
    with pytest.raises(ConflictError):
        lift(small_vault, held.hold)
    with pytest.raises(ConflictError, match="new one"):
        place(small_vault, hold=held.hold)


def test_the_same_hold_again_changes_nothing(small_vault: VaultPorts) -> None:
    """The answer was lost, the caller asks again."""
    record_sale(small_vault)
    held = place(small_vault)
    again = place(small_vault, hold=held.hold)
    assert again == held and len(chain_of(small_vault).events) == 1


def test_who_placed_it_and_why_is_sealed_and_not_in_the_event(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    held = place(small_vault)
    lifted = lift(small_vault, held.hold)
    chain = chain_of(small_vault)
    assert holds_of(chain, CASE) == [lifted] and lifted.lift is not None and lifted.lift.second == "a-he"
    content = b"".join(event.content for event in chain.events)
    assert b"a-xu" not in content and "民初".encode() not in content and CASE.encode() in content


def test_a_document_of_another_case_is_refused(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    place(small_vault)
    with pytest.raises(IntegrityError):
        holds_of(chain_of(small_vault), OTHER_CASE)


@pytest.mark.parametrize(
    ("matter", "reason"), [("x", WHY), ("ok", "short"), ("ok", "a" * (REASON_MAX + 1)), ("ok", "two\nlines of it")]
)
def test_words_that_say_nothing_are_refused(small_vault: VaultPorts, matter: str, reason: str) -> None:
    record_sale(small_vault)
    with pytest.raises(InvalidError):
        place_hold(
            chain_of(small_vault),
            CASE,
            hold=new_hold_id(),
            matter=matter,
            reason=reason,
            by="a-xu",
            using=small_vault,
            clock=small_vault.clock,
        )
    assert not chain_of(small_vault).events


def test_a_case_takes_so_many_holds_and_no_more(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    for _ in range(HOLDS_MAX):
        place(small_vault)
    with pytest.raises(ConflictError, match=str(HOLDS_MAX)):
        place(small_vault)


def test_what_is_destroyed_is_not_held_any_more(small_vault: VaultPorts) -> None:
    destroy(record_sale(small_vault), small_vault)
    with pytest.raises(ConflictError, match="destroyed"):
        place(small_vault)


class Between(MemoryBlobs):
    """Does something right after, or right before, the mark of destruction is there."""

    def __init__(self, kept: Blobs) -> None:
        super().__init__()
        assert isinstance(kept, MemoryBlobs)
        self.contents = kept.contents
        self.before: list[object] = []
        self.after: list[object] = []

    def put(self, name: str, parts: object) -> None:
        is_mark = name.endswith("/shredded")
        for act in self.before if is_mark else ():
            assert callable(act)
            act()
        super().put(name, parts)  # type: ignore[arg-type]
        for act in self.after if is_mark else ():
            assert callable(act)
            act()


def test_a_hold_that_comes_right_before_the_mark_stands(small_vault: VaultPorts) -> None:
    """The shred has looked, then a hold comes past every door, then the mark is set: the mark goes again, nothing is lost."""
    record_sale(small_vault)
    between = Between(small_vault.key_blobs)
    give_up(small_vault)
    between.before = [lambda: place_beside(small_vault)]
    with pytest.raises(HeldError):
        shred_unit(replace(small_vault, key_blobs=between), BANK, CASE)
    assert not is_shredded(small_vault, BANK, CASE)
    assert small_vault.key_blobs.exists(unit_key_name(BANK, CASE))


def test_a_machine_that_dies_between_mark_and_hold_leaves_the_hold_standing(small_vault: VaultPorts) -> None:
    """The hold came, the mark was set, the machine died before it looked again: the next call takes the mark away and destroys nothing."""
    log = record_sale(small_vault)
    place(small_vault)
    mark = canonical_bytes({"format": SHREDDED_FORMAT, "context": f"unit/{BANK}/{CASE}"})
    small_vault.key_blobs.put(tombstone_name(BANK, CASE), [mark])
    with pytest.raises(HeldError):
        shred_unit(small_vault, BANK, CASE)
    assert not is_shredded(small_vault, BANK, CASE) and log.open_object("plan")


def test_a_hold_that_comes_right_after_the_mark_is_told_so(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    give_up(small_vault)
    between = Between(small_vault.key_blobs)
    told: list[str] = []

    def try_it() -> None:
        with pytest.raises(ConflictError) as error:
            place(small_vault)
        told.append(str(error.value))

    between.after = [try_it]
    shred_unit(replace(small_vault, key_blobs=between), BANK, CASE)
    assert "being destroyed" in told[0] and not small_vault.key_blobs.exists(unit_key_name(BANK, CASE))


def test_destruction_that_was_begun_before_a_crash_is_finished(small_vault: VaultPorts) -> None:
    """The key went, the machine died; nobody can hold what is gone, and the rest is cleared away."""
    record_sale(small_vault)
    give_up(small_vault)
    shred_unit(small_vault, BANK, CASE)
    place_beside(small_vault)
    assert shred_unit(small_vault, BANK, CASE).keys == 0


def test_a_refused_destruction_is_on_the_record(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    refuse_destruction(chain_of(small_vault), CASE, "hold", by="a-xu")
    event = chain_of(small_vault).events[-1]
    assert event.type is EventType.DESTRUCTION_REFUSED and event.body["reason"] == "hold" and event.body["of"] == CASE


def test_a_lift_without_its_hold_says_nothing(small_vault: VaultPorts) -> None:
    record_sale(small_vault)
    chain = chain_of(small_vault)
    held = place(small_vault)
    lifted = lift(small_vault, held.hold)
    found = chain_of(small_vault).events
    assert standing_holds(reversed(found)) == (lifted.hold,) and standing_holds(found) == ()
    assert chain.events == ()
