"""The index finds exactly what reading every word finds: same cases, same numbers of hits, same order, whatever the blocks look like."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.deliver.search import enter
from jianlu.deliver.search.enter import enter_case, forget_case, rebuild_index
from jianlu.deliver.search.find import find_in_cases
from jianlu.deliver.search.matching import read_question
from jianlu.deliver.search.model import Entry, Query
from jianlu.deliver.search.ports import SearchPorts
from tests.fakes.conversation import Line
from tests.fakes.search.corpus import entry_of, read_through, search_world

CHINESE = [
    "投保",
    "提示书",
    "犹豫期",
    "15天",
    "二十五天",
    "十五",
    "是",
    "时",
    "安",
    "方案",
    "反感",
    "西安",
    "先",
    "app",
    "1万元",
    "，",
    "退",
    "饱",
    "宝",
]
ENGLISH = ["cooling", "off", "period", "fifteen", "days", "twenty", "five", "don't", "not", "do", "refund", "$10", ","]

chinese = st.lists(st.sampled_from(CHINESE), min_size=1, max_size=8).map("".join)
english = st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=8).map(" ".join)
spoken = st.builds(Line, st.sampled_from(["agent", "customer"]), chinese, st.sampled_from([100, 500, 5000])) | st.builds(
    Line, st.sampled_from(["agent", "customer"]), english, st.sampled_from([100, 5000]), st.just("en")
)
talks = st.lists(spoken, min_size=0, max_size=5)
typed = st.sampled_from(["toubao", "tou bao", "fangan", "xian", "shi wu", "shiwutian", "bao", "shi", '"tou bao ti"', "app"])
words = st.sampled_from(CHINESE) | st.sampled_from(ENGLISH) | typed | chinese | english
questions = st.lists(words, min_size=1, max_size=3).map(" ".join)


def entries_of(using: SearchPorts, all_lines: list[list[Line]]) -> list[Entry]:
    return [
        entry_of(using, f"P-{n}", *lines, began_at=f"2026-11-{1 + n * 7 % 28:02d}T09:30:00.000Z")
        for n, lines in enumerate(all_lines)
    ]


def answers(using: SearchPorts, query: Query) -> list[tuple[str, int]]:
    return [(hit.case, hit.count) for hit in find_in_cases(query, using=using).hits]


@settings(max_examples=60)
@given(st.lists(talks, min_size=1, max_size=12), st.lists(questions, min_size=1, max_size=6), st.booleans(), st.data())
def test_index_and_reading_agree(all_lines: list[list[Line]], texts: list[str], near: bool, choice: st.DataObject) -> None:
    with search_world() as using:
        entries = entries_of(using, all_lines)
        at_once = choice.draw(st.integers(0, len(entries)))
        rebuild_index(iter(entries[:at_once]), using=using)
        for entry in entries[at_once:]:
            enter_case(entry, using=using)
        gone = choice.draw(st.sets(st.sampled_from([entry.case for entry in entries]), max_size=2))
        for case in sorted(gone):
            forget_case(case, using=using)
        kept = [entry for entry in entries if entry.case not in gone]
        for text in texts:
            query = Query(text=text, near=near, speaker=choice.draw(st.sampled_from(["", "agent", "customer", "nobody"])))
            try:
                read_question(text)
            except InvalidError:
                continue
            assert answers(using, query) == read_through(kept, query, using)


def test_blocks_of_every_level_agree_with_reading() -> None:
    with search_world() as using:
        count = 2 * enter.BATCH_CASES + 40
        all_lines = [
            [Line("agent", f"犹豫期{n % 30}天，投保提示书"), Line("customer", "好的" * (n % 3 + 1))] for n in range(count)
        ]
        entries = entries_of(using, all_lines)
        rebuild_index(iter(entries[: enter.BATCH_CASES + 20]), using=using)
        for entry in entries[enter.BATCH_CASES + 20 :]:
            enter_case(entry, using=using)
        for text in ("犹豫期7天", "投保提示书", "好的好的", "shi tian", "期 书"):
            found = find_in_cases(Query(text=text), using=using)
            expected = read_through(entries, Query(text=text), using)
            assert found.total == len(expected)
            assert [(hit.case, hit.count) for hit in found.hits] == expected[: len(found.hits)]
