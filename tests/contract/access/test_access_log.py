"""The access log: sensitive looks durable before the answer, plain ones in batches, a day's chain closed and named by the next."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId, derive_case_ref
from jianlu.govern.access.decide import Access
from jianlu.govern.access.grants import TableGrants
from jianlu.govern.access.lines import lines_of_person, lines_of_resource, newest_lines
from jianlu.govern.access.model import AccessDeniedError, Resource
from jianlu.vault.access_log import MERGED_MS, AccessLog
from jianlu.vault.case_log import open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.reindex import reindex
from tests.fakes.access.worlds import shipped_policies
from tests.fakes.sessions.world import AGENT, OTHER_AGENT, SUPERVISOR, World
from tests.fakes.vault.home import TENANT
from tests.unit.access.test_decide import CASE, case

DAY_MS = 24 * 3600 * 1000
DELETED = ("DELETE FROM cases WHERE case_ref = '{day}'", "DELETE FROM events WHERE case_ref = '{day}'")
"""A day taken out of the index."""


def log_of(world: World) -> AccessLog:
    log = world.using.access.log
    assert isinstance(log, AccessLog)
    return log


def whole_chain(world: World, day: str) -> list[Event]:
    """What the ledger has of a day, read anew."""
    return list(open_case_log(world.vault, TENANT, derive_case_ref(world.using.tenant_secret, f"access/{day}")).events)


def chain(world: World, day: str) -> list[Event]:
    """As `whole_chain`, without what making a world records of its scripts."""
    return [event for event in whole_chain(world, day) if event.body.get("kind") != "script"]


def today(world: World) -> str:
    return world.clock.now().date().isoformat()


def test_a_plain_look_waits_for_the_next_batch_and_a_sensitive_one_for_the_ledger(world: World) -> None:
    access = world.using.access
    access.require(AGENT, "case.read", case())
    assert not any(event.type is EventType.ACCESS_DECISIONS_RECORDED for event in chain(world, today(world)))
    access.require(SUPERVISOR, "case.play", case())
    opened, decisions = chain(world, today(world))
    assert opened.type is EventType.ACCESS_LOG_OPENED and opened.body["before"] == []
    assert decisions.type is EventType.ACCESS_DECISIONS_RECORDED
    assert (decisions.body["allowed"], decisions.body["denied"]) == (2, 0), "what waited went with it"
    assert ["case-of-the-supervisors-branch", 1] in decisions.body["policies"]


def test_nothing_in_the_ledger_says_who_looked_at_what(world: World) -> None:
    world.using.access.require(SUPERVISOR, "case.play", case(), purpose="supervision")
    texts = " ".join(event.content.decode() for event in chain(world, today(world)))
    assert SUPERVISOR.account.id not in texts and CASE not in texts


def test_denials_are_in_it_with_rule_and_clause(world: World) -> None:
    with pytest.raises(AccessDeniedError):
        world.using.access.require(OTHER_AGENT, "case.play", case())
    log_of(world).flush()
    (line,) = log_of(world).read_day(today(world))
    assert (line.who, line.action, line.resource, line.is_allowed) == (OTHER_AGENT.account.id, "case.play", CASE, False)
    assert line.policies == ("deny-by-default",) and line.clauses
    assert chain(world, today(world))[-1].body["denied"] == 1


def test_the_same_look_again_within_a_minute_is_counted_and_costs_no_event(world: World) -> None:
    access, log = world.using.access, log_of(world)
    for _ in range(30):
        access.require(SUPERVISOR, "case.play", case())
        world.clock.move(1_000)
    assert len(chain(world, today(world))) == 2
    world.clock.move(MERGED_MS)
    access.require(SUPERVISOR, "case.play", case())
    log.flush()
    assert [line.times for line in log.read_day(today(world))] == [1, 29, 1]


def test_while_the_ledger_is_away_nothing_sensitive_is_shown_and_plain_looks_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    access, log = world.using.access, log_of(world)
    access.require(AGENT, "case.read", case())

    def away(_: bytes) -> int:
        raise UnavailableError("the ledger is away: try again")

    with monkeypatch.context() as broken:
        broken.setattr(world.vault.ledger, "append", away)
        with pytest.raises(UnavailableError):
            access.require(SUPERVISOR, "case.play", case())
        with pytest.raises(UnavailableError):
            log.change("roles", {"account": "x"})
        access.require(AGENT, "session.read", case())
    access.require(SUPERVISOR, "case.play", case())
    assert [line.action for line in log.read_day(today(world))] == ["case.read", "case.play", "session.read"]


def test_more_looks_than_can_wait_are_refused_rather_than_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jianlu.vault.access_log.PENDING_MAX", 3)
    access = world.using.access
    for number in range(3):
        access.require(AGENT, "case.read", Resource("case", f"{CASE[:-1]}{number + 2}", TenantId(TENANT), case().attributes))
    with pytest.raises(UnavailableError, match="recorded"):
        access.require(SUPERVISOR, "case.read", case())


def test_a_days_chain_is_closed_and_named_by_the_next(world: World) -> None:
    access, first = world.using.access, today(world)
    access.require(SUPERVISOR, "case.play", case())
    world.clock.move(3 * DAY_MS)
    access.require(SUPERVISOR, "case.play", case())
    old, new = whole_chain(world, first), whole_chain(world, today(world))
    assert old[-1].type is EventType.CASE_CLOSED and old[-1].body["events"] == len(old)
    assert new[0].body["before"] == [first, len(old), old[-1].digest]


def test_another_process_goes_on_with_the_day_and_catches_the_index_up(world: World) -> None:
    using = world.using
    using.access.require(SUPERVISOR, "case.play", case())
    with using.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM access_decisions")
    access = Access(shipped_policies(), anew(world), TableGrants(using.database, using.clock))
    access.require(AGENT, "case.play", case())
    assert [line.who for line in lines_of_resource(using.database, TENANT, "case", CASE)] == [
        AGENT.account.id,
        SUPERVISOR.account.id,
    ]
    assert len(lines_of_person(using.database, TENANT, AGENT.account.id)) == 1
    assert len(newest_lines(using.database, TENANT)) == 2 and newest_lines(using.database, TENANT, page=2) == []


def test_a_change_of_rights_is_sealed_with_who_and_why(world: World) -> None:
    log_of(world).change("reveal", {"case": CASE, "by": "account-he", "reason": "回访需要"})
    event = chain(world, today(world))[-1]
    assert event.type is EventType.ACCESS_CHANGE_RECORDED and event.body["kind"] == "reveal"
    sealed = open_case_log(world.vault, TENANT, event.case).open_object(event.body["object"])
    assert json.loads(sealed) == {
        "format": "jianlu/access-change/v1",
        "kind": "reveal",
        "case": CASE,
        "by": "account-he",
        "reason": "回访需要",
    }


def test_one_batch_holds_a_thousand_lines_and_the_rest_comes_after_it(world: World) -> None:
    access, log = world.using.access, log_of(world)
    for number in range(1_100):
        access.require(SUPERVISOR, "case.read", Resource("case", f"c-{number}", TenantId(TENANT), case().attributes))
    log.flush()
    counts = [event.body["allowed"] for event in chain(world, today(world))[1:]]
    assert counts == [1_000, 100] and len(log.read_day(today(world))) == 1_100


def anew(world: World) -> AccessLog:
    """The log as a starting process has it."""
    return AccessLog(world.vault, CaseDesk(world.vault), world.using.tenant, world.using.tenant_secret)


def with_policies(world: World) -> str:
    """Version 1 yesterday, version 2 and another change today; the reference of today's chain."""
    log_of(world).change("policy", {"version": 1, "files": {}})
    world.clock.move(DAY_MS)
    log_of(world).change("policy", {"version": 2, "files": {}})
    log_of(world).change("retry", {"job": "a"})
    return derive_case_ref(world.using.tenant_secret, f"access/{today(world)}")


