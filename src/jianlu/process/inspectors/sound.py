"""Sound: dead stretches of a track, and the level of its speech over its noise.

A muted microphone or a cut line gives digital silence; a quiet listener in a quiet room never does. Dead means below any
live microphone, in every 16 ms of at least half a second. The level needs to know where there are voices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jianlu.core.terms.findings import Finding, FindingKind
from jianlu.process.inspectors.measures import level_cdb, rule_engine
from jianlu.process.media.sound import WINDOW_SAMPLES, SoundBlock, ms_of, sample_of

DEAD_CDB = -7500
"""-75 dBFS: the noise of a room over a usable microphone lies above it, an encoder's remains of silence below."""

DEAD_MS_MIN = 500
"""Shorter silences are pauses of an encoder, not of a line."""

STEP_SAMPLES = WINDOW_SAMPLES // 2
"""16 ms: how exactly a dead stretch is placed."""

NOISE_PERMILLE = 200
"""The noise floor is the level that a fifth of the windows without a voice stays below."""

BINS_CDB = 50
"""Levels are counted in bins of half a decibel, so that hours need no memory."""

ENGINE = rule_engine(
    "jianlu.sound",
    "1",
    {
        "dead_cdb": DEAD_CDB,
        "dead_ms_min": DEAD_MS_MIN,
        "step_samples": STEP_SAMPLES,
        "noise_permille": NOISE_PERMILLE,
        "bins_cdb": BINS_CDB,
    },
)


class SoundTrack:
    """Listens to one track block by block."""

    def __init__(self, track: str) -> None:
        self.findings: list[Finding] = []
        self._track = track
        self._dead_since: int | None = None
        self._dead_energy = 0.0
        self._peak = 0.0
        self._voiced_energy = 0.0
        self._voiced_windows = 0
        self._quiet_levels = np.zeros(12_001 // BINS_CDB + 1, dtype=np.int64)

    def hear(self, block: SoundBlock, voiced: Sequence[bool] | None) -> None:
        """Take a block; `voiced` says which of its windows hold a voice, None that nobody knows."""
        if len(block.samples):
            self._peak = max(self._peak, float(np.max(np.abs(block.samples))))
        self._look_for_dead(block)
        if voiced is not None:
            self._measure(block, voiced)

    def finish(self, end_ms: int, session_end_ms: int) -> None:
        """The track is over at `end_ms`; where the session goes on without it, the track is dead."""
        if session_end_ms > end_ms and self._dead_since is None:
            self._dead_since = sample_of(end_ms)
        self._note_dead(sample_of(max(end_ms, session_end_ms)))
        if self._voiced_windows:
            self.findings.append(self._level(end_ms))

    def _look_for_dead(self, block: SoundBlock) -> None:
        whole = len(block.samples) // STEP_SAMPLES * STEP_SAMPLES
        energy = np.square(block.samples[:whole]).reshape(-1, STEP_SAMPLES).mean(axis=1, dtype=np.float64)
        limit = 10 ** (DEAD_CDB / 1000)
        for number, mean_square in enumerate(energy):
            at = block.start + number * STEP_SAMPLES
            if mean_square < limit:
                self._dead_since = at if self._dead_since is None else self._dead_since
                self._dead_energy += float(mean_square) * STEP_SAMPLES
            elif self._dead_since is not None:
                self._note_dead(at)

    def _note_dead(self, end: int) -> None:
        start, energy = self._dead_since, self._dead_energy
        self._dead_since, self._dead_energy = None, 0.0
        if start is None or ms_of(end) - ms_of(start) < DEAD_MS_MIN:
            return
        value = {"level_cdb": level_cdb(energy / (end - start))}
        self.findings.append(Finding("", FindingKind.DEAD, self._track, ms_of(start), ms_of(end), 1000, 1000, ENGINE, value))

    def _measure(self, block: SoundBlock, voiced: Sequence[bool]) -> None:
        whole = len(block.samples) // WINDOW_SAMPLES
        windows = block.samples[: whole * WINDOW_SAMPLES].reshape(whole, WINDOW_SAMPLES)
        energy = np.square(windows).mean(axis=1, dtype=np.float64)
        speaks = np.asarray(voiced[:whole], dtype=bool)
        self._voiced_energy += float(energy[speaks].sum())
        self._voiced_windows += int(speaks.sum())
        live = energy[~speaks & (energy >= 10 ** (DEAD_CDB / 1000))]
        bins = np.rint(-1000 * np.log10(np.maximum(live, 1e-12)) / BINS_CDB).astype(np.int64).clip(0, len(self._quiet_levels) - 1)
        np.add.at(self._quiet_levels, bins, 1)

    def _level(self, end_ms: int) -> Finding:
        speech = level_cdb(self._voiced_energy / self._voiced_windows)
        noise = self._noise_cdb()
        value = {"speech_cdb": speech, "noise_cdb": noise, "snr_cdb": speech - noise, "peak_cdb": level_cdb(self._peak**2)}
        return Finding("", FindingKind.LEVEL, self._track, 0, end_ms, 1000, 1000, ENGINE, value)

    def _noise_cdb(self) -> int:
        """The noise floor of the live windows without a voice; DEAD_CDB where there are none, so that SNR is not overstated."""
        from_below = self._quiet_levels[::-1].cumsum()
        if from_below[-1] == 0:
            return DEAD_CDB
        place = int(np.searchsorted(from_below * 1000, from_below[-1] * NOISE_PERMILLE))
        return -(len(self._quiet_levels) - 1 - place) * BINS_CDB
