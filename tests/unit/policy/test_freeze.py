"""Freezing a plan: facts that are missing are asked for, packs merge, wordings carry the facts of the case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Language, Plan
from jianlu.govern.policy import Pack, freeze_plan, load_languages, load_packs, packs_directory, parse_case_file, tracks_for
from jianlu.govern.wording.tokens import tokens_of

SALE = (Path(__file__).parents[2] / "packs" / "policy" / "golden" / "counter-62.toml").read_text(encoding="utf-8")


@cache
def packs() -> tuple[Pack, ...]:
    return load_packs(packs_directory())


@cache
def languages() -> dict[str, Language]:
    return load_languages(packs_directory())


def freeze(text: str) -> Plan:
    return freeze_plan(parse_case_file(text.encode()).facts, packs(), languages())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("age = 62\n", "`age`"),
        ('place = "CN-31"\n', "`place`"),
        ('channel = "bank_counter"\n', "`channel`"),
        ('design = "participating"\n', "`design`"),
        ("term_years = 10\n", "`term_months`"),
        ('biometrics = ["face"]\n', "`biometrics`"),
        ('payment = "annual"\n', "`payment`"),
        ("premium_yuan = 10000\n", "`premium_yuan`"),
        ('insurer = "和安人寿保险公司"\n', "`insurer`"),
        ('benefits = ["满期保险金", "身故保险金"]\n', "`benefits`"),
        ('insured = "self"\n', "`insured`"),
        ('language = "zh"\n', "`language`"),
    ],
)
def test_a_fact_on_which_a_rule_depends_has_no_default(line: str, key: str) -> None:
    assert line in SALE
    with pytest.raises(InvalidError, match=key):
        freeze(SALE.replace(line, "", 1))


def test_a_fact_on_which_no_rule_depends_may_be_absent() -> None:
    assert freeze(SALE.replace('name = "和安福满两全保险（分红型）"\n', ""))


def test_wordings_carry_the_facts_of_the_case_in_every_unit() -> None:
    plan = freeze(SALE)
    premium = next(phrase for phrase in plan.phrases if phrase.id.endswith("/premium_annual"))
    assert premium.says == "每年交保费10000元"
    assert tuple(tokens_of("每年交保费一万块钱", "zh")) in premium.variants
    benefits = [phrase.says for phrase in plan.phrases if "/benefit/" in phrase.id]
    assert benefits == ["满期保险金", "身故保险金"]


def test_one_step_that_two_packs_demand_asks_one_question() -> None:
    plan = freeze(SALE)
    asked = {o.params["question"] for o in plan.obligations if o.params.get("step") == "recording_consent"}
    demanding = {o.clause_key for o in plan.obligations if o.params.get("step") == "recording_consent"}
    assert len(asked) == 1
    assert demanding == {"cn-bank-sales-zone:CN-BK-5", "cn-insurance-dual-recording:CN-IN-4"}


def test_every_phrase_of_a_plan_is_used_and_every_phrase_used_is_there() -> None:
    plan = freeze(SALE)
    used = {
        phrase
        for o in plan.obligations
        for name in ("points", "phrases", "questions", "answers")
        for phrase in o.params.get(name, ())
    }
    used |= {o.params["question"] for o in plan.obligations if "question" in o.params}
    assert used == {phrase.id for phrase in plan.phrases}


def test_every_clause_that_is_judged_has_an_obligation_and_no_other_has() -> None:
    plan = freeze(SALE)
    demanding = {obligation.clause_key for obligation in plan.obligations}
    assert demanding == {clause.key for clause in plan.clauses if clause.status != "out_of_scope"}


def test_a_language_without_wording_is_refused_by_name() -> None:
    with pytest.raises(InvalidError, match=r"language en: add it to its phrases\.toml"):
        freeze(SALE.replace('language = "zh"', 'language = "en"'))


def test_a_language_without_rules_is_refused_by_name() -> None:
    case = parse_case_file(SALE.encode()).facts
    with pytest.raises(InvalidError, match=r"_language/zh\.toml"):
        freeze_plan(case, packs(), {"en": languages()["en"]})


def test_a_case_to_which_nothing_applies_is_refused() -> None:
    with pytest.raises(InvalidError, match="no rule pack applies"):
        freeze(SALE.replace('place = "CN-31"', 'place = "US"'))


def test_a_list_fact_that_is_read_out_must_not_be_empty() -> None:
    with pytest.raises(InvalidError, match=r"product\.benefits"):
        freeze(SALE.replace('benefits = ["满期保险金", "身故保险金"]', "benefits = []"))


def test_conflicts_show_only_where_all_their_clauses_apply() -> None:
    found = {conflict.code for conflict in freeze(SALE).conflicts}
    assert {"recording_duty_and_refusal_insurance", "deletion_and_retention_insurance", "face_on_device_and_server"} <= found
    without_face = {conflict.code for conflict in freeze(SALE.replace('["face"]', "[]")).conflicts}
    assert "face_on_device_and_server" not in without_face


def test_number_title_and_tenant_of_the_case_are_not_in_the_plan() -> None:
    plan = freeze(
        SALE.replace("sale-0001", "secret-number")
        .replace("jianan-bank", "secret-bank")
        .replace("分红型两全保险柜面销售", "secret-title")
    )
    assert "secret" not in repr(plan)


def test_packs_that_do_not_apply_leave_no_trace() -> None:
    foreign = replace(packs()[-1], id="zz-foreign")
    assert "zz-foreign" not in repr(freeze_plan(parse_case_file(SALE.encode()).facts, [*packs(), foreign], languages()))


def test_where_each_person_has_a_camera_a_demand_on_the_picture_is_one_for_each() -> None:
    room = parse_case_file(SALE.encode()).facts
    plan = freeze_plan(replace(room, tracks=tracks_for(["agent", "customer"])), packs(), languages())
    pictures = [o.params["track"] for o in plan.obligations if o.kind == "require_picture" and o.pack == "cn-bank-sales-zone"]
    assert pictures == ["agent-picture", "customer-picture"]
    faces = {(o.params["track"], o.params["faces_min"]) for o in plan.obligations if o.kind == "require_presence"}
    assert faces == {("agent-picture", 1), ("customer-picture", 1)}
    assert len({o.id for o in plan.obligations}) == len(plan.obligations)


def test_apart_from_the_pictures_a_plan_for_cameras_is_the_plan_for_one() -> None:
    room = parse_case_file(SALE.encode()).facts
    one = freeze_plan(room, packs(), languages())
    several = freeze_plan(replace(room, tracks=tracks_for(["agent", "customer"])), packs(), languages())
    seen = {"require_picture", "require_presence"}
    assert [o for o in several.obligations if o.kind not in seen] == [o for o in one.obligations if o.kind not in seen]
    assert (several.phrases, several.retention, several.clauses) == (one.phrases, one.retention, one.clauses)


def test_more_people_than_cameras_are_refused() -> None:
    room = parse_case_file(SALE.encode()).facts
    with pytest.raises(InvalidError, match="2 people must be seen and the session has 1"):
        freeze_plan(replace(room, tracks=tracks_for(["customer"])), packs(), languages())
