"""A list shows exactly what single looks would allow: the residuals' SQL against the decision on random cases, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import ColumnElement, Connection, Engine, select, true

from jianlu.capture.cases import case_rows
from jianlu.capture.cases._tables import CASE_TOTALS, live_cases
from jianlu.capture.cases.case_access import case_resource, visible_cases
from jianlu.capture.cases.case_rows import PAGE_ROWS, Sought, cases_before, page_of_cases
from jianlu.capture.cases.model import CaseRow
from jianlu.core.errors import IntegrityError
from jianlu.govern.access.decide import Access
from jianlu.govern.access.model import Standing
from jianlu.govern.access.policies import read_policies
from jianlu.govern.identity.model import Principal, Role
from jianlu.runtime.database import open_database, transaction
from tests.fakes.access.worlds import HandedOut, plain_access
from tests.fakes.schema import bring_schema
from tests.fakes.sessions.world import participant, staff
from tests.fakes.vault.home import TENANT
from tests.unit.access.test_policies import DEFAULT, NOTES

CASES, LOOKERS = 600, 25
"""Fifteen thousand pairs of a case and somebody who looks, of each of two actions."""

ACCOUNTS = [f"account-{name}" for name in ("lin", "zhou", "he", "xu", "wu")]
STATES = ("draft", "waiting", "ready", "live", "paused", "halted", "ended", "sealed", "refused")
BRANCHES, PLACES = ("", "pudong", "xuhui"), ("", "CN-31", "CN", "US-NY", "cn-31")


def random_row(chance: random.Random, number: int) -> CaseRow:
    letters = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=26))
    same = "x"
    return CaseRow(
        tenant=chance.choice([TENANT, TENANT, TENANT, "bank-b"]),
        case="c" + letters,
        number=f"n-{number}",
        title=same,
        scene=same,
        scene_version=same,
        script=same,
        script_version=same,
        script_digest=same,
        language="zh",
        profile=same,
        state=chance.choice(STATES),
        customer=same,
        agent=chance.choice(["", *ACCOUNTS]),
        agent_display=same,
        check_code="1234",
        zero_us=None,
        showing="",
        created_by=chance.choice(ACCOUNTS),
        created_at="2026-11-20T02:00:00.000Z",
        started_at=None,
        ended_at=None,
        request_digest=same,
        branch=chance.choice(BRANCHES),
        place=chance.choice(PLACES),
        level=chance.randint(1, 5),
    )


def random_lookers(chance: random.Random, rows: list[CaseRow], grants: HandedOut) -> list[Principal]:
    found: list[Principal] = []
    for number in range(LOOKERS):
        if number % 10 == 0:
            found.append(participant(chance.choice(rows).case, tenant=chance.choice([TENANT, "bank-b"])))
            continue
        who = staff(f"{chance.choice(['lin', 'zhou', 'he', 'xu', 'wu'])}", *chance.sample(list(Role), k=chance.randint(1, 3)))
        found.append(who)
        grants.standings[who.account.id] = Standing(chance.choice(BRANCHES), chance.choice(PLACES), chance.randint(1, 5))
    return found


@pytest.fixture
def database(database_url: str) -> Engine:
    engine = open_database(database_url)
    bring_schema(engine)
    return engine


def enter(database: Engine, rows: list[CaseRow]) -> None:
    names = {"case": "case_ref"}
    values = [{names.get(name, name): getattr(row, name) for name in CaseRow.__dataclass_fields__} for row in rows]
    with transaction(database) as connection:
        CASE_TOTALS.insert(connection, values)


def listed(database: Engine, access: Access, who: Principal, action: str) -> set[str]:
    with transaction(database, writes=False) as connection:
        return set(connection.execute(select(live_cases.c.case_ref).where(visible_cases(access, who, action=action))).scalars())


@pytest.mark.parametrize(("action", "lookers"), [("case.read", LOOKERS), ("case.search", LOOKERS), ("case.see_number", 5)])
def test_the_residuals_show_what_the_decision_allows(database: Engine, action: str, lookers: int) -> None:
    chance = random.Random(20261126)
    rows = [random_row(chance, number) for number in range(CASES)]
    enter(database, rows)
    grants = HandedOut()
    access, shown, hidden = plain_access(grants=grants), 0, 0
    for who in random_lookers(chance, rows, grants)[-lookers:]:
        allowed = {row.case for row in rows if access.decide(who, action, case_resource(row)).is_allowed}
        assert listed(database, access, who, action) == allowed, f"{who}"
        shown, hidden = shown + len(allowed), hidden + len(rows) - len(allowed)
    assert shown > 40 * lookers and hidden > 200 * lookers, "both answers are tried often"
    database.dispose()


def test_pages_totals_and_counts_are_those_of_the_single_looks(database: Engine) -> None:
    chance = random.Random(20261127)
    rows = [
        replace(random_row(chance, number), created_at=f"2026-11-{chance.randint(10, 12)}T02:00:00.000Z") for number in range(300)
    ]
    enter(database, rows)
    grants = HandedOut()
    access, looked = plain_access(grants=grants), 0
    for who in random_lookers(chance, rows, grants)[1:]:
        state, q = chance.choice(["", "", *STATES]), chance.choice(["", "", "n-1", "N-1", "%", "n-77"])
        mine = [row for row in rows if row.tenant == TENANT and access.decide(who, "case.read", case_resource(row)).is_allowed]
        clear = {row.case for row in mine if access.decide(who, "case.see_number", case_resource(row)).is_allowed}
        fitting = [
            row
            for row in mine
            if (not state or row.state == state)
            and (row.number == q or (q.lower() in row.number and (not q or row.case in clear)) or (q and q in row.title))
        ]
        newest = sorted(fitting, key=lambda row: (row.created_at, row.case), reverse=True)
        sought = Sought(q, visible_cases(access, who, action="case.see_number")) if q else None
        visible, page = visible_cases(access, who), chance.randint(1, 1 + len(newest) // PAGE_ROWS)
        with transaction(database, writes=False) as connection:
            found, total, counts = page_of_cases(connection, TENANT, visible, state=state, q=sought, page=page)
            walked = walk(connection, visible, state, sought)
        assert [row.case for row in found] == [row.case for row in newest[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]]
        assert total == len(newest)
        assert counts == Counter(row.state for row in mine)
        assert walked == [row.case for row in newest]
        looked += len(newest)
    assert looked > 300, "lists of many rows are among them"
    database.dispose()


def test_what_more_cases_answer_to_than_are_found_at_once_is_counted(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_rows, "_COUNTED_BY_FINDING", 45)
    chance = random.Random(20261128)
    enter(database, [replace(random_row(chance, number), tenant=TENANT) for number in range(100)])
    with transaction(database, writes=False) as connection:
        for q, count in (("n-", 100), ("n-9", 11)):
            pages = [page_of_cases(connection, TENANT, true(), q=Sought(q, true()), page=page) for page in range(1, 7)]
            assert [total for _, total, _ in pages] == [count] * 6
            assert len({row.case for rows, _, _ in pages for row in rows}) == count
            assert max(len(rows) for rows, _, _ in pages) <= PAGE_ROWS
    database.dispose()


def test_whoever_sees_a_number_masked_does_not_find_it_part_by_part(database: Engine) -> None:
    row = replace(
        random_row(random.Random(1), 1), tenant=TENANT, number="HT-2026-0042", title="loan", state="sealed", agent="", level=1
    )
    enter(database, [row])
    access = plain_access()

    def found_by(who: Principal, q: str) -> int:
        sought = Sought(q, visible_cases(access, who, action="case.see_number"))
        with transaction(database, writes=False) as connection:
            return page_of_cases(connection, TENANT, visible_cases(access, who), q=sought)[1]

    for role, parts in ((Role.COMPLIANCE, 1), (Role.SUPERVISOR, 1), (Role.AUDITOR, 0), (Role.REVIEWER, 0)):
        who = staff("somebody", role)
        assert [found_by(who, q) for q in ("0042", "ht-2026", "HT-2026-004")] == [parts] * 3, role
        assert [found_by(who, q) for q in ("HT-2026-0042", "loan", "LOA")] == [1, 1, 1], role
    database.dispose()


def test_no_row_is_asked_what_is_known_before() -> None:
    access = plain_access()
    asked = str(visible_cases(access, staff("lin", Role.AGENT)).compile(compile_kwargs={"literal_binds": True}))
    assert "agent" in asked and "level" in asked
    assert "true" not in asked and "false" not in asked and "1 = 1" not in asked, (
        "constants are settled before the database is asked"
    )


def walk(connection: Connection, visible: ColumnElement[bool], state: str, q: Sought | None) -> list[str]:
    """Every case by one cursor after the other."""
    cases: list[str] = []
    before = None
    while found := cases_before(connection, TENANT, visible, before, state=state, q=q)[:PAGE_ROWS]:
        cases += [row.case for row in found]
        before = found[-1].created_at, found[-1].case
    return cases


@pytest.mark.parametrize(
    "condition",
    ["resource.colour == 1", 'resource.place like "*-31"', "resource == resource.twin", "resource in resource.twin"],
)
def test_what_no_column_answers_closes_the_list(condition: str) -> None:
    schema = """
    entity Staff = { roles: Set<String> };
    entity Case = { colour: Long, owner: String, place: String, twin: Case };
    action "case.read" appliesTo { principal: [Staff], resource: [Case], context: {} };
    """
    text = f'@id("odd")\n{NOTES}permit(principal is Staff, action, resource is Case) when {{ {condition} }};'
    access = plain_access(policies=read_policies({"a.cedar": DEFAULT + text}, schema))
    with pytest.raises(IntegrityError, match="policy"):
        visible_cases(access, staff("lin", Role.AGENT))
