"""Sessions recorded live: a camera for each person, poor lines, changing picture sizes, the senders' own clocks, consent withdrawn."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from jianlu.capture.recording.model import AudioShape, Sample, TrackFormat
from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.plan import Obligation
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.case_view import CaseView
from jianlu.core.verdicts.require_picture import judge_picture
from jianlu.core.verdicts.require_presence import judge_presence
from jianlu.core.verdicts.require_sync import judge_sync
from jianlu.govern.policy import tracks_for
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.ports import InspectPorts
from jianlu.process.inspectors.sender_clock import ClockSample, parse_clock, samples_of
from jianlu.process.withheld import withheld_inspectors
from tests.fakes.capture.recordings import record
from tests.fakes.conversation import events_of, recording
from tests.fakes.inspectors.clips import moving_picture
from tests.fakes.inspectors.engines import DiscDetector
from tests.fakes.playback.in_band import in_band_samples, in_band_track
from tests.unit.inspectors.test_inspect_case import plan_of

CALL = tracks_for(["agent", "customer"])
SMOOTH = range(0, 12_000, 40)
SLOW = range(0, 12_000, 1200)
LARGE, SMALL = (320, 180), (160, 90)
SILENCE = bytes.fromhex("f8fffe")
"""One Opus packet of 20 ms of silence (RFC 6716)."""


def opus_track(track: str) -> TrackFormat:
    setup = b"OpusHead" + bytes((1, 1, 0, 0)) + (48_000).to_bytes(4, "little") + bytes(3)
    return TrackFormat(track, "opus", setup, 48_000, AudioShape(48_000, 1))


def call(agent: Sequence[int], customer: Sequence[tuple[tuple[int, int], Sequence[int]]]) -> bytes:
    """A recorded call: the agent's pictures at these times, the customer's in parts of different size, twelve seconds of sound each."""
    formats = [in_band_track("agent-picture"), in_band_track("customer-picture"), opus_track("agent"), opus_track("customer")]
    pictures = [list(in_band_samples([(LARGE, agent)], moving_picture)), list(in_band_samples(customer, moving_picture))]
    sounds = [[Sample(at * 48, 960, True, SILENCE) for at in range(0, 12_000, 20)] for _ in range(2)]
    rows = [*pictures, *sounds]
    scaled = [(number, sample) for number, sample in interleaved_by_time(rows)]
    recorded = record(formats, scaled)
    return recorded.init + b"".join(segment.plaintext for segment in recorded.segments)


def interleaved_by_time(rows: Sequence[Sequence[Sample]]) -> list[tuple[int, Sample]]:
    clocks = (90_000, 90_000, 48_000, 48_000)
    found = [(sample.pts / clock, n, sample) for n, (clock, row) in enumerate(zip(clocks, rows, strict=True)) for sample in row]
    return [(number, sample) for _, number, sample in sorted(found, key=lambda each: each[:2])]


def inspected(content: bytes, **more: object) -> dict[Inspector, Inspection]:
    made = inspect_case(lambda: io.BytesIO(content), plan_of(CALL), InspectPorts(faces=DiscDetector()), **more)  # type: ignore[arg-type]
    return {inspection.inspector: inspection for inspection in made}


def view(made: dict[Inspector, Inspection]) -> CaseView:
    return CaseView(plan_of(CALL), recording(12_000), tuple(made.values()))


def demand(kind: str, **params: object) -> Obligation:
    return Obligation("test:one/x", "test", "one", kind, params)


def picture_of(track: str) -> Obligation:
    return demand("require_picture", track=track, black_ms_max=2000, frozen_ms_max=5000)


def presence_of(track: str) -> Obligation:
    return demand("require_presence", track=track, faces_min=1, share_permille=900, absent_ms_max=5000, height_permille_min=100)


SYNC = demand("require_sync", offset_ms_max=80, drift_ms_max=80, marks_min=2)


@pytest.fixture(scope="module")
def smooth() -> bytes:
    return call(SMOOTH, [(LARGE, SMOOTH[:100]), (SMALL, SMOOTH[100:200]), (LARGE, SMOOTH[200:])])


def test_every_camera_is_looked_at_for_itself(smooth: bytes) -> None:
    made = inspected(smooth)
    assert {c.track for c in made[Inspector.PICTURE].covered} == {"agent-picture", "customer-picture"}
    assert {f.track for f in made[Inspector.FACES].findings} == {"agent-picture", "customer-picture"}
    for track in ("agent-picture", "customer-picture"):
        assert judge_picture(picture_of(track), view(made)).verdict is Verdict.MET
        assert judge_presence(presence_of(track), view(made)).verdict is Verdict.MET


def test_a_picture_that_changes_its_size_is_decoded_throughout(smooth: bytes) -> None:
    made = inspected(smooth)
    seconds = [f for f in made[Inspector.FACES].findings if f.track == "customer-picture"]
    assert [f.from_ms for f in seconds] == list(range(0, 12_000, 1000))
    assert all(f.value["count"] == 1 for f in seconds)
    assert not [f for f in made[Inspector.PICTURE].findings if f.track == "customer-picture"]


def test_a_slow_line_is_neither_frozen_nor_without_a_face() -> None:
    made = inspected(call(SLOW, [(LARGE, SMOOTH)]))
    assert [f for f in made[Inspector.PICTURE].findings if f.kind is FindingKind.FROZEN] == []
    assert judge_picture(picture_of("agent-picture"), view(made)).verdict is Verdict.MET
    assert judge_presence(presence_of("agent-picture"), view(made)).verdict is Verdict.MET


def test_a_line_that_stops_is_frozen_for_as_long_as_it_stops() -> None:
    stopped = [at for at in SMOOTH if not 3000 < at < 10_000]
    made = inspected(call(stopped, [(LARGE, SMOOTH)]))
    (frozen,) = [f for f in made[Inspector.PICTURE].findings if f.kind is FindingKind.FROZEN]
    assert frozen.track == "agent-picture" and abs(frozen.from_ms - 3000) <= 80 and abs(frozen.to_ms - 10_000) <= 80
    assert judge_picture(picture_of("agent-picture"), view(made)).verdict is Verdict.NOT_MET
    assert judge_picture(picture_of("customer-picture"), view(made)).verdict is Verdict.MET


def reports(track: str, first: int, last: int) -> list[ClockSample]:
    return [ClockSample(track, at, first + (last - first) * at // 11_000) for at in range(1000, 12_000, 500)]


def test_without_marks_the_senders_clocks_evidence_synchronism(smooth: bytes) -> None:
    made = inspected(smooth, clock=[*reports("agent", 5, 5), *reports("customer", -12, -12)])
    found = made[Inspector.SYNC].findings
    assert {f.value["method"] for f in found} == {"sender_reports"} and {f.engine.name for f in found} == {"sender-reports"}
    assert {(f.track, f.value["offset_ms"]) for f in found if f.kind is FindingKind.OFFSET} == {("agent", 5), ("customer", -12)}
    assert judge_sync(SYNC, view(made)).verdict is Verdict.MET


@pytest.mark.parametrize(("first", "last", "code"), [(120, 120, "offset"), (-60, 60, "drift")])
def test_sound_that_lies_off_or_drifts_by_the_senders_clock_is_not_met(smooth: bytes, first: int, last: int, code: str) -> None:
    made = inspected(smooth, clock=[*reports("agent", 0, 0), *reports("customer", first, last)])
    verdict = judge_sync(SYNC, view(made))
    assert verdict.verdict is Verdict.NOT_MET and {reason.code for reason in verdict.reasons} == {code}


def test_without_marks_and_reports_nothing_is_claimed(smooth: bytes) -> None:
    made = inspected(smooth, clock=reports("agent", 0, 0))
    assert judge_sync(SYNC, view(made)).verdict is Verdict.NOT_EVIDENCED


def seat(track: str, *measured: object, **more: object) -> dict[str, object]:
    return {"feed": track, "audio": track, "picture": f"{track}-picture", "measured": list(measured), **more}


def document(*seats: object, **more: object) -> bytes:
    return canonical_bytes({"format": "jianlu/live-clock/v1", "from_ms": 0, "to_ms": 60_000, "seats": list(seats), **more})


def test_the_recorders_clock_documents_are_read() -> None:
    later = document(seat("customer", [65_000, -3_400, 10, -20]), seat("agent", [65_000, 7_600, 0, 0], [70_000, None, 0, 0]))
    assert samples_of([later, document(seat("agent", [5_000, 1_499, 0, 0]))]) == (
        ClockSample("agent", 5_000, 1),
        ClockSample("agent", 65_000, 8),
        ClockSample("customer", 65_000, -3),
    )
    assert samples_of([document()]) == ()


@pytest.mark.parametrize(
    "broken",
    [
        b"{}",
        document(seat("agent", [-1, 0, 0, 0])),
        document(seat("agent", [0, 0])),
        document(seat("agent", [0, True, 0, 0])),
        document(seat("agent", [0, 4 * 10**9, 0, 0])),
        document(seat("agent", more=1)),
        document({**seat("agent"), "audio": 1}),
        document(more=1),
        document(format="jianlu/live-clock/v2"),
    ],
)
def test_a_clock_document_of_another_form_is_refused(broken: bytes) -> None:
    with pytest.raises(InvalidError):
        parse_clock(broken)


# -- consent ---------------------------------------------------------------------------------------------------------


def decided(*decisions: tuple[EventType, str]) -> dict[Inspector, str]:
    events = events_of(
        *((kind, {"purpose": purpose, "by": "customer", "how": "click", "at_ms": 100}) for kind, purpose in decisions)
    )
    return withheld_inspectors(events, None)


def test_faces_are_looked_for_only_as_long_as_consent_holds() -> None:
    given, refused, withdrawn = EventType.CONSENT_GIVEN, EventType.CONSENT_REFUSED, EventType.CONSENT_WITHDRAWN
    assert decided((given, "face")) == {}
    assert decided((given, "face"), (withdrawn, "face")) == {Inspector.FACES: "consent_withdrawn"}
    assert decided((refused, "face")) == {Inspector.FACES: "consent_refused"}
    assert decided((withdrawn, "face"), (given, "face")) == {}
    assert decided((given, "recording"), (withdrawn, "export")) == {}


def test_a_detector_that_is_withheld_is_never_called(smooth: bytes) -> None:
    class Forbidden(DiscDetector):
        def detect(self, picture: object) -> tuple[()]:
            raise AssertionError("somebody looked")

    made = inspect_case(
        lambda: io.BytesIO(smooth),
        plan_of(CALL),
        InspectPorts(faces=Forbidden()),
        withheld={Inspector.FACES: "consent_withdrawn"},
    )
    faces = next(inspection for inspection in made if inspection.inspector is Inspector.FACES)
    assert (faces.status, faces.reason, faces.findings) == (Status.ABSENT, "consent_withdrawn", ())
