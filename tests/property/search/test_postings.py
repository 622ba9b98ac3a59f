"""Lists of positions survive being written, joined, filed and cleared; what is damaged is an error, never another answer."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError
from jianlu.deliver.search.blocks import Roster, merge, without
from jianlu.deliver.search.postings import Page, decode, encode, joined, lists_of, page_bytes
from jianlu.deliver.search.sealing import BUCKETS, bucket_of

positions = st.sets(st.integers(0, 2**40), min_size=1, max_size=60).map(sorted)
words = st.sampled_from(["bao", "dan", "~refund", "#", "$", "=name:王", "shi"])


def array(values: list[int]) -> np.ndarray:
    return np.array(values, dtype=np.int64)


@given(st.lists(positions, min_size=1, max_size=5))
def test_lists_written_one_after_another_are_read_back(lists: list[list[int]]) -> None:
    written = [encode(array(each)) for each in lists]
    read = decode(b"".join(each.deltas for each in written), [each.size for each in written])
    assert read.tolist() == [value for each in lists for value in each]
    assert [each.last for each in written] == [each[-1] for each in lists]


@given(st.lists(positions, min_size=1, max_size=5))
def test_joined_lists_are_the_lists_shifted(lists: list[list[int]]) -> None:
    shifts = [number * 2**41 for number in range(len(lists))]
    whole = joined((encode(array(each)), shift) for each, shift in zip(lists, shifts, strict=True))
    expected = [value + shift for each, shift in zip(lists, shifts, strict=True) for value in each]
    assert decode(whole.deltas, [whole.size]).tolist() == expected
    assert (whole.size, whole.last) == (len(expected), expected[-1])


@given(st.lists(st.tuples(words, words), min_size=1, max_size=60), st.integers(1, 300))
def test_a_page_gives_every_posting_back_and_no_other(pairs: list[tuple[str, str]], step: int) -> None:
    places = array([step * number for number in range(len(pairs))])
    page = Page(page_bytes(lists_of([a for a, _ in pairs], [b for _, b in pairs], places)))
    expected: dict[tuple[str, str], list[int]] = defaultdict(list)
    for pair, place in zip(pairs, places.tolist(), strict=True):
        expected[pair].append(place)
    for first in ("bao", "dan", "~refund", "#", "$", "=name:王", "shi", "sh", "ao"):
        for second in ("bao", "dan", "#", "$", "hi"):
            assert page.positions(first, second).tolist() == expected.get((first, second), [])
        assert page.all_positions(first).tolist() == sorted(at for (a, _), each in expected.items() if a == first for at in each)
    assert {pair: decode(each.deltas, [each.size]).tolist() for pair, each in page.lists()} == dict(expected)


@given(st.lists(st.lists(st.tuples(words, words), min_size=1, max_size=20), min_size=1, max_size=5), st.data())
def test_joining_blocks_and_taking_cases_out_move_nothing_else(cases: list[list[tuple[str, str]]], choice: st.DataObject) -> None:
    key = b"k" * 32
    blocks = []
    for number, pairs in enumerate(cases):
        lists = lists_of([a for a, _ in pairs], [b for _, b in pairs], np.arange(len(pairs), dtype=np.int64))
        roster = Roster(array([0]), array([len(pairs)]), array([number + 1]), array([0]))
        blocks.append((roster, {0: page_bytes(lists)}))
    block = merge(blocks, 0, key)
    gone = choice.draw(st.sets(st.integers(1, len(cases)), min_size=1))
    cleared = without(block.roster, block.pages, block.level, gone)
    base = 0
    for number, pairs in enumerate(cases, 1):
        for offset, (first, second) in enumerate(pairs):
            bucket = bucket_of(key, first, 1)
            assert base + offset in Page(block.pages[bucket]).positions(first, second)
            assert (base + offset in Page(cleared.pages[bucket]).positions(first, second)) == (number not in gone)
        base += len(pairs)
    assert sorted({*cleared.roster.ordinals.tolist()} - {0}) == [n for n in range(1, len(cases) + 1) if n not in gone]


def test_buckets_of_a_level_divide_those_of_the_level_below() -> None:
    for word in ("bao", "shi", "~refund", "=name:王"):
        for level in range(1, len(BUCKETS)):
            assert bucket_of(b"k", word, level) % BUCKETS[level - 1] == bucket_of(b"k", word, level - 1)


@pytest.mark.parametrize(("lists", "counts"), [(b"\x80", [1]), (b"\x01", [2]), (b"\x01\x01", [1]), (b"\x01\x80", [1])])
def test_a_damaged_list_is_an_error(lists: bytes, counts: list[int]) -> None:
    with pytest.raises(IntegrityError, match="damaged"):
        decode(lists, counts)
