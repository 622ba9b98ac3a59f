"""Whose turn it is: somebody who waits for a finished step comes first, and looking never takes all there is."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError
from jianlu.judge.live_turns import AGAIN_MS, GLANCE_REST, TAIL_MS, Attempt, GlancePace, Looked, attempts_in, next_turn

NOW = 1_000_000


def running(step: str = "a", *, sealed_ms: int = 10_000, from_ms: int = 0) -> Attempt:
    return Attempt("c", step, 1, is_done=False, from_ms=from_ms, to_ms=0, sealed_ms=sealed_ms)


def over(step: str = "a", *, to_ms: int = 8_000, sealed_ms: int = 10_000) -> Attempt:
    return Attempt("c", step, 1, is_done=True, from_ms=0, to_ms=to_ms, sealed_ms=sealed_ms)


def looked(until_ms: int = 10_000, *, is_whole: bool = False, took_ms: int = 2_000, ago_ms: int = 0) -> Looked:
    return Looked(until_ms, is_whole, took_ms, NOW - ago_ms)


def test_with_nothing_sealed_there_is_nothing_to_look_at() -> None:
    assert next_turn([], {}, NOW) is None
    assert next_turn([running(sealed_ms=0), running(from_ms=9_000)], {}, NOW) is None


def test_a_step_that_is_over_comes_before_one_under_way_and_the_latest_before_older_ones() -> None:
    older, latest = over("a", to_ms=4_000), over("b", to_ms=9_000)
    assert next_turn([running("c"), older, latest], {}, NOW) == latest
    assert next_turn([running("c"), older, latest], {latest.name: looked(is_whole=True)}, NOW) == older


def test_a_step_that_is_over_but_not_yet_sealed_is_still_under_way() -> None:
    waiting = over(to_ms=11_000)
    assert not waiting.is_sealed
    assert next_turn([waiting], {waiting.name: looked(9_500, ago_ms=60_000)}, NOW) is None
    assert next_turn([waiting], {waiting.name: looked(8_000, ago_ms=60_000)}, NOW) == waiting


def test_a_step_is_not_sealed_before_its_last_word_is() -> None:
    assert not over(to_ms=8_000, sealed_ms=8_000 + TAIL_MS - 1).is_sealed
    assert over(to_ms=8_000, sealed_ms=8_000 + TAIL_MS).is_sealed


def test_a_step_looked_at_while_it_ran_is_looked_at_again_when_it_is_over() -> None:
    done = over()
    assert next_turn([done], {done.name: looked(10_000)}, NOW) == done


def test_between_looks_at_a_step_under_way_there_is_rest() -> None:
    step = running(sealed_ms=20_000)
    assert next_turn([step], {step.name: looked(took_ms=3_000, ago_ms=5_999)}, NOW) is None
    assert next_turn([step], {step.name: looked(took_ms=3_000, ago_ms=6_000)}, NOW) == step


def test_of_several_talks_the_one_that_waited_longest_is_next() -> None:
    one, other, fresh = running("a"), running("b"), running("c")
    memory = {one.name: looked(0, ago_ms=60_000), other.name: looked(0, ago_ms=90_000)}
    assert next_turn([one, other], memory, NOW) == other
    assert next_turn([one, other, fresh], memory, NOW) == fresh


def test_a_busy_machine_keeps_its_looks_for_steps_that_are_over() -> None:
    short, long, done = running("a", sealed_ms=20_000), running("b", sealed_ms=50_000), over("c")
    slow = {("c", "z", 1): looked(took_ms=3_001, is_whole=True, ago_ms=1_000)}
    assert next_turn([short], slow, NOW) is None
    assert next_turn([short, long], slow, NOW) == long
    assert next_turn([short, done], slow, NOW) == done
    assert next_turn([short], {("c", "z", 1): looked(took_ms=3_001, is_whole=True, ago_ms=60_000)}, NOW) == short


def test_a_whole_look_that_did_not_arrive_is_made_again_after_a_while() -> None:
    step = over()
    assert next_turn([step], {step.name: looked(is_whole=True, ago_ms=AGAIN_MS - 1)}, NOW) is None
    assert next_turn([step], {step.name: looked(is_whole=True, ago_ms=AGAIN_MS)}, NOW) == step


def test_what_the_web_process_says_is_read_strictly() -> None:
    said = {"step": "a", "attempt": 1, "is_done": True, "from_ms": 0, "to_ms": 8_000}
    assert attempts_in([{"case": "c", "recorded_until_ms": 10_000, "attempts": [said]}]) == [over()]
    with pytest.raises(InvalidError):
        attempts_in([{"case": "c", "attempts": [said]}])


def test_glances_at_the_newest_pictures_of_all_talks_take_no_more_than_their_share() -> None:
    pace, took_ms, talks = GlancePace(), 100, 3
    assert not pace.is_resting("c", NOW)
    pace.rest("c", NOW, took_ms=took_ms, talks=talks)
    rested_ms = NOW + GLANCE_REST * took_ms * talks
    assert pace.is_resting("c", rested_ms - 1) and not pace.is_resting("c", rested_ms)
    assert not pace.is_resting("d", NOW), "each talk has its turn"
    pace.forget("c")
    assert not pace.is_resting("c", NOW)
