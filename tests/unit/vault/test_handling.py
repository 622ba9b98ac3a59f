"""What a plan says of class, level and place is on every sealed object, and what may not be kept in a store is refused by the clause.

Faults survived: a store abroad, one that does not say where it is, a home moved between two openings of a case, a root key in a file.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.formats.plan import Plan, parse_plan, plan_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.govern.policy import freeze_plan, load_languages, load_packs, packs_directory, parse_case_file
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.stores.places import KeptAway, kept_away
from tests.fakes.vault.home import TENANT, memory_vault

CASE = CaseRef("c" + "k3" * 13)
_GOLDEN = Path(__file__).parents[2] / "packs" / "policy" / "golden"


@cache
def bank_plan() -> Plan:
    """A bank's own case of the golden plans: levels of JR/T 0197, and kept in China."""
    case = parse_case_file((_GOLDEN / "account-by-face-card.toml").read_bytes())
    return freeze_plan(case.facts, load_packs(packs_directory()), load_languages(packs_directory()))


def placed(using: VaultPorts, place: str) -> VaultPorts:
    return replace(using, stores=(Store("here", "memory:here", using.blobs, place=place),))


def frozen(using: VaultPorts, plan: Plan) -> CaseLog:
    log = open_case_log(using, TENANT, CASE)
    log.freeze(plan, {"rules": log.seal_part("packs", b"packs", part="rules")})
    return log


def test_every_object_says_its_class_level_place_and_the_clauses_behind_them() -> None:
    with memory_vault() as memory:
        using = placed(memory, "CN-31")
        frozen(using, bank_plan())
        log = open_case_log(using, TENANT, CASE)  # another process: the plan is opened again
        log.append(EventType.BACKENDS_STARTED, {"backends": []})
        body = log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"sound", {"no": 1, "from_ms": 0, "to_ms": 2000}).body
        said = {name: body[name] for name in ("class", "level", "reason", "place", "within", "confined_by")}
        assert said == {
            "class": "sensitive",
            "level": 3,
            "reason": "cn-financial-data-levels:CN-FL-3",
            "place": "CN-31",
            "within": "CN",
            "confined_by": "cn-financial-data-levels:CN-FL-onshore",
        }
        template = log.seal_and_append(EventType.FINDINGS_RECORDED, "template-face", b"t", {}).body
        assert (template["class"], template["level"]) == ("biometric", 4)
        rules = log.events[0].body["rules"]  # no clause speaks of the packs themselves
        assert (rules["class"], rules["level"], rules["reason"]) == ("unclassified", 5, "default")


def test_a_label_takes_the_place_of_nothing_that_the_event_says_itself() -> None:
    with memory_vault() as memory:
        using = placed(memory, "CN-31")
        frozen(using, bank_plan())
        log = open_case_log(using, TENANT, CASE)
        said = log.seal_and_append(EventType.MESSAGE_RECORDED, "message-1", b"{}", {"by": "customer", "at_ms": 1}).body
        assert (said["by"], said["confined_by"]) == ("customer", "cn-financial-data-levels:CN-FL-onshore")
        sealed = list(using.blobs.names())
        for name in ("confined_by", "reason", "place", "object"):
            with pytest.raises(InvalidError, match=f"has {name} of its own"):
                log.seal_and_append(EventType.MESSAGE_RECORDED, "message-2", b"{}", {"by": "customer", name: "of its own"})
        assert list(using.blobs.names()) == sealed, "nothing was sealed for it"


