"""Prompts about pictures and voices hold as long as what was seen and heard tells how things are, and no longer."""

from __future__ import annotations

from jianlu.core.formats.plan import Plan
from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.judge.live_prompts import HEARD_MS, SHOWN_MS, Impressions
from tests.fakes.conversation import ENGINE, obligation, plan_of

NOW = 100_000
DARK, QUIET = ("picture_dark", "customer-picture"), ("voice_quiet", "customer")


def plan() -> Plan:
    return plan_of([obligation("promises", "forbid_phrase", {"speakers": ["agent"], "phrases": []})], [])


def picture(brightness: int) -> Finding:
    value = {"brightness": brightness, "count": 1, "height_permille": [300]}
    return Finding("f1", FindingKind.FACES, "customer-picture", 0, 1, 0, 0, ENGINE, value)


def test_a_picture_that_is_no_longer_new_prompts_nobody() -> None:
    known = Impressions()
    known.saw([picture(10)], NOW)
    assert known.prompts(plan(), NOW + SHOWN_MS, is_looking=True) == [DARK]
    known.saw([], NOW + SHOWN_MS)
    assert known.prompts(plan(), NOW + SHOWN_MS + 1, is_looking=True) == []


def test_a_newer_picture_replaces_the_older_one() -> None:
    known = Impressions()
    known.saw([picture(10)], NOW)
    known.saw([picture(120)], NOW + 2_000)
    assert known.prompts(plan(), NOW + 2_000, is_looking=True) == []


def test_where_nobody_may_look_any_more_nothing_is_said_of_pictures() -> None:
    known = Impressions()
    known.saw([picture(10)], NOW)
    known.heard([QUIET], NOW)
    assert known.prompts(plan(), NOW, is_looking=False) == [QUIET]


def test_a_voice_that_was_heard_long_ago_prompts_nobody() -> None:
    known = Impressions()
    known.heard([QUIET], NOW)
    assert known.prompts(plan(), NOW + HEARD_MS, is_looking=True) == [QUIET]
    assert known.prompts(plan(), NOW + HEARD_MS + 1, is_looking=True) == []
