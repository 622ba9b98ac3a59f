"""What must hold for every verdict: less evidence never makes a clause met, and no parsed input breaks a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import KINDS, Obligation
from jianlu.core.formats.verdicts import parse_verdicts, verdicts_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Coverage, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.verdicts import ClauseVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.core.verdicts.ranges import lies_in, outside, total_ms, union_of, within
from tests.fakes.conversation import ENGINE, events_of, obligation, plan_of
from tests.fakes.counter_sale import ORDER, conversation, sale_events, sale_inspections, sale_plan, with_changes

PLAN = sale_plan()
FEWER = settings(max_examples=40)
"""Judging a whole sale takes some tens of milliseconds."""
CASES = (
    list(ORDER),
    with_changes(replaced={"c02": "xc02_no"}),
    with_changes(replaced={"a09": "xc_reads_a09"}),
    with_changes(after={"a10": ["xa_promise"]}),
    with_changes(after={"a10": ["xc_ask_baoben", "xa_yes_short"]}),
    with_changes(replaced={"a10": ""}),
)


@cache
def _case(number: int) -> tuple[tuple[Event, ...], tuple[Inspection, ...]]:
    session = conversation(*CASES[number])
    return sale_events(session), sale_inspections(session, PLAN)


def _met(verdicts: Sequence[ClauseVerdict]) -> set[str]:
    return {v.clause for v in verdicts if v.verdict is Verdict.MET}


@FEWER
@given(st.integers(0, len(CASES) - 1), st.sets(st.sampled_from(Inspector)))
def test_removing_inspections_never_makes_a_clause_met(number: int, removed: set[Inspector]) -> None:
    events, inspections = _case(number)
    less = tuple(i for i in inspections if i.inspector not in removed)
    assert _met(judge(PLAN, events, less)) <= _met(judge(PLAN, events, inspections))


@FEWER
@given(st.integers(0, len(CASES) - 1), st.sets(st.integers(0, 200)))
def test_removing_phrase_findings_never_makes_a_required_thing_met(number: int, removed: set[int]) -> None:
    events, inspections = _case(number)
    required = {o.clause for o in PLAN.obligations if o.kind in ("require_step", "require_consent")}
    lessened = tuple(
        replace(i, findings=tuple(f for place, f in enumerate(i.findings) if place not in removed))
        if i.inspector is Inspector.PHRASES
        else i
        for i in inspections
    )
    asked = any(f.value["phrase"].startswith("ask_") for place in removed for f in inspections[1].findings[place : place + 1])
    if asked:  # without a later question its answer goes to the one before; the recomputed phrases show that it is gone
        required -= {o.clause for o in PLAN.obligations if o.kind == "require_consent"}
    required -= {o.clause for o in PLAN.obligations if o.params.get("before")}  # before what never came, everything came in time
    assert _met(judge(PLAN, events, lessened)) & required <= _met(judge(PLAN, events, inspections))


@FEWER
@given(st.integers(0, len(CASES) - 1), st.integers(0, 100), st.integers(0, 100), st.sampled_from(Inspector))
def test_covering_less_never_makes_a_clause_met(number: int, low: int, high: int, narrowed: Inspector) -> None:
    events, inspections = _case(number)
    part = tuple(
        replace(
            i,
            covered=tuple(
                replace(c, from_ms=c.to_ms * min(low, high) // 100, to_ms=c.to_ms * max(low, high) // 100) for c in i.covered
            ),
        )
        if i.inspector is narrowed
        else i
        for i in inspections
    )
    assert _met(judge(PLAN, events, part)) <= _met(judge(PLAN, events, inspections))


@FEWER
@given(st.integers(0, len(CASES) - 1), st.sets(st.integers(0, 60), max_size=8))
def test_removing_events_never_makes_a_clause_met(number: int, removed: set[int]) -> None:
    events, inspections = _case(number)
    less = tuple(event for place, event in enumerate(events) if place not in removed)
    assert _met(judge(PLAN, less, inspections)) <= _met(judge(PLAN, events, inspections))


@FEWER
@given(st.permutations(range(6)), st.integers(0, len(CASES) - 1))
def test_the_order_of_inspections_makes_no_difference(order: list[int], number: int) -> None:
    events, inspections = _case(number)
    turned = tuple(inspections[place] for place in order)
    assert judge(PLAN, events, turned) == judge(PLAN, events, inspections)


@FEWER
@given(st.integers(0, len(CASES) - 1))
def test_the_document_of_verdicts_reads_back_as_it_was(number: int) -> None:
    events, inspections = _case(number)
    verdicts = judge(PLAN, events, inspections)
    assert parse_verdicts(verdicts_bytes(verdicts)) == verdicts


# --- strange input -------------------------------------------------------------------------------------------------

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-10, 100_000)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
)
_VALUES = st.recursive(
    _LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from("abc"), v, max_size=2), max_leaves=5
)
_NAMES = [
    "phrase",
    "negated",
    "asked",
    "count",
    "height_permille",
    "offset_ms",
    "drift_ms",
    "snr_cdb",
    "speech_cdb",
    "lang",
    "text",
    "tokens",
    "variant",
]
_BODIES = st.dictionaries(
    st.sampled_from(["no", "from_ms", "to_ms", "segments", "duration_ms", "clause", "by", "part", "until", "reason", "side"]),
    _VALUES,
)
_TIMES = st.tuples(st.integers(0, 40_000), st.integers(0, 5000))
_FINDINGS = st.builds(
    lambda n, kind, track, times, score, value: Finding(f"f{n}", kind, track, times[0], sum(times), score, 500, ENGINE, value),
    st.integers(0, 999),
    st.sampled_from(FindingKind),
    st.sampled_from(["agent", "customer", "picture", "x"]),
    _TIMES,
    st.integers(-5, 1000),
    st.dictionaries(st.sampled_from(_NAMES), _VALUES | st.sampled_from(["p_safe", "ask_recording", False, True])),
)
_INSPECTIONS = st.builds(
    lambda inspector, status, covered, found: Inspection(inspector, status, "", ENGINE, tuple(covered), tuple(found)),
    st.sampled_from(Inspector),
    st.sampled_from(Status),
    st.lists(
        st.builds(Coverage, st.sampled_from(["agent", "customer", "picture"]), st.integers(0, 9), st.integers(10, 50_000)),
        max_size=4,
    ),
    st.lists(_FINDINGS, max_size=8),
)


@FEWER
@given(st.lists(st.tuples(st.sampled_from(EventType), _BODIES), max_size=12), st.lists(_INSPECTIONS, max_size=9))
def test_no_parsed_case_breaks_a_rule_and_none_of_its_verdicts_is_unwritable(
    bodies: list[tuple[EventType, dict[str, Any]]], inspections: list[Inspection]
) -> None:
    verdicts = judge(PLAN, events_of(*bodies), inspections)
    assert len(verdicts) == len(PLAN.clauses)
    assert parse_verdicts(verdicts_bytes(verdicts)) == verdicts


_PARAMS = st.dictionaries(
    st.sampled_from(
        [
            "step",
            "speaker",
            "points",
            "after",
            "before",
            "within_ms",
            "question",
            "asker",
            "answerer",
            "answers",
            "track",
            "part",
            "by",
        ]
    ),
    _VALUES,
)


@given(st.sampled_from(KINDS), _PARAMS)
def test_strange_parameters_end_in_our_own_error_or_in_a_verdict(kind: str, params: dict[str, Any]) -> None:
    strange: Obligation = obligation("strange", kind, params)
    try:
        (found,) = judge(plan_of([strange]), (), ())
    except InvalidError:
        return
    assert found.verdict is not Verdict.MET


@given(st.binary(max_size=200))
def test_random_bytes_are_no_verdicts_bytes(content: bytes) -> None:
    try:
        parse_verdicts(content)
    except InvalidError:
        return
    raise AssertionError("random bytes were taken for verdicts")


_RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(_RANGES, st.integers(1, 60))
def test_ranges_agree_with_counting_every_millisecond(ranges: list[tuple[int, int]], end: int) -> None:
    inside = {ms for low, high in ranges for ms in range(low, high)}
    assert total_ms(ranges) == len(inside)
    assert {ms for low, high in outside(ranges, (0, end)) for ms in range(low, high)} == set(range(end)) - inside
    assert {ms for low, high in within(ranges, (0, end)) for ms in range(low, high)} == inside & set(range(end))
    assert all(lies_in(union_of(ranges), low, high) == (set(range(low, high)) <= inside) for low, high in ranges if low < high)
