"""The rules of picture, presence, sound and synchronism: exactly the threshold is met, one more is not, nothing seen is not evidenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.findings import Coverage, Finding, FindingKind, Inspection, Inspector
from jianlu.core.terms.verdicts import ObligationVerdict, Verdict
from jianlu.core.verdicts.clauses import judge
from tests.fakes.conversation import absent, finding, findings_of, obligation, plan_of, recording

END = 60_000
PRESENCE = obligation(
    "presence",
    "require_presence",
    {"track": "picture", "faces_min": 2, "share_permille": 900, "absent_ms_max": 5000, "height_permille_min": 100},
)
PICTURE = obligation("picture", "require_picture", {"track": "picture", "black_ms_max": 2000, "frozen_ms_max": 5000})
SOUND = obligation(
    "sound", "require_sound", {"tracks": ["agent", "customer"], "dead_ms_max": 3000, "snr_cdb_min": 1000, "speech_cdb_min": -4500}
)
SYNC = obligation("sync", "require_sync", {"offset_ms_max": 80, "drift_ms_max": 80, "marks_min": 2})
AUDIO = ("agent", "customer")


def answer(what: Obligation, *inspections: Inspection) -> ObligationVerdict:
    return judge(plan_of([what]), recording(END), inspections)[0].obligations[0]


def codes(found: ObligationVerdict) -> list[str]:
    return [reason.code for reason in found.reasons]


# --- presence ------------------------------------------------------------------------------------------------------


def faces(counts: Sequence[int], height: int = 300) -> Inspection:
    seconds = [
        finding(FindingKind.FACES, "picture", n * 1000, n * 1000 + 1000, count=c, height_permille=[height] * c)
        for n, c in enumerate(counts)
    ]
    return findings_of(Inspector.FACES, END, ["picture"], seconds)


def test_two_faces_throughout_are_met() -> None:
    found = answer(PRESENCE, faces([2] * 60))
    assert (found.verdict, [(e.from_ms, e.to_ms) for e in found.evidence]) == (Verdict.MET, [(0, END)])


@pytest.mark.parametrize(("gone", "expected"), [(5, []), (6, ["face_gone"])])
def test_a_face_may_be_gone_for_as_long_as_the_limit(gone: int, expected: list[str]) -> None:
    found = answer(PRESENCE, faces([2] * 20 + [1] * gone + [2] * (40 - gone)))
    assert codes(found) == expected
    assert [(r.from_ms, r.to_ms) for r in found.reasons] == ([(20_000, 26_000)] if expected else [])


@pytest.mark.parametrize(("poor", "expected"), [(6, []), (7, ["few_faces"])])
def test_faces_must_be_seen_for_the_share_asked(poor: int, expected: list[str]) -> None:
    counts = [1 if n % 2 == 0 and n < 2 * poor else 2 for n in range(60)]
    found = answer(PRESENCE, faces(counts))
    assert codes(found) == expected
    assert [r.about for r in found.reasons] == (["883"] if expected else [])


@pytest.mark.parametrize(("height", "verdict"), [(100, Verdict.MET), (99, Verdict.NOT_MET)])
def test_faces_must_be_as_tall_as_asked(height: int, verdict: Verdict) -> None:
    assert answer(PRESENCE, faces([2] * 60, height)).verdict is verdict


def test_seconds_without_a_finding_count_as_without_faces() -> None:
    assert codes(answer(PRESENCE, faces([2] * 53))) == ["face_gone", "few_faces"]


def test_more_faces_claimed_than_listed_are_not_believed() -> None:
    claimed = [finding(FindingKind.FACES, "picture", 0, END, count=2, height_permille=[300])]
    assert answer(PRESENCE, findings_of(Inspector.FACES, END, ["picture"], claimed)).verdict is Verdict.NOT_MET
    malformed = [finding(FindingKind.FACES, "picture", 0, END, count="2", height_permille="tall")]
    assert answer(PRESENCE, findings_of(Inspector.FACES, END, ["picture"], malformed)).verdict is Verdict.NOT_MET


# --- picture -------------------------------------------------------------------------------------------------------


def picture(*found: Finding) -> Inspection:
    return findings_of(Inspector.PICTURE, END, ["picture"], found)


@pytest.mark.parametrize(
    ("kind", "length_ms", "expected"),
    [
        (FindingKind.BLACK, 2000, []),
        (FindingKind.BLACK, 2001, ["black"]),
        (FindingKind.FROZEN, 5000, []),
        (FindingKind.FROZEN, 5001, ["frozen"]),
    ],
)
def test_black_and_frozen_stretches_count_from_the_limit_on(kind: FindingKind, length_ms: int, expected: list[str]) -> None:
    found = answer(PICTURE, picture(finding(kind, "picture", 10_000, 10_000 + length_ms)))
    assert codes(found) == expected
    assert [(r.from_ms, r.to_ms) for r in found.reasons] == ([(10_000, 10_000 + length_ms)] if expected else [])


def test_a_black_stretch_in_two_findings_is_one_stretch() -> None:
    halves = [finding(FindingKind.BLACK, "picture", 10_000, 11_500), finding(FindingKind.BLACK, "picture", 11_500, 13_000)]
    assert [(r.from_ms, r.to_ms) for r in answer(PICTURE, picture(*halves)).reasons] == [(10_000, 13_000)]


def test_a_fault_on_another_track_is_not_this_tracks() -> None:
    assert answer(PICTURE, picture(finding(FindingKind.BLACK, "screen", 0, 30_000))).verdict is Verdict.MET


# --- sound ---------------------------------------------------------------------------------------------------------


def level(track: str, *, snr: Any = 3000, speech: Any = -2300) -> Finding:
    return finding(FindingKind.LEVEL, track, 0, END, snr_cdb=snr, speech_cdb=speech, noise_cdb=-6000, peak_cdb=-100)


def sound(*found: Finding) -> Inspection:
    return findings_of(Inspector.SOUND, END, AUDIO, found)


def test_live_clear_and_loud_tracks_are_met() -> None:
    assert answer(SOUND, sound(level("agent"), level("customer"))).verdict is Verdict.MET


@pytest.mark.parametrize(("length_ms", "expected"), [(3000, []), (3001, ["dead"]), (30_000, ["dead"])])
def test_a_track_may_be_dead_for_as_long_as_the_limit(length_ms: int, expected: list[str]) -> None:
    dead = finding(FindingKind.DEAD, "customer", 20_000, 20_000 + length_ms, level_cdb=-12_000)
    found = answer(SOUND, sound(level("agent"), level("customer"), dead))
    assert [(r.code, r.track, r.from_ms) for r in found.reasons] == [(code, "customer", 20_000) for code in expected]


@pytest.mark.parametrize(
    ("snr", "speech", "expected"),
    [(1000, -4500, []), (999, -4500, ["noisy"]), (1000, -4501, ["quiet"]), (0, -9000, ["noisy", "quiet"])],
)
def test_levels_count_from_the_limit_on(snr: int, speech: int, expected: list[str]) -> None:
    assert codes(answer(SOUND, sound(level("agent"), level("customer", snr=snr, speech=speech)))) == expected


@pytest.mark.parametrize(
    "found", [[level("agent")], [level("agent"), level("customer", snr=None)], [level("agent"), level("customer", speech="loud")]]
)
def test_a_track_without_a_measured_level_is_not_evidenced(found: list[Finding]) -> None:
    assert [(r.code, r.track) for r in answer(SOUND, sound(*found)).reasons] == [("no_level", "customer")]


# --- synchronism ---------------------------------------------------------------------------------------------------


def marks(*offsets: int | str, track: str = "agent") -> list[Finding]:
    return [
        finding(FindingKind.OFFSET, track, 600 + n * 20_000, 720 + n * 20_000, offset_ms=offset)
        for n, offset in enumerate(offsets)
    ]


def sync(*found: Finding) -> Inspection:
    return findings_of(Inspector.SYNC, END, AUDIO, found)


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ((0, 0), []),
        ((80, 80), []),
        ((-80, -80), []),
        ((81, 81), ["offset", "offset"]),
        ((-300, -300), ["offset", "offset"]),
        ((-40, 40), []),
        ((-41, 40), ["drift"]),
        ((80, -80), ["drift"]),
    ],
)
def test_offset_and_drift_count_from_the_limit_on(offsets: tuple[int, ...], expected: list[str]) -> None:
    assert codes(answer(SYNC, sync(*marks(*offsets), *marks(0, 0, track="customer")))) == expected


def test_an_offset_is_located_at_its_mark() -> None:
    found = answer(SYNC, sync(*marks(0, 300, 0), *marks(0, 0, track="customer")))
    assert [(r.track, r.from_ms, r.about) for r in found.reasons] == [("agent", 20_600, "300")]


def test_a_measured_drift_counts_beside_the_marks() -> None:
    drift = finding(FindingKind.DRIFT, "agent", 0, END, drift_ms=-81, marks=2)
    assert codes(answer(SYNC, sync(*marks(0, 0), *marks(0, 0, track="customer"), drift))) == ["drift"]


def test_too_few_marks_on_any_track_are_not_evidenced() -> None:
    found = answer(SYNC, sync(*marks(0, 0), *marks(0, track="customer")))
    assert (found.verdict, [(r.code, r.track, r.about) for r in found.reasons]) == (
        Verdict.NOT_EVIDENCED,
        [("few_marks", "customer", "1")],
    )
    assert answer(SYNC, sync()).verdict is Verdict.NOT_EVIDENCED
    assert answer(SYNC, sync(*marks(0, "0"), *marks(0, 0, track="customer"))).verdict is Verdict.NOT_EVIDENCED


# --- all of them ---------------------------------------------------------------------------------------------------

CLEAN = {
    "presence": (PRESENCE, faces([2] * 60)),
    "picture": (PICTURE, picture()),
    "sound": (SOUND, sound(level("agent"), level("customer"))),
    "sync": (SYNC, sync(*marks(0, 0), *marks(0, 0, track="customer"))),
}


@pytest.mark.parametrize("name", CLEAN)
def test_each_sense_is_met_when_clean_and_not_evidenced_without_its_engine(name: str) -> None:
    what, inspection = CLEAN[name]
    assert answer(what, inspection).verdict is Verdict.MET
    for inspections in ((), (absent(inspection),), (inspection, inspection)):
        assert answer(what, *inspections).verdict is Verdict.NOT_EVIDENCED


@pytest.mark.parametrize("name", CLEAN)
def test_each_sense_is_not_evidenced_when_it_looked_at_a_part_only(name: str) -> None:
    what, inspection = CLEAN[name]
    part = replace(inspection, covered=tuple(Coverage(c.track, 0, 59_399) for c in inspection.covered))
    found = answer(what, part)
    assert (found.verdict, set(codes(found))) == (Verdict.NOT_EVIDENCED, {"not_covered"})
    whole = replace(inspection, covered=tuple(Coverage(c.track, 0, 59_400) for c in inspection.covered))
    assert answer(what, whole).verdict is Verdict.MET


@pytest.mark.parametrize("name", CLEAN)
def test_each_sense_is_not_evidenced_without_an_end_of_the_recording(name: str) -> None:
    what, inspection = CLEAN[name]
    (found,) = judge(plan_of([what]), recording(END)[:-1], (inspection,))
    assert (found.verdict, [r.code for r in found.reasons]) == (Verdict.NOT_EVIDENCED, ["not_ended"])


@pytest.mark.parametrize(
    ("what", "change"),
    [
        (PRESENCE, {"faces_min": 0}),
        (PRESENCE, {"share_permille": 1001}),
        (PRESENCE, {"track": ""}),
        (PICTURE, {"black_ms_max": -1}),
        (PICTURE, {"frozen_ms_max": "5"}),
        (SOUND, {"tracks": []}),
        (SOUND, {"snr_cdb_min": None}),
        (SYNC, {"marks_min": 0}),
        (SYNC, {"colour": 1}),
    ],
)
def test_malformed_parameters_of_a_sense_are_refused(what: Obligation, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidError, match=what.id):
        answer(replace(what, params={**what.params, **change}))
