"""The rules that read events alone: continuity, attestation, retention; and how clauses come out of their obligations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Obligation, Plan, Retention
from jianlu.core.terms.events import EventType
from jianlu.core.terms.verdicts import Basis, ObligationVerdict, Verdict
from jianlu.core.verdicts.clauses import judge, reasons_of, tally
from tests.fakes.conversation import clause, events_of, obligation, plan_of, recording

CONTINUITY = obligation("continuity", "require_continuity", {"gap_ms_max": 0})
ATTESTED = obligation("seen", "require_attestation", {"by": ["agent", "reviewer"], "what": {"zh": "已出示", "en": "shown"}})
KEPT = obligation("kept", "retain_for", {"part": "recording"})

Body = tuple[EventType, Mapping[str, Any]]
STARTED: Body = (EventType.RECORDING_STARTED, {})


def segment(no: object, from_ms: object, to_ms: object) -> Body:
    return EventType.SEGMENT_SEALED, {"no": no, "from_ms": from_ms, "to_ms": to_ms}


def gap(from_ms: object, to_ms: object, side: str = "source") -> Body:
    return EventType.GAP_DECLARED, {"from_ms": from_ms, "to_ms": to_ms, "reason": "lost", "side": side}


def ended(segments: object = 2, duration_ms: object = 4000) -> Body:
    return EventType.RECORDING_ENDED, {"segments": segments, "duration_ms": duration_ms, "media_bytes": 1}


def answer(what: Obligation, events: tuple[Event, ...], plan: Plan | None = None) -> ObligationVerdict:
    return judge(plan or plan_of([what]), events, ())[0].obligations[0]


WHOLE = (STARTED, segment(1, 0, 2000), segment(2, 2000, 4000), ended())


def test_an_orderly_recording_is_continuous() -> None:
    found = answer(CONTINUITY, events_of(*WHOLE))
    assert (found.verdict, [(e.track, e.from_ms, e.to_ms) for e in found.evidence]) == (Verdict.MET, [("session", 0, 4000)])
    assert answer(CONTINUITY, recording(91_234)).verdict is Verdict.MET


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([segment(1, 0, 2000), segment(2, 2000, 4000), ended()], [("not_started", 0, 0)]),
        ([STARTED, segment(1, 0, 2000), segment(2, 2000, 4000)], [("not_ended", 0, 4000)]),
        ([], [("not_started", 0, 0), ("not_ended", 0, 0)]),
        ([STARTED, *WHOLE], [("recorded_again", 0, 0)]),
        ([*WHOLE, ended()], [("recorded_again", 0, 0), ("not_ended", 0, 4000)]),
        ([*WHOLE, (EventType.RECORDING_ABANDONED, {"reason": "operator"})], [("abandoned", 0, 0)]),
        ([STARTED, segment(1, 0, 2000), ended(1)], [("gap_undeclared", 2000, 4000)]),
        ([STARTED, segment(1, 0, 2000), segment(3, 2000, 4000), ended()], [("segment_missing", 2000, 4000)]),
        (
            [STARTED, segment(1, 0, 2000), segment(1, 0, 2000), segment(2, 2000, 4000), ended(3)],
            [("segment_missing", 0, 2000)] * 2,
        ),
        ([STARTED, segment(1, 0, 2000), segment(2, 2500, 4000), ended()], [("gap_undeclared", 2000, 2500)]),
        ([STARTED, segment(1, 0, 2000), segment(2, 1500, 4000), ended()], [("segment_missing", 1500, 4000)]),
        ([STARTED, segment(1, 0, 2000), gap(2000, 2500), segment(2, 2500, 4000), ended()], [("gap_declared", 2000, 2500)]),
        ([STARTED, segment(1, 0, 2000), segment(2, 2000, 4000), ended(3)], [("totals_differ", 0, 4000)]),
        ([STARTED, segment(1, 0, 2000), segment(2, 2000, 4000), ended(2, 3000)], [("totals_differ", 0, 3000)]),
        ([STARTED, segment(1, 0, 2000), segment(2, 2000, 4000), ended(2, 5000)], [("gap_undeclared", 4000, 5000)]),
        (
            [STARTED, segment(1, 0, 2000), segment("2", None, 4000), ended()],
            [("segment_missing", 0, 0), ("gap_undeclared", 2000, 4000), ("segment_missing", 0, 0)],
        ),
    ],
)
def test_each_way_to_break_a_recording_is_named_and_located(events: list[Body], expected: list[tuple[str, int, int]]) -> None:
    found = answer(CONTINUITY, events_of(*events))
    assert found.verdict is Verdict.NOT_MET
    assert [(r.code, r.from_ms, r.to_ms) for r in found.reasons] == expected


@pytest.mark.parametrize(("length_ms", "verdict"), [(500, Verdict.MET), (501, Verdict.NOT_MET)])
def test_a_declared_gap_counts_from_the_limit_on(length_ms: int, verdict: Verdict) -> None:
    tolerant = replace(CONTINUITY, params={"gap_ms_max": 500})
    events = events_of(STARTED, segment(1, 0, 2000), gap(2000, 2000 + length_ms), segment(2, 2000 + length_ms, 4000), ended())
    assert answer(tolerant, events).verdict is verdict


def test_a_gap_of_one_track_names_the_track() -> None:
    found = answer(CONTINUITY, events_of(*WHOLE[:-1], gap(500, 900, "customer"), WHOLE[-1]))
    assert [(r.track, r.about) for r in found.reasons] == [("customer", "lost")]


# --- attestation ---------------------------------------------------------------------------------------------------


def attestation(**changes: object) -> Body:
    body = {"clause": "test:seen", "by": "agent", "from_ms": 100, "to_ms": 2000, "commit": "0" * 64}
    return EventType.ATTESTATION_RECORDED, {**body, **changes}


def test_an_attestation_by_the_right_role_is_met_and_shows_its_stretch() -> None:
    plan = plan_of([ATTESTED], attested=["seen"])
    (found,) = judge(plan, recording(4000, attestation(by="reviewer")), ())
    assert (found.verdict, found.basis, [(e.from_ms, e.to_ms) for e in found.evidence]) == (
        Verdict.MET,
        Basis.ATTESTED,
        [(100, 2000)],
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"by": "customer"}, "wrong_attester"),
        ({"by": 5}, "wrong_attester"),
        ({"clause": "test:other"}, "not_attested"),
        ({"from_ms": 2000}, "not_attested"),
        ({"to_ms": 4001}, "not_attested"),
        ({"to_ms": "2000"}, "not_attested"),
        ({"clause": None}, "not_attested"),
    ],
)
def test_an_attestation_by_others_or_about_something_else_evidences_nothing(changes: dict[str, object], code: str) -> None:
    found = answer(ATTESTED, recording(4000, attestation(**changes)))
    assert (found.verdict, [r.code for r in found.reasons]) == (Verdict.NOT_EVIDENCED, [code])


def test_without_attestation_or_end_nothing_is_evidenced() -> None:
    assert [r.code for r in answer(ATTESTED, recording(4000)).reasons] == ["not_attested"]
    assert [r.code for r in answer(ATTESTED, recording(4000, attestation())[:-1]).reasons] == ["not_ended"]


# --- retention -----------------------------------------------------------------------------------------------------


def kept(until: object, part: str = "recording") -> Body:
    return EventType.RETENTION_SET, {"part": part, "until": until, "clause": "test:kept"}


def keeping(until: str) -> Plan:
    return plan_of([KEPT], retention=[Retention("recording", until, "test:kept", ())])


@pytest.mark.parametrize(
    ("needed", "events", "expected"),
    [
        ("2046-11-20", [kept("2046-11-20")], []),
        ("2046-11-20", [kept("2046-11-21")], []),
        ("2046-11-20", [kept("open")], []),
        ("open", [kept("open")], []),
        ("2046-11-20", [kept("2046-11-19")], ["retention_short"]),
        ("open", [kept("2099-01-01")], ["retention_short"]),
        ("2046-11-20", [kept("2046-11-20"), kept("2027-01-01")], ["retention_short"]),
        ("2046-11-20", [kept("2027-01-01"), kept("2046-11-20")], []),
        ("2046-11-20", [], ["retention_not_set"]),
        ("2046-11-20", [kept("2046-11-20", "transcript")], ["retention_not_set"]),
        ("2046-11-20", [kept("soon")], ["retention_not_set"]),
        ("2046-11-20", [kept(20461120)], ["retention_not_set"]),
    ],
)
def test_retention_must_reach_the_plans_date(needed: str, events: list[Body], expected: list[str]) -> None:
    found = answer(KEPT, recording(4000, *events), keeping(needed))
    assert [r.code for r in found.reasons] == expected
    assert found.verdict is (Verdict.NOT_MET if expected else Verdict.MET)


def test_a_part_without_a_term_in_the_plan_is_not_evidenced() -> None:
    assert [r.code for r in answer(KEPT, recording(4000, kept("open"))).reasons] == ["term_unknown"]


# --- clauses -------------------------------------------------------------------------------------------------------


def test_a_clause_is_as_good_as_its_worst_obligation() -> None:
    both = [CONTINUITY, replace(ATTESTED, clause="continuity"), replace(KEPT, clause="continuity")]
    plan = plan_of(both, retention=[Retention("recording", "2046-11-20", "test:kept", ())])
    (worst,) = judge(plan, recording(4000), ())
    assert (worst.verdict, [r.code for r in reasons_of(worst)]) == (Verdict.NOT_MET, ["retention_not_set"])
    assert [r.code for r in worst.reasons] == ["retention_not_set", "not_attested"]
    (doubtful,) = judge(plan, recording(4000, kept("open")), ())
    assert (doubtful.verdict, len(doubtful.obligations)) == (Verdict.NOT_EVIDENCED, 3)


def test_clauses_are_answered_in_the_plans_order_and_those_out_of_scope_not_at_all() -> None:
    plan = plan_of([KEPT, CONTINUITY])
    scoped = replace(plan, clauses=(clause("far", status="out_of_scope"), *reversed(plan.clauses), clause("bare")))
    verdicts = judge(scoped, recording(4000), ())
    assert [v.clause for v in verdicts] == ["continuity", "kept", "bare"]
    assert tally(verdicts) == {"met": 1, "not_met": 0, "not_evidenced": 2}
    assert [r.code for r in verdicts[2].reasons] == ["no_obligation"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CONTINUITY, params={}),
        replace(CONTINUITY, kind="require_magic"),
        replace(ATTESTED, params={"by": ["agent"], "what": "seen"}),
        replace(ATTESTED, params={"by": [], "what": {}}),
        replace(KEPT, params={"part": 1}),
    ],
)
def test_a_malformed_obligation_is_refused_by_its_name(wrong: Obligation) -> None:
    with pytest.raises(InvalidError, match=wrong.id):
        judge(plan_of([wrong]), recording(4000), ())
