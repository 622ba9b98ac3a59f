"""Properties of the draw: the share is reached in every period, groups are whole, anybody draws the same, nothing afterwards changes it."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError
from jianlu.core.terms.digests import digest_of
from jianlu.judge.review.documents import parse_roll, parse_sample, roll_bytes, sample_bytes
from jianlu.judge.review.model import Candidate, Roll, Tree
from jianlu.judge.review.sampling import check_sample, draw, quota, seed_of

GROUPS = ("elder", "unit-linked")


def reference(number: int) -> str:
    """A case reference like those of the vault."""
    return "c" + base64.b32encode(hashlib.sha256(str(number).encode()).digest())[:26].decode().lower()


@st.composite
def rolls(draw_from: st.DrawFn, least: int = 0) -> Roll:
    numbers = draw_from(st.lists(st.integers(0, 10_000), min_size=least, max_size=60, unique=True))
    cases = []
    for position, number in enumerate(numbers):
        groups = tuple(draw_from(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)))
        out = draw_from(st.sampled_from(["", "", "", "other_rules", "not_concluded", "destroyed"]))
        cases.append(Candidate(reference(number), position, out, groups, "2026-12-11"))
    share, second = draw_from(st.integers(0, 1000)), draw_from(st.integers(0, 1000))
    return Roll("pack:sales", "1.0.0", "a" * 64, "2026-11-26", 1, 0, 1_000, share, second, tuple(cases))


def trees() -> st.SearchStrategy[Tree]:
    roots = st.binary(min_size=32, max_size=32).map(bytes.hex)
    return st.builds(Tree, st.just("bank.example/log"), st.integers(1, 1 << 40), roots)


def is_refused(roll: Roll, tree: Tree, sample_of: Roll) -> bool:
    try:
        check_sample(draw(sample_of, tree), roll, tree)
    except IntegrityError:
        return True
    return False


@given(rolls(), trees())
def test_the_share_is_reached_and_groups_are_whole(roll: Roll, tree: Tree) -> None:
    sample = draw(roll, tree)
    grouped = [each.case for each in roll.eligible if each.groups]
    others = [each.case for each in roll.eligible if not each.groups]
    assert list(sample.grouped) == grouped
    assert 1000 * len(sample.drawn) >= roll.share_permille * len(others)
    assert 1000 * (len(sample.drawn) - 1) < roll.share_permille * len(others) or not sample.drawn
    assert set(sample.drawn) <= set(others)
    assert set(sample.twice) <= {*sample.grouped, *sample.drawn}


@given(st.lists(rolls(), min_size=1, max_size=6), trees(), st.integers(0, 1000))
def test_the_share_is_reached_over_every_period_made_of_rolls(some: list[Roll], tree: Tree, share: int) -> None:
    some = [replace(roll, share_permille=share, no=no) for no, roll in enumerate(some, 1)]
    samples = [draw(roll, replace(tree, size=tree.size + no)) for no, roll in enumerate(some)]
    for start in range(len(some)):
        for end in range(start + 1, len(some) + 1):
            eligible = sum(len(roll.eligible) for roll in some[start:end])
            reviewed = sum(len(sample.grouped) + len(sample.drawn) for sample in samples[start:end])
            assert 1000 * reviewed >= share * eligible


@given(rolls(), trees())
def test_an_auditor_draws_the_same_from_the_documents(roll: Roll, tree: Tree) -> None:
    sample = draw(roll, tree)
    again, kept = parse_roll(roll_bytes(roll)), parse_sample(sample_bytes(sample))
    check_sample(kept, again, tree)
    assert (again, kept) == (roll, sample)
    assert sample_bytes(draw(again, tree)) == sample_bytes(sample)


@given(rolls(least=1), trees(), st.data())
def test_a_case_added_taken_out_or_altered_afterwards_is_found_out(roll: Roll, tree: Tree, choices: st.DataObject) -> None:
    place = choices.draw(st.integers(0, len(roll.cases) - 1))
    one = roll.cases[place]
    without = replace(roll, cases=roll.cases[:place] + roll.cases[place + 1 :])
    added = replace(roll, cases=(*roll.cases, replace(one, case=reference(20_000), closed=999)))
    altered = [
        replace(roll, cases=(*roll.cases[:place], changed, *roll.cases[place + 1 :]))
        for changed in (
            replace(one, out="destroyed" if not one.out else ""),
            replace(one, groups=("vip",)),
            replace(one, closed=998),
        )
    ]
    assert all(is_refused(roll, tree, other) for other in (without, added, *altered))
    assert not is_refused(roll, tree, roll)


@given(rolls(least=1), trees())
def test_a_sample_that_favours_somebody_is_found_out(roll: Roll, tree: Tree) -> None:
    sample = draw(roll, tree)
    assume(sample.drawn)
    spared = replace(sample, drawn=sample.drawn[1:])
    with pytest.raises(IntegrityError, match="put in or left out"):
        check_sample(spared, roll, tree)
    with pytest.raises(IntegrityError, match="another tree"):
        check_sample(draw(roll, replace(tree, size=tree.size + 1)), roll, tree)


@given(rolls(), st.sets(st.sampled_from(["origin", "size", "root", "roll"]), min_size=1))
def test_every_part_of_the_seed_decides(roll: Roll, changed: set[str]) -> None:
    tree = Tree("bank.example/log", 7, "ab" * 32)
    other = Tree(
        "bank.example/lo" if "origin" in changed else tree.origin,
        8 if "size" in changed else tree.size,
        "ac" * 32 if "root" in changed else tree.root,
    )
    digest = digest_of(roll_bytes(roll))
    assert seed_of(tree, digest) != seed_of(other, "0" * 64 if "roll" in changed else digest)


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_everybody_is_drawn_about_as_often_as_the_share_says(salt: int) -> None:
    """Ten cases, 300 trees: each is drawn 90 times on average, with a deviation of 8; six of them would be no chance."""
    cases = tuple(Candidate(reference(number), number, "", (), "2026-12-11") for number in range(10))
    roll = Roll("pack:sales", "1.0.0", "a" * 64, "2026-11-26", 1, 0, 1_000, 300, 500, cases)
    drawn: Counter[str] = Counter()
    twice: Counter[str] = Counter()
    for number in range(300):
        sample = draw(roll, Tree("bank.example/log", 5, hashlib.sha256(f"{salt} {number}".encode()).hexdigest()))
        drawn.update(sample.drawn)
        twice.update(sample.twice)
    assert sum(drawn.values()) == 900
    assert all(42 <= drawn[each.case] <= 138 for each in cases)
    assert 360 <= sum(twice.values()) <= 540


@given(st.integers(0, 2_000), st.integers(0, 1000))
def test_a_quota_is_the_least_number_that_reaches_the_share(cases: int, share: int) -> None:
    assert quota(cases, share) * 1000 >= cases * share > (quota(cases, share) - 1) * 1000
    assert all(small <= large for small, large in pairwise([quota(cases, each) for each in (0, share, 1000)]))
    assert quota(cases, 1000) == cases
