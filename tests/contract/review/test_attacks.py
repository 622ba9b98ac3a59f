"""Attempts to review one's own work, or to get the draw one likes: by whispering, by a second account, by asking again and again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jianlu.core.errors import DeniedError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.verdicts import Verdict
from jianlu.govern.identity.model import Role, Staff
from jianlu.govern.identity.same_device import accounts_beside, note_device
from jianlu.judge.review._records import change_task
from jianlu.judge.review.deciding import decide_task
from jianlu.judge.review.drawing import draw_due
from jianlu.judge.review.taking import find_tasks, take_task
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import open_case_log
from tests.fakes.review.worlds import COUNTER, PLAN, REVIEWER, SECOND_REVIEWER, Changes, ReviewWorld, review_world
from tests.fakes.sessions.world import AGENT, SUPERVISOR, staff
from tests.fakes.vault.home import TENANT

OVERTURN: Changes = {"CN-IN-5a": (Verdict.MET, "证件在画面中出示", 1_000, 4_000)}
THIRD = staff("wen", Role.REVIEWER)


def used_on(reviews: ReviewWorld, key: str, *who: Staff, tenant: str = TENANT) -> None:
    """These people sign in one after the other on the browser of that key."""
    with transaction(reviews.using.sessions.database) as connection:
        for each in who:
            note_device(connection, TenantId(tenant), key, each.account.id, at=reviews.world.clock.now())


def refused(reviews: ReviewWorld, case: str, who: Staff, stage: str = "first") -> str:
    """Why the person may not take it."""
    with pytest.raises(DeniedError) as found:
        take_task(case, stage, using=reviews.using, by=who)
    return str(found.value)


def whispered(reviews: ReviewWorld, case: str, who: Staff) -> None:
    """The case's events commit to somebody who wrote to the agent during the talk."""
    log = reviews.world.using.desk.log(TENANT, case)
    body = {"by": "supervisor", "to": "agent", "at_ms": 5}
    log.append(EventType.MESSAGE_RECORDED, body, commits={"who": digest_of(who.account.id.encode())})
    reviews.world.using.desk.release(TENANT, case)


@pytest.fixture
def reviews(database_url: str) -> Iterator[ReviewWorld]:
    with review_world(database_url) as made:
        yield made


def test_whoever_whispered_does_not_review_nor_does_their_second_account(reviews: ReviewWorld) -> None:
    case = reviews.world.create("sale-1")
    whispered(reviews, case, REVIEWER)
    assert reviews.drawn("sale-1") == [case]
    used_on(reviews, "key-of-qin", REVIEWER, SECOND_REVIEWER)
    assert "led, made or supervised" in refused(reviews, case, REVIEWER)
    assert "your device" in refused(reviews, case, SECOND_REVIEWER)
    reviews.decided(case, by=THIRD)


def test_a_second_account_of_the_agents_device_reviews_nothing_of_theirs(reviews: ReviewWorld) -> None:
    (case,) = reviews.drawn("sale-1")
    used_on(reviews, "key-of-lin", AGENT, REVIEWER)
    used_on(reviews, "key-of-nobody", REVIEWER, THIRD)
    assert accounts_beside(reviews.using.sessions.database, TenantId(TENANT), REVIEWER.account.id) == {
        AGENT.account.id,
        THIRD.account.id,
    }
    assert "your device" in refused(reviews, case, REVIEWER)
    reviews.decided(case, OVERTURN, by=THIRD)
    assert "your device" in refused(reviews, case, REVIEWER, "second"), "nor the second look at what they looked at first"
    reviews.decided(case, by=SECOND_REVIEWER, stage="second")


def test_a_device_that_becomes_shared_while_a_review_is_held_stops_it(reviews: ReviewWorld) -> None:
    (case,) = reviews.drawn("sale-1")
    used_on(reviews, "key-elsewhere", AGENT, REVIEWER, tenant="another-bank")
    used_on(reviews, "", AGENT, REVIEWER)
    take_task(case, "first", using=reviews.using, by=REVIEWER)
    used_on(reviews, "key-of-qin", REVIEWER, AGENT)
    with pytest.raises(DeniedError, match="your device"):
        decide_task(case, "first", reviews.said(case), "", using=reviews.using, by=REVIEWER)
    assert find_tasks(case, using=reviews.using)[0].state == "taken"


def test_a_row_that_was_edited_does_not_make_a_supervisor_a_reviewer(reviews: ReviewWorld) -> None:
    both = staff("he", Role.SUPERVISOR, Role.REVIEWER)
    assert both.account.id == SUPERVISOR.account.id
    case = reviews.supervised("sale-1")
    draw_due(reviews.using, is_asked=True)
    with transaction(reviews.using.sessions.database) as connection:
        change_task(connection, TENANT, case, "first", barred="[]", agent="", state="taken", reviewer=both.account.id)
    with pytest.raises(DeniedError, match="led, made or supervised"):
        decide_task(case, "first", reviews.said(case), "", using=reviews.using, by=both)


def test_a_draw_is_not_had_again_until_it_suits(reviews: ReviewWorld) -> None:
    for number in range(6):
        reviews.close(f"sale-{number}", scene=COUNTER, age=35)
    with ThreadPoolExecutor(4) as threads:
        drawn = [each.result() for each in [threads.submit(draw_due, reviews.using, is_asked=True) for _ in range(4)]]
    (sample,) = [sample for samples in drawn for sample in samples]
    assert len(sample.drawn) == 2
    assert [draw_due(reviews.using, is_asked=True) for _ in range(3)] == [[], [], []]
    chain = open_case_log(reviews.world.vault, TENANT, reviews.using.plan_chain(PLAN))
    assert [e.type for e in chain.events] == [EventType.REVIEW_ROLL_FROZEN, EventType.REVIEW_SAMPLE_DRAWN]
    reviews.close("sale-6", scene=COUNTER, age=35)
    (later,) = draw_due(reviews.using, is_asked=True)
    assert (len(later.drawn), set(later.drawn) & set(sample.drawn)) == (1, set())
