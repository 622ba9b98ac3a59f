"""Dead stretches and levels: a muted line is found to 16 ms, a quiet listener is left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.sound import SoundTrack
from jianlu.process.media.sound import BLOCK_SAMPLES, RATE_HZ, WINDOW_SAMPLES, Samples, SoundBlock


def noise(seconds: float, level_db: float) -> Samples:
    count = round(seconds * RATE_HZ)
    return (np.random.default_rng(5).normal(0, 1, count) * 10 ** (level_db / 20)).astype(np.float32)


def findings_of(sound: Samples, *, session_ms: int = 0, voiced_above_db: float | None = None) -> list[Finding]:
    track = SoundTrack("agent")
    for at in range(0, len(sound), BLOCK_SAMPLES):
        block = SoundBlock(at, sound[at : at + BLOCK_SAMPLES], ())
        voiced = None
        if voiced_above_db is not None:
            limit = 10 ** (voiced_above_db / 10)
            parts = [block.samples[n : n + WINDOW_SAMPLES] for n in range(0, len(block.samples), WINDOW_SAMPLES)]
            voiced = [bool(np.mean(np.square(part)) > limit) for part in parts]
        track.hear(block, voiced)
    track.finish(len(sound) * 1000 // RATE_HZ, session_ms)
    return track.findings


def dead_of(sound: Samples, session_ms: int = 0) -> list[tuple[int, int]]:
    found = findings_of(sound, session_ms=session_ms)
    return [(f.from_ms, f.to_ms) for f in found if f.kind is FindingKind.DEAD]


def test_a_muted_stretch_is_found_to_a_few_milliseconds() -> None:
    sound = noise(10, -55)
    sound[round(3.33 * RATE_HZ) : round(7.77 * RATE_HZ)] = 0
    ((start, end),) = dead_of(sound)
    assert abs(start - 3330) <= 16
    assert abs(end - 7770) <= 16


@pytest.mark.parametrize("level_db", [-40.0, -55.0, -65.0])
def test_a_quiet_listener_in_a_quiet_room_is_not_dead(level_db: float) -> None:
    assert dead_of(noise(5, level_db)) == []


def test_what_an_encoder_leaves_of_silence_is_dead() -> None:
    assert dead_of(noise(5, -85)) == [(0, 5000)]


def test_a_pause_below_half_a_second_is_not_dead() -> None:
    sound = noise(4, -50)
    sound[RATE_HZ : RATE_HZ + RATE_HZ * 45 // 100] = 0
    assert dead_of(sound) == []


def test_a_track_that_ends_before_the_session_is_dead_from_there() -> None:
    assert dead_of(noise(4, -50), session_ms=9000) == [(4000, 9000)]


def test_a_dead_end_and_the_missing_rest_are_one_stretch() -> None:
    sound = noise(4, -50)
    sound[3 * RATE_HZ :] = 0
    assert dead_of(sound, session_ms=6000) == [(3008, 6000)]  # steps of 16 ms


def test_levels_of_speech_and_noise_are_measured() -> None:
    speech = noise(2, -20)
    sound = np.concatenate([noise(4, -50), speech, noise(4, -50)])
    (level,) = [f for f in findings_of(sound, voiced_above_db=-35) if f.kind is FindingKind.LEVEL]
    assert abs(level.value["speech_cdb"] + 2000) <= 60
    assert abs(level.value["noise_cdb"] + 5000) <= 100
    assert abs(level.value["snr_cdb"] - 3000) <= 100
    assert level.value["peak_cdb"] == round(2000 * np.log10(np.max(np.abs(speech))))


def test_dead_stretches_do_not_flatter_the_noise_floor() -> None:
    sound = np.concatenate([noise(4, -50), noise(2, -20), np.zeros(8 * RATE_HZ, dtype=np.float32)])
    (level,) = [f for f in findings_of(sound, voiced_above_db=-35) if f.kind is FindingKind.LEVEL]
    assert abs(level.value["noise_cdb"] + 5000) <= 100


def test_a_track_without_a_voice_has_no_level() -> None:
    assert findings_of(noise(4, -50), voiced_above_db=-35) == []


def test_without_a_voice_detector_there_is_no_level_but_dead_is_dead() -> None:
    found = findings_of(np.zeros(2 * RATE_HZ, dtype=np.float32))
    assert [f.kind for f in found] == [FindingKind.DEAD]
    assert found[0].value["level_cdb"] == -12_000
