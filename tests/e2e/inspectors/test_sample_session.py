"""Real engines on the bundled sample, recorded as capture records it: what is in the session is found where it is.

The truth is the sample's own timeline. Recognition is slow, and marked so; everything else runs each time.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jianlu.backends.faces.yunet import YuNetDetector
from jianlu.backends.speech.whisper import WhisperRecognizer
from jianlu.backends.voice.silero import SileroDetector
from jianlu.capture.model import TrackRole
from jianlu.capture.ports import CapturePorts
from jianlu.capture.uploads.capture_file import capture_file
from jianlu.core.formats.plan import Plan, Track
from jianlu.core.terms.findings import Finding, FindingKind, Inspection, Status
from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT, Encoding, Mute, Recipe, Span
from jianlu.entry.sample.schedule import Timeline
from jianlu.entry.sample.script import utterances
from jianlu.govern.wording.tokens import tokens_of
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.ports import InspectPorts
from jianlu.process.models.registry import find_model
from tests.fakes.capture.memory_log import MemoryLog

TRACKS = (Track("picture", "video", 0), Track("agent", "audio", 0), Track("customer", "audio", 1))


@dataclass(frozen=True)
class Session:
    """A recorded session, the truth about it, and what was found."""

    truth: Timeline
    duration_ms: int
    made: dict[str, Inspection]

    def found(self, inspector: str, kind: FindingKind) -> list[Finding]:
        return [finding for finding in self.made[inspector].findings if finding.kind is kind]


def recorded(recipe: Recipe, folder: Path, *, is_heard: bool) -> Session:
    """Assemble, capture and inspect; with speech where `is_heard`."""
    truth = assemble(recipe, folder / "session")
    log = MemoryLog()
    roles = [TrackRole(0, "agent"), TrackRole(1, "customer")]
    recording = capture_file(folder / "session", tracks=roles, using=CapturePorts(log))
    recognizer = WhisperRecognizer(find_model("whisper-base")) if is_heard else None
    using = InspectPorts(SileroDetector(find_model("silero-vad")), recognizer, YuNetDetector(find_model("yunet")))
    plan = Plan({"session.language": "zh"}, TRACKS, (), (), (), (), (), (), ())
    made = inspect_case(lambda: io.BytesIO(log.playable()), plan, using)
    return Session(truth, recording.duration_ms, {inspection.inspector.value: inspection for inspection in made})


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Black for 5 s, frozen for 8 s, the customer muted for 10 s, all sound 300 ms late, in another container and codec."""
    recipe = replace(
        DEFAULT,
        lines=DEFAULT.lines[:8],
        marks_every_ms=15_000,
        black=Span(18_000, 23_000),
        freeze=Span(26_000, 34_000),
        mutes=(Mute("customer", Span(36_000, 46_000)),),
        audio_shift_ms=300,
        encoding=Encoding("mkv", "h264", "opus"),
    )
    return recorded(recipe, tmp_path_factory.mktemp("broken"), is_heard=False)


def test_black_picture_is_found_to_a_tenth_of_a_second(broken: Session) -> None:
    (black,) = broken.found("picture", FindingKind.BLACK)
    assert abs(black.from_ms - 18_000) <= 100
    assert abs(black.to_ms - 23_000) <= 100


def test_frozen_picture_is_found_to_a_fifth_of_a_second(broken: Session) -> None:
    (frozen,) = broken.found("picture", FindingKind.FROZEN)
    assert abs(frozen.from_ms - 26_000) <= 200
    assert abs(frozen.to_ms - 34_000) <= 200


def test_a_muted_party_is_found_and_the_quiet_one_is_not_accused(broken: Session) -> None:
    (dead,) = broken.found("sound", FindingKind.DEAD)
    assert dead.track == "customer"
    assert abs(dead.from_ms - 36_000) <= 100
    assert abs(dead.to_ms - 46_000) <= 100


def test_late_sound_is_measured_to_fifteen_milliseconds_on_every_track(broken: Session) -> None:
    offsets = broken.found("sync", FindingKind.OFFSET)
    assert {finding.track for finding in offsets} == {"agent", "customer"}
    assert len([finding for finding in offsets if finding.track == "agent"]) >= 2
    assert all(abs(finding.value["offset_ms"] - 300) <= 15 for finding in offsets)
    assert all(abs(finding.value["drift_ms"]) <= 15 for finding in broken.found("sync", FindingKind.DRIFT))


