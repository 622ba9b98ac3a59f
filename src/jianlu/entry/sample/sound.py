"""The sound of one track: clips, sync tones, room or street noise and mutes, made in blocks so that length costs no memory.

48 kHz mono float samples in [-1, 1]. The noise is ours: a periodic loop with the falling spectrum of traffic (brown noise), its level
swelling slowly as cars pass; every number is fixed, so the same recipe gives the same samples. Not here: encoding.
"""

from __future__ import annotations

import functools

import av
import numpy as np
from numpy.typing import NDArray

from jianlu.entry.sample.recipe import Recipe
from jianlu.entry.sample.script import clip_path

Samples = NDArray[np.float32]

RATE_HZ = 48_000
PER_MS = RATE_HZ // 1_000
TONE_HZ = 1_000
TONE_MS = 120
TONE_DBFS = -20.0  # of its RMS, as speech is measured
ROOM_DBFS = -66.0  # a quiet office; without it silence would be digital zero, which no microphone gives
NOISE_LOOP_S = 20
CLIPS_KEPT = 64  # decoded clips in memory, at most about 2 MB each


@functools.lru_cache(maxsize=CLIPS_KEPT)
def clip(voice: str, utterance: str) -> Samples:
    """The samples of one clip."""
    with av.open(str(clip_path(voice, utterance))) as source:
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        frames = [part for frame in source.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        return np.concatenate([frame.to_ndarray().ravel() for frame in frames], dtype=np.float32)


@functools.cache
def clip_ms(voice: str, utterance: str) -> int:
    """The length of one clip, rounded up."""
    return -(-len(clip(voice, utterance)) // PER_MS)


@functools.cache
def tone() -> Samples:
    """The burst of a sync mark: full from its first sample on, so that its start is an instant."""
    count = TONE_MS * PER_MS
    wave = np.sin(2 * np.pi * TONE_HZ * np.arange(count) / RATE_HZ) * np.sqrt(2) * 10 ** (TONE_DBFS / 20)
    return np.asarray(wave, dtype=np.float32)


@functools.cache
def noise_loop(seed: int) -> Samples:
    """Brown noise between 40 Hz and 8 kHz at 0 dBFS RMS; its end meets its beginning."""
    count = NOISE_LOOP_S * RATE_HZ
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shape = np.where((hertz >= 40) & (hertz <= 8_000), 1 / np.maximum(hertz, 120), 0)
    noise = np.fft.irfft(spectrum * shape, count)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), dtype=np.float32)


def swell(first: int, count: int) -> NDArray[np.float64]:
    """The gain of passing traffic around 1, from two slow waves that never meet in the same way."""
    seconds = (first + np.arange(count)) / RATE_HZ
    decibels = 3.5 * np.sin(2 * np.pi * seconds / 7.3) + 2.5 * np.sin(2 * np.pi * seconds / 18.7)
    return np.asarray(10 ** (decibels / 20), dtype=np.float64)


class Track:
    """One role's track, read once from the start in blocks."""

    def __init__(
        self, recipe: Recipe, role: str, starts_ms: list[tuple[int, str, str]], marks_ms: tuple[int, ...], seed: int
    ) -> None:
        """starts_ms holds (start, voice, utterance) for each clip of this role, before the recipe's audio shift."""
        shift = recipe.audio_shift_ms * PER_MS
        spoken = [(start * PER_MS + shift, (voice, utterance)) for start, voice, utterance in starts_ms]
        self._waiting = sorted([*spoken, *((mark * PER_MS + shift, ("", "")) for mark in marks_ms)], reverse=True)
        self._sounding: list[tuple[int, Samples]] = []
        self._mutes = [mute.span for mute in recipe.mutes if mute.role == role]
        self._street_db = recipe.noise_db
        self._seed = seed
        self._at = 0

    def block(self, count: int) -> Samples:
        """The next samples."""
        first, self._at = self._at, self._at + count
        mixed = self._background(first, count)
        while self._waiting and self._waiting[-1][0] < self._at:
            start, (voice, utterance) = self._waiting.pop()
            self._sounding.append((start, clip(voice, utterance) if utterance else tone()))
        for start, samples in self._sounding:
            into, out_of = max(0, start - first), max(0, first - start)
            part = samples[out_of : out_of + count - into]
            mixed[into : into + len(part)] += part
        self._sounding = [(start, samples) for start, samples in self._sounding if start + len(samples) > self._at]
        for span in self._mutes:
            mixed[max(0, span.from_ms * PER_MS - first) : max(0, span.to_ms * PER_MS - first)] = 0
        return np.clip(mixed, -1, 1)

    def _background(self, first: int, count: int) -> Samples:
        loop = noise_loop(self._seed)
        noise = loop[(first + np.arange(count)) % len(loop)]
        if self._street_db is None:
            return noise * np.float32(10 ** (ROOM_DBFS / 20))
        return (noise * swell(first, count) * 10 ** (self._street_db / 20)).astype(np.float32)
