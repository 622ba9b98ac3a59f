"""The published draws: drawn again by the words of `specs/review.md` with the standard library alone, and by the code."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from jianlu.judge.review.documents import parse_roll, parse_sample, roll_bytes, sample_bytes
from jianlu.judge.review.sampling import check_sample
from tests.vectors.review.write_vectors import FILE, vectors

PUBLISHED: list[dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))


def drawn_by_the_spec(roll_text: str, sample: dict[str, Any]) -> dict[str, list[str]]:
    """What the specification gives for a roll and the tree that the sample names."""
    roll = json.loads(roll_text)
    head = b"jianlu/review-seed@v1\x00" + sample["origin"].encode() + b"\x00" + sample["size"].to_bytes(8, "big")
    seed = hashlib.sha256(head + bytes.fromhex(sample["root"]) + hashlib.sha256(roll_text.encode()).digest()).digest()

    def mac(what: str, case: str) -> bytes:
        return hmac.digest(seed, what.encode() + b"\x00" + case.encode(), "sha256")

    counting = [each for each in roll["cases"] if not each["out"]]
    grouped = [each["case"] for each in counting if each["groups"]]
    others = [each["case"] for each in counting if not each["groups"]]
    number = (len(others) * roll["share_permille"] + 999) // 1000
    lowest = set(sorted(others, key=lambda case: mac("jianlu/review-rank@v1", case))[:number])
    drawn = [case for case in others if case in lowest]
    reviewed = [each["case"] for each in counting if each["case"] in lowest or each["groups"]]
    bound = roll["second_permille"] * 2**64
    twice = [c for c in reviewed if int.from_bytes(mac("jianlu/review-second@v1", c)[:8], "big") * 1000 < bound]
    return {"grouped": grouped, "drawn": drawn, "twice": twice}


@pytest.mark.parametrize("published", PUBLISHED, ids=[f"roll-{no}" for no, _ in enumerate(PUBLISHED, 1)])
def test_a_published_draw_is_drawn_again_by_the_words_of_the_spec(published: dict[str, str]) -> None:
    sample = json.loads(published["sample"])
    found = drawn_by_the_spec(published["roll"], sample)
    assert {name: sample[name] for name in found} == found
    assert sample["roll"] == hashlib.sha256(published["roll"].encode()).hexdigest()


@pytest.mark.parametrize("published", PUBLISHED, ids=[f"roll-{no}" for no, _ in enumerate(PUBLISHED, 1)])
def test_the_code_reads_and_repeats_a_published_draw(published: dict[str, str]) -> None:
    roll, sample = parse_roll(published["roll"].encode()), parse_sample(published["sample"].encode())
    check_sample(sample, roll, sample.tree)
    assert (roll_bytes(roll).decode(), sample_bytes(sample).decode()) == (published["roll"], published["sample"])


def test_the_published_draws_are_those_that_the_writer_gives() -> None:
    assert vectors() == PUBLISHED
    assert sum(len(json.loads(each["sample"])["drawn"]) for each in PUBLISHED) > 10
