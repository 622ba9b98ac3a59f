"""Two recorders of one session agree on what it was, and where they do not it is said which segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from jianlu.capture.recording.fragment import Run, fragment
from jianlu.capture.recording.live.reconcile import OpenedSegment, Reconciliation, reconcile
from jianlu.capture.recording.live.reconcile_case import reconcile_recorders
from jianlu.capture.recording.model import Sample
from jianlu.capture.recording.read_fragments import read_samples
from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from tests.fakes.live.memory import MemoryLiveLog
from tests.fakes.live.publisher import Camera, Network, Publisher
from tests.fakes.live.stage import TRACKS, Stage

ONE = [TRACKS[0], TRACKS[2]]


def samples(from_ms: int, to_ms: int, *, step_ms: int = 100, late_ms: int = 0) -> list[Sample]:
    return [
        Sample((at + late_ms) * 48, step_ms * 48, True, b"frame at %d" % at)
        for at in range(from_ms, to_ms, step_ms)
        if from_ms <= at + late_ms < to_ms
    ]


def segment(from_ms: int, to_ms: int, held: Sequence[Sample]) -> OpenedSegment:
    content = fragment(1, [Run(1, 0, held, to_ms * 48)]) if held else b""
    return OpenedSegment(from_ms, to_ms, lambda: content)


def row(count: int, *, late_ms: int = 0, without: int | None = None) -> list[OpenedSegment]:
    """Segments of 2 s of a session whose samples lie `late_ms` later; number `without` is missing."""
    whole = [Sample((at + late_ms) * 48, 4_800, True, b"frame at %d" % at) for at in range(0, count * 2_000, 100)]
    return [
        segment(start, start + 2_000, [sample for sample in whole if start * 48 <= sample.pts < (start + 2_000) * 48])
        for start in range(0, count * 2_000, 2_000)
        if start // 2_000 != without
    ]


def test_equal_recordings_do_not_differ_even_when_cut_a_little_apart() -> None:
    assert reconcile(row(5), row(5), []) == Reconciliation(5, 0, 0, 0, 0)
    assert reconcile(row(5), row(5, late_ms=30), []) == Reconciliation(5, 0, 0, 0, 0)


def test_a_segment_with_another_sample_differs() -> None:
    other = row(5)
    altered = [*samples(4_000, 5_900), Sample(5_900 * 48, 4_800, True, b"frame of somebody else")]
    other[2] = segment(4_000, 6_000, altered)
    assert reconcile(row(5), other, []) == Reconciliation(5, 1, 0, 0, 0)


def test_what_the_second_fills_and_what_stays_missing_is_counted() -> None:
    first = row(6, without=2)
    assert reconcile(first, row(6), [(4_000, 6_000, "recorder")]) == Reconciliation(5, 0, 1, 0, 0)
    assert reconcile(first, row(6, without=2), [(4_000, 6_000, "recorder")]) == Reconciliation(5, 0, 0, 1, 0)
    assert reconcile(first, row(6), [(4_000, 6_000, "agent")]) == Reconciliation(5, 0, 0, 0, 0)
    assert reconcile(row(6), row(6, without=3), []) == Reconciliation(5, 0, 0, 0, 1)
    assert reconcile(row(6), [], []) == Reconciliation(0, 0, 0, 0, 6), "the second recorder began and brought nothing"


def test_samples_come_out_of_fragments_as_they_went_in() -> None:
    held = samples(2_000, 4_000)
    found = read_samples(fragment(1, [Run(1, 0, held, 4_000 * 48), Run(2, 0, held[3:5], 4_000 * 48)]))
    assert found == {1: [(sample.pts, sample.payload) for sample in held], 2: [(s.pts, s.payload) for s in held[3:5]]}


@pytest.mark.parametrize("broken", [b"\0\0\0\7moof", b"\0\0\0\x20moof", b"abc", b"\0\0\0\x18moof\0\0\0\x10traf\0\0\0\x08tfhd"])
def test_what_no_recorder_wrote_is_refused(broken: bytes) -> None:
    with pytest.raises(InvalidError, match="recorder wrote"):
        read_samples(broken)


class _Readable:
    """The memory log as the use case reads it."""

    def __init__(self, log: MemoryLiveLog) -> None:
        self._log = log

    @property
    def events(self) -> Sequence[Event]:
        return self._log.recorded

    def open_object(self, object: str, version: int | None = None) -> bytes:
        return self._log.objects[object]

    def append(self, type: EventType, body: Any) -> Event:
        return self._log.recorded[self._log._append(type, body)]


def test_two_recorders_of_a_lossy_session_agree_in_every_segment() -> None:
    log = MemoryLiveLog()

    def publisher() -> Publisher:
        camera = Camera(width=96, height=64, fps=10, key_every=10)
        return Publisher("agent", camera=camera, network=Network(loss=20, reorder=20, jitter_ms=20))

    main, mirror = Stage([publisher()], ONE, log=log), Stage([publisher()], ONE, log=log, name="b")
    main.start()
    mirror.start(main.recorder.status().zero_us)
    for _ in range(12):
        main.play(1_000)
        mirror.play(1_000)
    main.stop()
    mirror.stop()
    found = reconcile_recorders(_Readable(log))
    assert found is not None
    assert found.compared >= 6
    assert found.differing <= 1  # the two asked for key frames of their own
    assert reconcile_recorders(_Readable(log)) is None
    assert log.bodies(EventType.RECORDERS_RECONCILED) == [
        {
            "compared": found.compared,
            "differing": found.differing,
            "filled": found.filled,
            "missing": found.missing,
            "alone": found.alone,
        }
    ]


def pair(**network: int) -> tuple[Stage, Stage]:
    """Two recorders of one talk, both recording on one zero."""
    log = MemoryLiveLog()

    def publisher() -> Publisher:
        camera = Camera(width=96, height=64, fps=10, key_every=10)
        return Publisher("agent", camera=camera, network=Network(**network))

    main, mirror = Stage([publisher()], ONE, log=log), Stage([publisher()], ONE, log=log, name="b")
    main.start()
    mirror.start(main.recorder.status().zero_us)
    for _ in range(9):
        main.play(1_000)
        mirror.play(1_000)
    return main, mirror


def ranges(log: MemoryLiveLog, kind: EventType) -> list[tuple[int, int]]:
    return [(body["from_ms"], body["to_ms"]) for body in log.bodies(kind) if body["no"] > 0]


@pytest.mark.parametrize(("network", "late_ms"), [({}, 2_600), ({"loss": 30, "reorder": 30, "jitter_ms": 30}, 900)])
def test_two_recorders_that_are_told_one_end_leave_no_segment_alone(network: dict[str, int], late_ms: int) -> None:
    main, mirror = pair(**network)
    end_ms = min(stage.recorder.status().now_ms for stage in (main, mirror))
    assert [main.end(end_ms), mirror.end(end_ms)] == [end_ms, end_ms]
    main.play(late_ms)  # while the other one delivers, people who do not know it yet go on sending
    mirror.stop()
    assert main.log.bodies(EventType.RECORDING_ENDED) == [], "the first says that it is over when it is stopped"
    main.stop()
    assert main.log.bodies(EventType.RECORDING_ENDED)[0]["duration_ms"] == end_ms
    ours, theirs = (ranges(main.log, kind) for kind in (EventType.SEGMENT_SEALED, EventType.SEGMENT_MIRRORED))
    assert ours == theirs and ours[-1][1] == end_ms
    found = reconcile_recorders(_Readable(main.log))
    assert found is not None and (found.compared, found.alone, found.missing) == (len(ours), 0, 0)


def test_an_end_waits_for_packets_that_are_sent_again_and_takes_nothing_from_behind_it() -> None:
    publisher = Publisher("agent", camera=None)
    stage = Stage([publisher], [TRACKS[0]])
    stage.start()
    stage.play(4_500)
    end_ms = stage.recorder.status().now_ms
    stage.end(end_ms)
    assert stage.end(end_ms + 1_000) == end_ms, "the first call counts"
    stage.play(3_000)
    stopped = stage.stop()
    assert stopped.duration_ms == end_ms and stage.gaps() == []
    (last,) = [stage.log.objects[f"seg-{no:06d}"] for no, _, to_ms in stage.segments() if to_ms == end_ms]
    times = [pts // 48 for pts, _ in read_samples(last)[1]]
    assert max(times) < end_ms <= max(times) + 40, "sound up to the end, and none of the three seconds after it"


def test_an_end_that_a_restart_interrupts_stays_where_it_was() -> None:
    stage = Stage([Publisher("agent", camera=None)], [TRACKS[0]])
    stage.start()
    stage.play(4_500)
    end_ms = stage.recorder.status().now_ms
    stage.end(end_ms)
    stage.kill_recorder(2_000)
    assert stage.end(end_ms + 2_000) == end_ms
    assert stage.stop().duration_ms == end_ms
    assert stage.gaps() == [(2_000, end_ms, "recorder_restarted", "recorder")]


def test_an_end_before_what_is_cut_already_lies_behind_it() -> None:
    stage = Stage([Publisher("agent", camera=None)], [TRACKS[0]])
    stage.start()
    stage.play(5_500)
    assert stage.end(1_000) == 4_000
    assert stage.stop().duration_ms == 4_000


def test_a_case_with_one_recorder_has_nothing_to_reconcile() -> None:
    stage = Stage([Publisher("agent")], ONE)
    stage.start()
    stage.play(3_000)
    stage.stop()
    assert reconcile_recorders(_Readable(stage.log)) is None
