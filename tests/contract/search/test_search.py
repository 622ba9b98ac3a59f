"""`deliver.search`: what was said is found by its sound, with its second; filters and rights narrow; what is destroyed is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.core.errors import ConflictError, InvalidError
from jianlu.deliver.search.enter import batch_of, enter_batches, enter_case, forget_case, rebuild_index
from jianlu.deliver.search.find import attribute_columns, find_in_cases
from jianlu.deliver.search.model import Found, Query
from jianlu.deliver.search.ports import SearchPorts
from tests.fakes.conversation import Line
from tests.fakes.search.corpus import entry_of


def cases(found: Found) -> list[str]:
    return [str(hit.card["number"]) for hit in found.hits]


def fill(using: SearchPorts) -> None:
    lines = (("agent", "您好，这是投保提示书，请您阅读"), ("customer", "好的，犹豫期是十五天吗"), ("agent", "是的，犹豫期15天"))
    zhang = {"people": (("张晓明", "138 0013 8000"),), "agent": "a-1", "product": "life_insurance"}
    enter_case(entry_of(using, "P-1", *lines, verdicts=(("pack:c1", "met"), ("pack:c2", "not_met")), **zhang), using=using)
    other = {"people": (("李雷", "13900001234"),), "agent": "a-2", "product": "fund", "began_at": "2026-11-23T09:30:00.000Z"}
    enter_case(
        entry_of(using, "P-2", ("agent", "这款产品的犹豫期是二十五天"), verdicts=(("pack:c1", "not_met"),), **other), using=using
    )
    english = Line("agent", "You have a cooling-off period of 15 days. Don't worry.", lang="en")
    enter_case(entry_of(using, "P-3", english, began_at="2026-11-24T09:30:00.000Z", agent="a-2"), using=using)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("投保提示书", ["P-1"]),
        ("投寶提示書", ["P-1"]),
        ("toubao tishishu", ["P-1"]),
        ("tou bao", ["P-1"]),
        ("犹豫期", ["P-1", "P-2"]),
        ("犹豫期 投保", ["P-1"]),
        ("犹豫期15天", ["P-1"]),
        ("15天", ["P-1"]),
        ("二十五天", ["P-2"]),
        ("shi wu tian", ["P-1", "P-2"]),
        ("cooling off", ["P-3"]),
        ('"off cooling"', []),
        ("off cooling", ["P-3"]),
        ("do not worry", ["P-3"]),
        ("fifteen days", ["P-3"]),
        ("提示书请您", ["P-1"]),
        ("阅读好的", []),
    ],
)
def test_what_was_said_is_found_however_it_is_typed(using: SearchPorts, text: str, numbers: list[str]) -> None:
    fill(using)
    found = find_in_cases(Query(text=text), using=using)
    assert cases(found) == numbers
    assert found.total == len(numbers)


def test_sounds_that_speakers_exchange_are_found_when_asked_for(using: SearchPorts) -> None:
    enter_case(entry_of(using, "P-1", ("agent", "能领取吗")), using=using)
    assert find_in_cases(Query(text="灵取"), using=using).total == 1
    assert find_in_cases(Query(text="林取"), using=using).total == 0
    assert find_in_cases(Query(text="林取", near=True), using=using).total == 1


def test_a_hit_names_the_second_and_the_characters(using: SearchPorts) -> None:
    fill(using)
    hit = find_in_cases(Query(text="提示书"), using=using).hits[0]
    excerpt = hit.excerpts[0]
    assert [excerpt.line.text[start:end] for start, end in excerpt.marks] == ["提示书"]
    assert excerpt.at_ms == excerpt.line.from_ms + 6 * 200
    assert (hit.count, hit.lines) == (1, 1)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (Query(customer="张晓明"), ["P-1"]),
        (Query(customer="章小明"), ["P-1"]),
        (Query(customer="zhang xiaoming"), ["P-1"]),
        (Query(customer="13800138000"), ["P-1"]),
        (Query(customer="+86 138-0013-8000"), ["P-1"]),
        (Query(customer="1234"), ["P-2"]),
        (Query(customer="张晓"), []),
        (Query(number="P-2"), ["P-2"]),
        (Query(agent="a-2"), ["P-3", "P-2"]),
        (Query(product="fund"), ["P-2"]),
        (Query(from_at="2026-11-23T00:00:00.000Z", until_at="2026-11-24T00:00:00.000Z"), ["P-2"]),
        (Query(clause="pack:c1"), ["P-2", "P-1"]),
        (Query(clause="pack:c1", verdict="met"), ["P-1"]),
        (Query(verdict="not_met"), ["P-2", "P-1"]),
        (Query(text="犹豫期", verdict="not_met", agent="a-2"), ["P-2"]),
        (Query(), ["P-3", "P-2", "P-1"]),
    ],
)
def test_filters_narrow_what_is_found(using: SearchPorts, query: Query, numbers: list[str]) -> None:
    fill(using)
    assert cases(find_in_cases(query, using=using)) == numbers


@pytest.mark.parametrize("query", [Query(text="犹豫期"), Query(), Query(verdict="not_met")])
def test_results_obey_the_condition_of_rights(using: SearchPorts, query: Query) -> None:
    fill(using)
    mine = attribute_columns()["owner"] == "a-1"
    found = find_in_cases(query, using=using, allowed=mine)
    assert (cases(found), found.total) == (["P-1"], 1)


@pytest.mark.parametrize("query", [Query(text="。"), Query(text="保" * 201), Query(page=0), Query(customer="--")])
def test_a_question_that_cannot_be_asked_says_why(using: SearchPorts, query: Query) -> None:
    with pytest.raises(InvalidError, match=r"search text|pages|customer"):
        find_in_cases(query, using=using)


def test_a_case_that_enters_again_replaces_what_was_there(using: SearchPorts) -> None:
    fill(using)
    enter_case(entry_of(using, "P-1", ("agent", "现在说的是别的")), using=using)
    assert find_in_cases(Query(text="投保提示书"), using=using).total == 0
    assert cases(find_in_cases(Query(text="别的"), using=using)) == ["P-1"]


def test_rebuilding_gives_the_same_answers(using: SearchPorts) -> None:
    entries = [entry_of(using, f"P-{n}", ("agent", f"犹豫期{n}天"), ("customer", "明白")) for n in range(1, 41)]
    for entry in entries:
        enter_case(entry, using=using)
    texts = ["犹豫期", "明白", "犹豫期17天", "三十"]
    before = [find_in_cases(Query(text=text), using=using) for text in texts]
    assert rebuild_index(iter(entries), using=using) == len(entries)
    after = [find_in_cases(Query(text=text), using=using) for text in texts]
    assert [(each.total, each.hits) for each in after] == [(each.total, each.hits) for each in before]
    assert [each.total for each in after][:3] == [40, 40, 1]


def test_batches_enter_beside_what_is_there_and_one_that_is_there_already_enters_not_at_all(using: SearchPorts) -> None:
    """A build that was stopped goes on with the batch that did not come in; a batch in part of what is there is refused whole."""
    entries = [entry_of(using, f"P-{n}", ("agent", "犹豫期")) for n in range(5)]
    first, second = batch_of(entries[:2], using=using), batch_of(entries[2:4], using=using)
    assert [enter_batches([each], using=using) for each in (first, second, None)] == [2, 2, 0]
    with pytest.raises(ConflictError, match="leave it"):
        enter_batches([batch_of(entries[3:], using=using)], using=using)
    assert find_in_cases(Query(text="犹豫期"), using=using).total == 4


def test_pages_follow_each_other_without_hole_or_repetition(using: SearchPorts) -> None:
    rebuild_index((entry_of(using, f"P-{n}", ("agent", "犹豫期" * (1 + n % 3))) for n in range(45)), using=using)
    pages = [find_in_cases(Query(text="犹豫期", page=page), using=using) for page in (1, 2, 3)]
    shown = [number for page in pages for number in cases(page)]
    assert sorted(shown) == sorted(f"P-{n}" for n in range(45))
    counts = [hit.count for page in pages for hit in page.hits]
    assert counts == sorted(counts, reverse=True)
    assert {(page.total, page.pages) for page in pages} == {(45, 3)}


def test_a_forgotten_case_is_gone_and_others_stay(using: SearchPorts) -> None:
    entries = [entry_of(using, f"P-{n}", ("agent", f"保单第{n}号"), people=(("王芳", ""),)) for n in range(1, 20)]
    rebuild_index(iter(entries), using=using)
    assert forget_case(entries[4].case, using=using)
    assert not forget_case(entries[4].case, using=using)
    assert find_in_cases(Query(text="第5号"), using=using).total == 0
    assert find_in_cases(Query(text="保单"), using=using).total == 18
    assert find_in_cases(Query(customer="王芳"), using=using).total == 18


@pytest.mark.parametrize("query", [Query(text="犹豫期"), Query(text="犹豫期", newest_first=True), Query(agent="a-1")])
def test_by_cursor_every_case_comes_once_in_the_order_of_the_pages(using: SearchPorts, query: Query) -> None:
    for number in range(45):
        said = (("agent", "这款产品的犹豫期是十五天"),) * (1 + number % 3)
        at = f"2026-11-{1 + number % 7:02d}T09:30:00.000Z"
        enter_case(entry_of(using, f"Q-{number}", *said, agent="a-1", began_at=at), using=using)
    by_page = [case for page in (1, 2, 3) for case in cases(find_in_cases(replace(query, page=page), using=using))]
    seen, cursor = list[str](), ""
    while True:
        found = find_in_cases(query, using=using, cursor=cursor)
        seen, cursor = [*seen, *cases(found)], found.next
        newer = entry_of(using, f"later-{len(seen)}", ("agent", "犹豫期 " * 9), agent="a-1", began_at="2026-12-01T09:30:00.000Z")
        enter_case(newer, using=using)
        if not cursor:
            break
    assert seen == by_page and len(seen) == 45
    with pytest.raises(InvalidError, match="cursor"):
        find_in_cases(query, using=using, cursor="AAAA")
