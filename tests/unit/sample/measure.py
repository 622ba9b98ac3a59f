"""Measures what an assembled file shows and sounds like, by decoding it: the tests' own eyes and ears, apart from the assembler's code."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
Samples = NDArray[np.float32]


def lumas(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """(presentation time in ms, luma plane) of every frame."""
    with av.open(str(path)) as film:
        decoded = [(frame, frame.to_ndarray(format="gray")) for frame in film.decode(video=0)]
    return [
        (float((frame.pts or 0) * (frame.time_base or 0) * 1_000), np.asarray(luma, dtype=np.uint8)) for frame, luma in decoded
    ]


def sound(path: Path, track: int) -> Samples:
    """The samples of a track, placed so that index / 48 is the presentation time in ms."""
    with av.open(str(path)) as film:
        resampler = av.AudioResampler("flt", "mono", RATE_HZ)
        first_ms = 0.0
        parts: list[Samples] = []
        for index, frame in enumerate(film.decode(audio=track)):
            if index == 0:
                first_ms = float((frame.pts or 0) * (frame.time_base or 0) * 1_000)
            parts += [np.asarray(part.to_ndarray(), dtype=np.float32).ravel() for part in resampler.resample(frame)]
        parts += [np.asarray(part.to_ndarray(), dtype=np.float32).ravel() for part in resampler.resample(None)]
    samples = np.concatenate(parts)
    late = round(first_ms * RATE_HZ / 1_000)
    return np.pad(samples, (late, 0)) if late >= 0 else samples[-late:]


def flashes_ms(path: Path) -> list[float]:
    """When a white square appears in the bottom left corner."""
    found, was_white = [], False
    for at_ms, luma in lumas(path):
        is_white = float(luma[-40:-5, 5:40].mean()) > 215
        if is_white and not was_white:
            found.append(at_ms)
        was_white = is_white
    return found


def tone_starts_ms(samples: Samples) -> list[float]:
    """When a steady 1 kHz tone begins: half its height in a 5 ms window, held for 100 ms."""
    turning = samples * np.exp(-2j * np.pi * 1_000 * np.arange(len(samples)) / RATE_HZ)
    window = np.ones(240) / 240
    height = 2 * np.abs(np.convolve(turning, window, "same"))
    power = np.convolve(samples.astype(np.float64) ** 2, window, "same")
    # Nearly all of the energy is at 1 kHz: no voice does that for long.
    is_tone = (height > 0.05) & (height**2 / 2 > 0.8 * power)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_tone.astype(np.int8), [0]])))
    runs = edges.reshape(-1, 2)
    return [float(start) / 48 for start, end in runs if end - start > 4_800]


def level_db(samples: Samples) -> float:
    """RMS in dBFS; minus 200 for digital silence."""
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(np.float64) ** 2)) + 1e-10))


def part(samples: Samples, from_ms: float, to_ms: float) -> Samples:
    return samples[round(from_ms * 48) : round(to_ms * 48)]