def test_two_faces_are_seen_whenever_there_is_a_picture(broken: Session) -> None:
    for look in broken.found("faces", FindingKind.FACES):
        is_black = 18_000 <= look.from_ms < 23_000
        assert look.value["count"] == (0 if is_black else 2)


def test_everybody_is_heard_when_they_speak(broken: Session) -> None:
    voiced = broken.found("voice", FindingKind.VOICED)
    for line in broken.truth.lines:
        if line.role == "agent" or not 36_000 <= line.from_ms < 46_000:
            spoken = [v for v in voiced if v.track == line.role and v.from_ms < line.to_ms and v.to_ms > line.from_ms]
            heard_ms = sum(min(v.to_ms, line.to_ms) - max(v.from_ms, line.from_ms) for v in spoken)
            assert heard_ms >= 0.6 * (line.to_ms - line.from_ms)


def test_the_whole_session_was_examined(broken: Session) -> None:
    for name in ("voice", "faces", "picture", "sound", "sync"):
        inspection = broken.made[name]
        assert inspection.status is Status.RAN
        covered = sum(c.to_ms - c.from_ms for c in inspection.covered)
        tracks = len({c.track for c in inspection.covered})
        assert covered >= 0.99 * broken.duration_ms * tracks


# ------------------------------------------------------------------------------------------------------------ speech


@pytest.fixture(scope="module")
def lawful(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return recorded(DEFAULT, tmp_path_factory.mktemp("lawful"), is_heard=True)


def distance(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Edits between two token lists."""
    row = list(range(len(heard) + 1))
    for number, token in enumerate(wanted, 1):
        above, row[0] = row[:], number
        for place, other in enumerate(heard, 1):
            row[place] = min(above[place] + 1, row[place - 1] + 1, above[place - 1] + (token != other))
    return row[-1]


def heard_at(session: Session, role: str, from_ms: int, to_ms: int) -> list[tuple[str, int, int]]:
    tokens = [
        token for said in session.found("speech", FindingKind.UTTERANCE) if said.track == role for token in said.value["tokens"]
    ]
    return [(token, start, end) for token, start, end, _ in tokens if from_ms <= (start + end) / 2 < to_ms]


@pytest.mark.slow
def test_the_script_is_heard_line_by_line_in_its_own_time(lawful: Session) -> None:
    edits = total = 0
    for line in lawful.truth.lines:
        wanted = tokens_of(utterances()[line.id].text, "zh")
        heard = [token for token, _, _ in heard_at(lawful, line.role, line.from_ms - 250, line.to_ms + 250)]
        missed = distance(wanted, heard)
        assert missed <= max(2, len(wanted) // 3), f"{line.id}: {' '.join(heard)}"
        edits, total = edits + missed, total + len(wanted)
    assert edits / total <= 0.08


@pytest.mark.slow
def test_lines_begin_to_a_quarter_and_end_to_half_a_second(lawful: Session) -> None:
    for line in lawful.truth.lines:
        heard = heard_at(lawful, line.role, line.from_ms - 250, line.to_ms + 250)
        assert abs(heard[0][1] - line.from_ms) <= 250
        assert abs(heard[-1][2] - line.to_ms) <= 500


@pytest.mark.slow
def test_nothing_is_heard_where_nobody_speaks(lawful: Session) -> None:
    for said in lawful.found("speech", FindingKind.UTTERANCE):
        lines = [line for line in lawful.truth.lines if line.role == said.track]
        assert any(said.from_ms < line.to_ms + 250 and said.to_ms > line.from_ms - 250 for line in lines), said.value["text"]


@pytest.mark.slow
def test_the_lawful_session_shows_no_fault(lawful: Session) -> None:
    assert lawful.made["picture"].findings == ()
    assert lawful.found("sound", FindingKind.DEAD) == []
    for level in lawful.found("sound", FindingKind.LEVEL):
        assert level.value["snr_cdb"] >= 2000
    assert all(abs(offset.value["offset_ms"]) <= 15 for offset in lawful.found("sync", FindingKind.OFFSET))
    assert all(inspection.status is Status.RAN for inspection in lawful.made.values())
