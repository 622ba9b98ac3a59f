"""The whole inspection with engines that need no weights: statuses, coverage, and who fails when something breaks."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import pytest

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.formats.plan import Language, Phrase, Plan, Track
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.findings import FindingKind, Inspection, Inspector, Status
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.ports import InspectPorts
from tests.fakes.inspectors.clips import Clip, Sound, make_clip, room_tone, silent, with_burst
from tests.fakes.inspectors.engines import DiscDetector, LevelDetector, PitchRecognizer, speak

DURATION_MS = 6000
AGREED = Phrase("agreed", "zh", "我同意", (("wo", "tong", "yi"),), 800, ())
CHINESE = Language("zh", (("bu",),), 3, (), (("tong", "yi"),), (("bu", "tong", "yi"),), (("ma",),), ())
TRACKS = (Track("picture", "video", 0), Track("agent", "audio", 0), Track("customer", "audio", 1))
ENGINES = InspectPorts(LevelDetector(), PitchRecognizer(), DiscDetector())


def plan_of(tracks: tuple[Track, ...] = TRACKS, facts: Mapping[str, Any] | None = None) -> Plan:
    return Plan(facts or {"session.language": "zh"}, tracks, (), (), (AGREED,), (CHINESE,), (), (), ())


def say(sound: Sound, at_ms: int, words: str) -> Sound:
    """`sound` (48 kHz) with a sentence of the fake language."""
    heard = speak(words)
    said = np.interp(np.arange(len(heard) * 3) / 3, np.arange(len(heard)), heard)
    mixed = sound.copy()
    mixed[at_ms * 48 : at_ms * 48 + len(said)] += said.astype(np.float32)
    return mixed


@cache
def session() -> bytes:
    agent = with_burst(say(room_tone(DURATION_MS), 1500, "您好"), 600)
    customer = with_burst(say(room_tone(DURATION_MS, seed=2), 3000, "我同意"), 600)
    customer = with_burst(customer, 5480)
    agent = silent(with_burst(agent, 5480), 2500, 4500)
    return make_clip(Clip(duration_ms=DURATION_MS, marks=(600, 5480), black=(4000, 5000), sounds=(agent, customer)))


def reading(content: bytes) -> Callable[[], BinaryIO]:
    return lambda: io.BytesIO(content)


def inspected(using: InspectPorts = ENGINES, plan: Plan | None = None, content: bytes | None = None) -> dict[str, Inspection]:
    made = inspect_case(reading(session() if content is None else content), plan or plan_of(), using)
    assert [inspection.inspector for inspection in made] == list(Inspector)
    return {inspection.inspector.value: inspection for inspection in made}


def kinds(inspection: Inspection) -> list[tuple[str, str, int, int]]:
    return [(f.kind.value, f.track, f.from_ms, f.to_ms) for f in inspection.findings]


def near(found: tuple[str, str, int, int], kind: str, track: str, from_ms: int, to_ms: int, slack_ms: int = 60) -> bool:
    return found[:2] == (kind, track) and abs(found[2] - from_ms) <= slack_ms and abs(found[3] - to_ms) <= slack_ms


def test_everything_that_happens_is_found_where_it_happens() -> None:
    made = inspected()
    said = [(f.track, f.value["text"]) for f in made["speech"].findings]
    assert ("agent", "您好") in said
    assert ("customer", "我同意") in said
    assert any(near(f, "voiced", "customer", 3000, 3750) for f in kinds(made["voice"]))
    assert any(near(f, "phrase", "customer", 3000, 3750) for f in kinds(made["phrases"]))
    assert any(near(f, "dead", "agent", 2500, 4500) for f in kinds(made["sound"]))
    assert kinds(made["picture"]) == [("black", "picture", 4000, 5000)]
    assert [f.value["count"] for f in made["faces"].findings] == [1, 1, 1, 1, 0, 1]
    assert {f.value["offset_ms"] for f in made["sync"].findings if f.kind is FindingKind.OFFSET} <= set(range(-5, 6))


def test_every_inspection_is_a_valid_document() -> None:
    for inspection in inspected().values():
        assert parse_findings(findings_bytes(inspection)) == inspection


def test_every_finding_has_its_own_identifier_and_they_are_in_time_order() -> None:
    for inspection in inspected().values():
        ids = [finding.id for finding in inspection.findings]
        assert len(set(ids)) == len(ids)
        starts = [finding.from_ms for finding in inspection.findings]
        assert starts == sorted(starts)


def test_the_same_session_is_found_the_same_way_again() -> None:
    assert inspected() == inspected()


def test_phrases_are_what_the_verifier_computes() -> None:
    made = inspected()
    assert made["phrases"] == spot(plan_of(), made["speech"])


def test_both_audio_tracks_and_the_picture_are_covered_to_the_end() -> None:
    made = inspected()
    for name, tracks in {"voice": 2, "speech": 2, "sound": 2, "faces": 1, "picture": 1, "sync": 3}.items():
        covered = made[name].covered
        assert len({c.track for c in covered}) == len(covered) == tracks
        assert all(c.from_ms <= 50 and c.to_ms >= DURATION_MS - 20 for c in covered)


@pytest.mark.parametrize(
    ("using", "missing"),
    [
        (replace(ENGINES, recognizer=None), {"speech": "engine_absent"}),
        (replace(ENGINES, faces=None), {"faces": "engine_absent"}),
        (replace(ENGINES, voice=None), {"voice": "engine_absent", "speech": "voice_absent"}),
    ],
    ids=["no recogniser", "no face detector", "no voice detector"],
)
def test_an_absent_engine_is_said_to_be_absent(using: InspectPorts, missing: dict[str, str]) -> None:
    made = inspected(using)
    for name, reason in missing.items():
        assert (made[name].status, made[name].reason, made[name].findings, made[name].covered) == (Status.ABSENT, reason, (), ())
    assert all(made[name].status is Status.RAN for name in set(made) - set(missing) - {"phrases"})


@pytest.mark.parametrize(
    ("using", "broken"),
    [
        (replace(ENGINES, recognizer=PitchRecognizer(fails=True)), {"speech": "engine_failed:RuntimeError"}),
        (replace(ENGINES, faces=DiscDetector(fails=True)), {"faces": "engine_failed:RuntimeError"}),
        (
            replace(ENGINES, voice=LevelDetector(fails_after=2)),
            {"voice": "engine_failed:RuntimeError", "speech": "voice_failed:RuntimeError"},
        ),
    ],
    ids=["recogniser", "face detector", "voice detector"],
)
def test_an_engine_that_breaks_fails_alone_and_leaves_no_findings(using: InspectPorts, broken: dict[str, str]) -> None:
    made = inspected(using)
    for name, reason in broken.items():
        assert (made[name].status, made[name].reason, made[name].findings, made[name].covered) == (Status.FAILED, reason, (), ())
    assert all(made[name].status is Status.RAN for name in set(made) - set(broken) - {"phrases"})


def test_what_the_recogniser_could_not_make_out_is_not_covered() -> None:
    made = inspected(replace(ENGINES, recognizer=PitchRecognizer(confused_above=1000)))
    assert made["speech"].status is Status.RAN
    assert made["speech"].findings == ()
    covered = [c for c in made["speech"].covered if c.track == "customer"]
    assert not any(c.from_ms < 3500 < c.to_ms for c in covered)
    assert any(c.from_ms < 2000 < c.to_ms for c in covered)


def test_a_hole_in_a_track_is_dead_and_was_not_listened_to() -> None:
    clip = make_clip(Clip(duration_ms=4000, sounds=(room_tone(4000),), no_sound=(1000, 2500)))
    made = inspected(plan=plan_of(TRACKS[:2]), content=clip)
    assert any(near(f, "dead", "agent", 1000, 2500) for f in kinds(made["sound"]))
    assert [(round(c.from_ms, -2), round(c.to_ms, -2)) for c in made["voice"].covered] == [(0, 1000), (2500, 4000)]


def test_a_track_that_ends_early_is_dead_until_the_session_ends() -> None:
    clip = make_clip(Clip(duration_ms=4000, sounds=(room_tone(4000),), no_sound=(2000, 4000)))
    made = inspected(plan=plan_of(TRACKS[:2]), content=clip)
    assert any(near(f, "dead", "agent", 2000, 4000) for f in kinds(made["sound"]))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_language_that_the_recogniser_does_not_know_is_not_guessed(lang: str) -> None:
    made = inspected(plan=plan_of(facts={"session.language": lang}))
    assert (made["speech"].status, made["speech"].reason) == (Status.ABSENT, "language_unknown")


def test_a_session_without_a_picture_says_so() -> None:
    made = inspected(plan=plan_of(TRACKS[1:]))
    assert {name: made[name].reason for name in ("faces", "picture", "sync")} == dict.fromkeys(
        ("faces", "picture", "sync"), "no_track"
    )
    assert made["sound"].status is Status.RAN


def test_media_that_cannot_be_read_fails_every_inspection() -> None:
    made = inspected(content=b"not a recording")
    for name in ("voice", "speech", "faces", "picture", "sound", "sync"):
        assert (made[name].status, made[name].reason) == (Status.FAILED, "media_unreadable")


def test_evidence_that_does_not_open_stops_the_inspection() -> None:
    class BrokenSeal(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 30_000:
                raise IntegrityError("a segment does not open")
            return super().read(size)

    with pytest.raises(IntegrityError, match="does not open"):
        inspect_case(lambda: BrokenSeal(session()), plan_of(), ENGINES)


def test_progress_tells_each_track_and_its_time() -> None:
    told: dict[str, list[int]] = {}
    inspect_case(reading(session()), plan_of(), ENGINES, lambda track, at_ms: told.setdefault(track, []).append(at_ms))
    assert set(told) == {"picture", "agent", "customer"}
    for times in told.values():
        assert times == sorted(times)
        assert times[-1] >= DURATION_MS - 1100


def test_every_reader_is_closed_again() -> None:
    opened: list[io.BytesIO] = []

    def reader() -> BinaryIO:
        opened.append(io.BytesIO(session()))
        return opened[-1]

    inspect_case(reader, plan_of(), ENGINES)
    assert len(opened) == 3
    assert all(one.closed for one in opened)


def test_a_cut_recording_is_covered_as_far_as_it_goes() -> None:
    whole = session()
    made = inspected(content=whole[: len(whole) * 2 // 3])
    assert all(c.to_ms < DURATION_MS - 500 for c in made["voice"].covered)