def test_whoever_states_another_place_for_a_store_is_told_which_running_cases_may_not_be_there() -> None:
    with memory_vault() as memory:
        using = placed(memory, "CN-31")
        log = frozen(using, bank_plan())
        over = open_case_log(using, TENANT, CaseRef("c" + "m4" * 13))
        over.freeze(bank_plan(), {"rules": over.seal_part("packs", b"packs", part="rules")})
        over.append(EventType.CASE_CLOSED, {"events": 2})
        abroad, near = (
            Store(name, "memory:x", memory.blobs, place=place) for name, place in (("abroad", "SG"), ("near", "CN-11"))
        )
        told = kept_away(tenant_id(TENANT), using=replace(using, stores=(*using.stores, abroad, near)))
        assert told == {"here": [], "near": [], "abroad": [KeptAway(CASE, ("cn-financial-data-levels:CN-FL-onshore",))]}
        silent = replace(abroad, place="")
        assert kept_away(tenant_id(TENANT), using=replace(using, stores=(silent,)))["abroad"], "it does not say where it is"
        log.abandon("customer_left")
        assert kept_away(tenant_id(TENANT), using=replace(using, stores=(abroad,))) == {"abroad": []}


def test_what_no_plan_speaks_of_has_the_highest_level_and_says_that_it_is_the_default() -> None:
    with memory_vault() as using:
        log = open_case_log(using, TENANT, CASE)
        body = log.seal_and_append(EventType.FINDINGS_RECORDED, "findings-speech", b"words", {}).body
        assert (body["class"], body["level"], body["reason"]) == ("unclassified", 5, "default")
        assert "place" not in body


@pytest.mark.parametrize(("place", "why"), [("SG", "is in SG"), ("CN-HK", "is in CN-HK"), ("", "does not say where it is")])
def test_a_case_does_not_begin_where_it_may_not_be_kept(place: str, why: str) -> None:
    with memory_vault() as memory:
        using = placed(memory, place)
        log = open_case_log(using, TENANT, CASE)
        with pytest.raises(DeniedError, match=rf"CN alone \(cn-financial-data-levels:CN-FL-onshore\).*{why}"):
            log.freeze(bank_plan(), {})
        assert log.events == ()
        assert list(using.blobs.names()) == []


def test_a_home_that_is_moved_abroad_seals_nothing_more_of_a_running_case() -> None:
    with memory_vault() as memory:
        frozen(placed(memory, "CN"), bank_plan())
        moved = open_case_log(placed(memory, "SG"), TENANT, CASE)
        with pytest.raises(DeniedError, match="CN-FL-onshore"):
            moved.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"sound", {"no": 1, "from_ms": 0, "to_ms": 2000})
        assert len(moved.events) == 1
        assert not any("seg-" in name for name in memory.blobs.names())


def test_a_clause_that_wants_a_keeper_refuses_a_root_key_in_a_file() -> None:
    said = replace(bank_plan().handling[0], key="keeper", places=(), terms=bank_plan().handling[0].terms[:1])
    said = replace(said, terms=(replace(said.terms[0], key="keeper"),))
    with memory_vault() as memory, pytest.raises(DeniedError, match=rf"recording.*{said.terms[0].clause}.*jianlu keys move"):
        frozen(placed(memory, "CN"), replace(bank_plan(), handling=(said,)))


def test_a_plan_without_handling_keeps_the_bytes_that_it_had() -> None:
    plain = replace(bank_plan(), handling=())
    assert b"handling" not in plan_bytes(plain)
    assert parse_plan(plan_bytes(plain)) == plain


def test_where_it_was_sealed_is_judged_from_the_events_alone() -> None:
    """Nothing is met before the recording ended; afterwards by what the events of sealing say."""
    with memory_vault() as memory:
        log = frozen(placed(memory, "CN"), bank_plan())
        assert answer(log) is Verdict.NOT_EVIDENCED
        log.append(EventType.RECORDING_ENDED, {"segments": 0, "duration_ms": 1000, "media_bytes": 0})
        log.seal_and_append(EventType.SEGMENT_SEALED, "seg-000001", b"sound", {"no": 1, "from_ms": 0, "to_ms": 2000})
        assert answer(log) is Verdict.MET
        log.append(
            EventType.FINDINGS_RECORDED, {"sealed": "0" * 64, "object": "seg-000002"}
        )  # as versions before labels wrote it
        assert answer(log) is Verdict.NOT_EVIDENCED


def answer(log: CaseLog) -> Verdict:
    judged = {clause.clause: clause.verdict for clause in judge(bank_plan(), log.events, [])}
    return judged["CN-FL-onshore"]
