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


def test_a_case_with_one_recorder_has_nothing_to_reconcile() -> None:
    stage = Stage([Publisher("agent")], ONE)
    stage.start()
    stage.play(3_000)
    stage.stop()
    assert reconcile_recorders(_Readable(stage.log)) is None