def damage(world: World, *statements: str) -> None:
    with world.using.database.begin() as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0


def version_of(log: AccessLog) -> int:
    found = log.policy_in_force()
    assert found is not None
    return int(found["version"])


@pytest.mark.parametrize(
    "statements",
    [
        DELETED,
        ("UPDATE cases SET events = 2 WHERE case_ref = '{day}'", "DELETE FROM events WHERE case_ref = '{day}' AND n >= 2"),
    ],
    ids=["deleted", "cut short"],
)
def test_a_day_that_the_index_does_not_have_as_the_ledger_does_stops_the_start(world: World, statements: tuple[str, ...]) -> None:
    day = with_policies(world)
    size = world.vault.ledger.size
    damage(world, *(statement.format(day=day) for statement in statements))
    with pytest.raises(IntegrityError, match="jianlu vault reindex"):
        anew(world).policy_in_force()
    with pytest.raises(IntegrityError, match="jianlu vault reindex"):
        anew(world).change("retry", {"job": "b"})
    assert world.vault.ledger.size == size, "no second chain was begun beside the day's own"
    reindex(world.vault)
    log = anew(world)
    assert version_of(log) == 2
    log.change("retry", {"job": "b"})
    assert [event.n for event in whole_chain(world, today(world))] == list(range(5))


def test_rows_of_earlier_days_decide_nothing(world: World) -> None:
    with_policies(world)
    yesterday = derive_case_ref(world.using.tenant_secret, f"access/{world.clock.now().date() - timedelta(days=1)}")
    damage(world, *(statement.format(day=yesterday) for statement in DELETED))
    assert version_of(anew(world)) == 2
    world.clock.move(DAY_MS)
    log = anew(world)
    log.change("retry", {"job": "b"})
    assert version_of(log) == version_of(anew(world)) == 2


def test_a_day_that_broke_off_before_it_said_its_policies_is_not_a_day_without_any(world: World) -> None:
    day = with_policies(world)
    before, ref = whole_chain(world, today(world)), derive_case_ref(world.using.tenant_secret, "access/2031-01-01")
    broken = open_case_log(world.vault, TENANT, ref)
    named = [today(world), len(before), before[-1].digest]
    broken.append(EventType.ACCESS_LOG_OPENED, {"day": "2031-01-01", "before": named, "policies": 2})
    assert version_of(anew(world)) == 2
    damage(world, *(statement.format(day=day) for statement in DELETED))
    with pytest.raises(IntegrityError, match="jianlu vault reindex"):
        anew(world).policy_in_force()


def test_a_clock_that_goes_back_neither_brings_older_policies_nor_an_older_day(world: World) -> None:
    with_policies(world)
    newest = today(world)
    world.clock.move(-DAY_MS)
    log = anew(world)
    assert version_of(log) == 2
    log.change("retry", {"job": "b"})
    assert whole_chain(world, newest)[-1].body["kind"] == "retry"
    assert whole_chain(world, today(world))[-1].type is EventType.CASE_CLOSED
