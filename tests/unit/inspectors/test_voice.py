"""From scores to stretches: when somebody begins to speak, and when they have stopped."""

from __future__ import annotations

import numpy as np

from jianlu.core.terms.findings import Engine
from jianlu.process.inspectors.voice import PAUSE_WINDOWS, STRETCH_WINDOWS_MAX, Stretch, VoiceTrack, voice_findings
from jianlu.process.media.sound import WINDOW_SAMPLES, Samples, SoundBlock


class Told:
    """A stream that answers the scores it was told."""

    def __init__(self, scores: list[int]) -> None:
        self._scores = scores

    def score(self, samples: Samples) -> list[int]:
        count = len(samples) // WINDOW_SAMPLES
        answer, self._scores = self._scores[:count], self._scores[count:]
        return answer


def stretches_of(scores: list[int], block_windows: int = 7) -> list[tuple[int, int, int]]:
    """Stretches in windows, heard in small blocks."""
    track = VoiceTrack(Told(list(scores)), 500)
    for at in range(0, len(scores), block_windows):
        count = min(block_windows, len(scores) - at)
        track.hear(SoundBlock(at * WINDOW_SAMPLES, np.full(count * WINDOW_SAMPLES, 0.1, dtype=np.float32), ()))
    track.finish(len(scores) * WINDOW_SAMPLES)
    return [(s.start // WINDOW_SAMPLES, s.end // WINDOW_SAMPLES, s.score) for s in track.stretches]


def test_a_sentence_is_one_stretch_and_its_score_the_mean() -> None:
    assert stretches_of([0] * 10 + [800, 900] * 10 + [0] * 20) == [(10, 30, 850)]


def test_a_breath_does_not_cut_a_sentence_but_a_pause_does() -> None:
    breath, pause = [0] * (PAUSE_WINDOWS - 1), [0] * PAUSE_WINDOWS
    assert len(stretches_of([900] * 20 + breath + [900] * 20 + pause)) == 1
    assert len(stretches_of([900] * 20 + pause + [900] * 20 + pause)) == 2


def test_a_voice_just_below_the_threshold_goes_on_but_does_not_begin() -> None:
    assert stretches_of([400] * 30) == []
    assert [s[:2] for s in stretches_of([500] * 5 + [351] * 30 + [0] * 20)] == [(0, 35)]


def test_a_click_is_no_voice() -> None:
    assert stretches_of([900] * 4 + [0] * 20) == []
    assert len(stretches_of([900] * 5 + [0] * 20)) == 1


def test_a_voice_at_the_end_of_the_track_is_kept() -> None:
    assert [s[:2] for s in stretches_of([0] * 10 + [900] * 20)] == [(10, 30)]


def test_somebody_who_never_pauses_is_cut_where_they_are_least_heard() -> None:
    scores = [900] * (STRETCH_WINDOWS_MAX * 2)
    scores[STRETCH_WINDOWS_MAX - 50] = 600
    found = stretches_of(scores)
    assert found[0][:2] == (0, STRETCH_WINDOWS_MAX - 50)
    assert all(end - start <= STRETCH_WINDOWS_MAX for start, end, _ in found)
    assert [start for start, _, _ in found[1:]] == [end for _, end, _ in found[:-1]]
    assert found[-1][1] == len(scores)


def test_digital_silence_holds_no_voice_whatever_a_model_would_say() -> None:
    track = VoiceTrack(Told([900] * 100), 500)
    assert track.hear(SoundBlock(0, np.zeros(10 * WINDOW_SAMPLES + 1, dtype=np.float32), ())) == [False] * 11


def test_a_stretch_becomes_a_finding_in_milliseconds() -> None:
    (finding,) = voice_findings("agent", [Stretch(16_000, 24_000, 870)], Engine("e", "1", ""), 500)
    assert (finding.track, finding.from_ms, finding.to_ms, finding.score, finding.threshold) == ("agent", 1000, 1500, 870, 500)
