"""The search index holds nothing of its own: made again from ledger and sealed evidence, it answers as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jianlu.capture.cases.case_rows import change_case
from jianlu.core.terms.events import EventType
from jianlu.deliver.search.entries import read_entry
from jianlu.deliver.search.find import find_in_cases
from jianlu.deliver.search.model import Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.entry.search_index import enter_searched, forget_destroyed, rebuild_search
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import open_case_log
from jianlu.vault.index import catch_up
from jianlu.vault.reindex import reindex
from tests.fakes.search.corpus import everything, filed, search_ports
from tests.fakes.search.spoken_case import end_and_enter, end_having_said
from tests.fakes.sessions.world import World, session_world
from tests.fakes.vault.home import TENANT
from tests.fakes.vault.sale import destroy

LINES = (("agent", "这是投保提示书"), ("customer", "犹豫期是十五天吗"))


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with session_world(database_url) as made:
        yield made


def searched(world: World) -> SearchPorts:
    return search_ports(world.vault)


def test_an_entry_is_read_out_of_sealed_evidence(world: World) -> None:
    case = world.create("sale-1")
    log = world.using.desk.log(TENANT, case)
    assert read_entry(log) is None
    end_having_said(log, *LINES)
    entry = read_entry(log, led_by="somebody")
    assert entry is not None
    assert [line.text for line in entry.lines] == [text for _, text in LINES]
    assert (entry.agent, entry.product, entry.scene, entry.language) == ("somebody", "life_insurance", "insurance-remote", "zh")
    assert entry.card["number"] == "sale-1"
    assert [name for name, _ in entry.people] == ["王小明"]
    unled = read_entry(log)
    assert unled is not None and unled.agent == unled.created_by, (
        "where no work list knows better, whoever made the case leads it"
    )
    assert {verdict for _, verdict in entry.verdicts} <= {"met", "not_met", "not_evidenced"}
    assert entry.began_at == next(e.at for e in log.events if e.type in (EventType.RECORDING_STARTED, log.events[0].type))


def test_reindexing_makes_the_search_index_again(world: World) -> None:
    for number in ("sale-1", "sale-2", "sale-3"):
        case = world.create(number)
        end_and_enter(world.using.desk.log(TENANT, case), world.vault, *LINES)
        world.using.desk.release(TENANT, case)
    unfinished = world.create("sale-4")
    destroyed = world.create("sale-5")
    end_and_enter(world.using.desk.log(TENANT, destroyed), world.vault, *LINES)
    destroy(world.using.desk.log(TENANT, destroyed), world.vault)
    using = searched(world)
    before = find_in_cases(Query(text="犹豫期"), using=using)
    reindex(world.vault)
    assert rebuild_search(world.vault, using.tenant) == 3
    after = find_in_cases(Query(text="犹豫期"), using=using)
    assert after.total == 3
    assert sorted(hit.case for hit in after.hits) == sorted(hit.case for hit in before.hits)
    assert unfinished not in [hit.case for hit in after.hits]
    assert catch_up(world.vault) == world.vault.ledger.size


def test_entering_twice_is_entering_once_and_a_destroyed_case_leaves(world: World) -> None:
    case = world.create("sale-1")
    log = world.using.desk.log(TENANT, case)
    end_and_enter(log, world.vault, *LINES)
    enter_searched(log, world.vault)
    using = searched(world)
    assert find_in_cases(Query(text="投保提示书"), using=using).total == 1
    destroy(log, world.vault)
    enter_searched(open_case_log(world.vault, TENANT, case), world.vault)
    assert find_in_cases(Query(text="投保提示书"), using=using).total == 0


def test_of_a_case_that_somebody_destroyed_nothing_is_left_after_the_workers_look(world: World) -> None:
    """Retention, a court's order, an abandoned recording: whoever destroys need not know of search."""
    gone, kept = world.create("sale-1"), world.create("sale-2")
    end_and_enter(world.using.desk.log(TENANT, gone), world.vault, ("customer", "纛字罕见 password zebra"), *LINES)
    end_and_enter(world.using.desk.log(TENANT, kept), world.vault, *LINES)
    using = searched(world)
    assert (filed(using, "han"), filed(using, "tou"), find_in_cases(Query(text="罕见"), using=using).total) == (1, 2, 1)
    destroy(world.using.desk.log(TENANT, gone), world.vault)
    assert find_in_cases(Query(text="罕见"), using=using).hits == ()
    assert forget_destroyed(world.vault, using.tenant) == 1
    assert (filed(using, "han"), filed(using, "tou"), find_in_cases(Query(text="罕见"), using=using).total) == (0, 1, 0)
    assert all(word.encode() not in everything(using) for word in ("罕见", "zebra", gone))
    assert [hit.case for hit in find_in_cases(Query(text="投保提示书"), using=using).hits] == [kept]
    assert forget_destroyed(world.vault, using.tenant) == 0


def test_whoever_leads_the_case_is_asked_of_the_work_lists(world: World) -> None:
    case = world.create("sale-1")
    with transaction(world.using.database) as connection:
        change_case(connection, TENANT, case, agent="a-other", agent_display="周")
    end_and_enter(world.using.desk.log(TENANT, case), world.vault, *LINES)
    assert find_in_cases(Query(agent="a-other"), using=searched(world)).total == 1
