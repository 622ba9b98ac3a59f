"""Cases are made once, from what is asked for; lists show each what they may see."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from jianlu.capture.cases._tables import cases_schema
from jianlu.capture.cases.create_case import create_case, preview_plan
from jianlu.capture.cases.find_cases import find_cases, read_case
from jianlu.capture.cases.model import Person
from jianlu.capture.sessions._tables import joining_schema
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.vault.case_log import open_case_log
from tests.fakes.sessions.world import (
    AGENT,
    COMPLIANCE,
    OTHER_AGENT,
    SALE_FACTS,
    SUPERVISOR,
    World,
    participant,
    sale_request,
)
from tests.fakes.vault.home import TENANT


def test_the_migrations_make_exactly_the_tables_of_live_cases(world: World) -> None:
    with world.using.database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = [*compare_metadata(context, cases_schema), *compare_metadata(context, joining_schema)]
    others = ("remove_table", "remove_index")  # tables of the index, of identity and of jobs
    assert [change for change in found if change[0] not in others] == []


def test_a_case_begins_with_its_plan_its_backends_and_its_script(world: World) -> None:
    case = world.create()
    assert world.kinds(case) == [EventType.PLAN_FROZEN, EventType.BACKENDS_STARTED, EventType.SCRIPT_FROZEN]
    log = open_case_log(world.vault, TENANT, case)
    row = read_case(case, using=world.using, by=AGENT)
    assert "王小明".encode() in log.open_object("particulars")
    assert row.customer == "王**"
    for event in log.events:
        assert "王小明".encode() not in event.content
    assert log.events[1].body["backends"] == [["keys", "file", "1"], ["rooms", "fake-rooms", "1"]]


def test_the_same_request_again_is_the_same_case(world: World) -> None:
    case = world.create()
    events = world.kinds(case)
    assert world.create() == case
    assert world.restarted().create() == case
    assert world.kinds(case) == events
    with pytest.raises(ConflictError, match="another request"):
        world.create(title="另一个标题")


def test_a_making_that_was_cut_short_is_finished_by_the_next_try(world: World) -> None:
    world.rooms.is_away = True
    with pytest.raises(UnavailableError):
        world.create()
    (row,) = find_cases(using=world.using, by=AGENT).rows
    assert world.kinds(row.case) == [EventType.PLAN_FROZEN]
    with pytest.raises(ConflictError, match="make it again"):
        world.view(row.case)
    world.rooms.is_away = False
    assert world.restarted().create() == row.case
    assert world.kinds(row.case) == [EventType.PLAN_FROZEN, EventType.BACKENDS_STARTED, EventType.SCRIPT_FROZEN]


def test_two_agents_who_make_the_same_case_at_once_make_one(world: World) -> None:
    made: list[object] = []

    def make() -> None:
        try:
            made.append(world.create())
        except ConflictError as error:
            made.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cases = {each for each in made if isinstance(each, str)}
    assert len(cases) == 1
    assert world.kinds(cases.pop()).count(EventType.PLAN_FROZEN) == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"scene": "nothing"}, "no template of that name"),
        ({"profile": "giant"}, "`profile` is one of"),
        ({"language": "fr"}, "`language` is one of"),
        ({"number": "no spaces"}, "`number` is"),
        ({"title": ""}, "`title` must have"),
        ({"people": {"agent": Person("林静")}}, "name the customer"),
        ({"people": {"customer": Person("王小明", "call me")}}, "telephone number"),
        ({"people": {"king": Person("王小明")}}, "a seat and a name"),
        ({"seats": ("interpreter",)}, "no seat for"),
        ({"facts": {**SALE_FACTS, "customer.type": "group"}}, "does not ask for customer.type"),
        ({"facts": {**SALE_FACTS, "product.name": "No 123456"}}, "does not ask for product.name"),
        ({"facts": {**SALE_FACTS, "product.insurer": "No 123456"}}, "long number"),
        ({"facts": {name: value for name, value in SALE_FACTS.items() if name != "product.payment"}}, "`payment`"),
        ({"facts": {name: value for name, value in SALE_FACTS.items() if name != "product.insurer"}}, "`insurer`"),
        ({"facts": {**SALE_FACTS, "product.term_months": 120}}, "state the term once"),
        ({"language": "en"}, "no wording"),
    ],
)
def test_a_request_that_is_wrong_says_what_to_correct(world: World, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidError, match=complaint):
        world.create(**changes)
    assert find_cases(using=world.using, by=SUPERVISOR).total == 0


def test_a_term_for_life_is_stated_as_such(world: World) -> None:
    facts = {name: value for name, value in SALE_FACTS.items() if name != "product.term_years"}
    case = world.create(facts={**facts, "product.term_life": True})
    step = next(each for each in world.view(case)["steps"] if each["id"] == "explain_payment")
    assert [each["text"] for each in step["say"]] == ["每年交保费一万元，连续交五年。", "保险期间为终身。"]


def test_only_agents_and_supervisors_make_cases(world: World) -> None:
    with pytest.raises(DeniedError):
        create_case(sale_request(), using=world.using, by=COMPLIANCE)


def test_a_plan_can_be_looked_at_before_the_case_is_made(world: World) -> None:
    plan = preview_plan(sale_request(), using=world.using)
    assert {pack.id for pack in plan.packs} == {"cn-insurance-dual-recording", "cn-pipl-face", "cn-product-suitability"}
    assert find_cases(using=world.using, by=SUPERVISOR).total == 0


def test_lists_are_searched_filtered_and_paged(world: World) -> None:
    for number in range(23):
        world.create(f"sale-{number:02d}", title="重疾险" if number == 7 else "两全保险")
        world.clock.move(1000)
    first = find_cases(using=world.using, by=AGENT)
    assert (len(first.rows), first.total, first.pages) == (20, 23, 2)
    assert first.rows[0].number == "sale-22"
    assert len(find_cases(using=world.using, by=AGENT, page=2).rows) == 3
    assert [row.number for row in find_cases(using=world.using, by=AGENT, q="重疾").rows] == ["sale-07"]
    assert find_cases(using=world.using, by=AGENT, q="%").total == 0
    assert find_cases(using=world.using, by=AGENT, state="live").total == 0
    assert find_cases(using=world.using, by=AGENT, state="draft").total == 23


def test_a_case_is_seen_by_those_whom_it_concerns(world: World) -> None:
    case, other = world.create(), world.create("sale-2")
    assert find_cases(using=world.using, by=OTHER_AGENT).total == 0
    assert find_cases(using=world.using, by=SUPERVISOR).total == 2
    assert read_case(case, using=world.using, by=participant(case)).case == case
    for by in (OTHER_AGENT, participant(other), participant(case, tenant="bank-b")):
        with pytest.raises(NotFoundError, match="no such case"):
            read_case(case, using=world.using, by=by)
    with pytest.raises(NotFoundError, match="no such case"):
        read_case("c" + "a" * 26, using=world.using, by=SUPERVISOR)
