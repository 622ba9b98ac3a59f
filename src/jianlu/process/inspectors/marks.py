"""Sync marks, as a film's clapper board: a white square in the picture and a 1,000 Hz tone at the same instant.

The square is an eighth of the frame's height, in the bottom left corner, for 120 ms; the tone is on every audio track, for
120 ms. Each half is found for itself here, on its own clock; what they say together is the sync inspector's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from jianlu.process.media.picture import LUMA_HEIGHT, Luma, Picture
from jianlu.process.media.sound import RATE_HZ, Samples, SoundBlock, ms_of

MARK_MS = 120
MARK_MS_MIN = 60
MARK_MS_MAX = 200
"""How long half a mark may seem to last: two frames at 25 a second, up to a codec's echo."""

TONE_HZ = 1000
TONE_CDB_MIN = -4500
"""The tone is played at about -20 dBFS; 25 dB below is still a mark."""

TONE_PERMILLE_MIN = 500
"""Mean share of the sound's power that is the tone: no vowel keeps near it for so long, street noise leaves more."""

RUN_POWER_MIN = 10 ** (TONE_CDB_MIN / 1000) / 4
RUN_SHARE_MIN = 0.25
"""Where a run of tone begins and ends: half the height of the weakest mark, and half of that where noise is as loud."""

RUN_STEPS_MAX = 400
"""A run longer than this is no mark, and is not kept."""

STEP_SAMPLES = RATE_HZ // 1000
"""1 ms: how exactly the tone is placed."""

SMOOTH_SAMPLES = RATE_HZ // 100
"""10 ms, ten periods of the tone, over which its strength is averaged: its edges lie at half height."""

SQUARE_LUMA_MIN = 190
"""Luma of the square from which on it is white."""

SQUARE_RISE_MIN = 40
"""Luma steps by which it must have become brighter within a frame."""


_Trace: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mark:
    """Half a mark: from when to when, in ms, and how clearly, in thousandths."""

    from_ms: int
    to_ms: int
    score: int


class SquareTrack:
    """Looks for the square, picture by picture."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._before = 255.0
        self._since: int | None = None

    def look(self, picture: Picture) -> None:
        """Take the next picture."""
        luma = _square(picture.luma)
        is_white = luma >= SQUARE_LUMA_MIN
        if is_white and self._since is None and luma - self._before >= SQUARE_RISE_MIN:
            self._since = picture.at_ms
        elif not is_white and self._since is not None:
            if MARK_MS_MIN <= picture.at_ms - self._since <= MARK_MS_MAX:
                self.marks.append(Mark(self._since, picture.at_ms, 1000))
            self._since = None
        self._before = luma


def _square(luma: Luma) -> float:
    """Mean luma of the inner part of the mark's place."""
    side = LUMA_HEIGHT // 8
    return float(luma[-side + 2 : -2, 2 : side - 2].mean())


class ToneTrack:
    """Listens for the tone, block by block."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._tail: Samples = np.zeros(0, dtype=np.float32)
        self._run: list[tuple[int, float, float]] = []

    def hear(self, block: SoundBlock) -> None:
        """Take the next block."""
        samples = np.concatenate([self._tail, block.samples])
        first = block.start - len(self._tail)
        steps = max(0, (len(samples) - SMOOTH_SAMPLES) // STEP_SAMPLES)
        self._tail = samples[steps * STEP_SAMPLES :]
        if steps == 0:
            return
        power, share = _tone(samples, steps)
        for number in np.flatnonzero(_with_neighbour(power, share, bool(self._run))):
            self._step(first + SMOOTH_SAMPLES // 2 + int(number) * STEP_SAMPLES, float(power[number]), float(share[number]))

    def finish(self) -> None:
        """The track is over."""
        self._close()

    def _step(self, at: int, power: float, share: float) -> None:
        if _is_tone(power, share):
            self._run = [*self._run[-RUN_STEPS_MAX:], (at, power, share)]
        else:
            self._close()

    def _close(self) -> None:
        run, self._run = self._run, []
        if not MARK_MS_MIN <= len(run) <= RUN_STEPS_MAX:
            return
        half = float(np.median([power for _, power, _ in run])) / 4  # half the height is a quarter of the power
        inside = [(at, share) for at, power, share in run if power >= half]
        purity = round(1000 * sum(share for _, share in inside) / len(inside))
        start, end = ms_of(inside[0][0]), ms_of(inside[-1][0] + STEP_SAMPLES)
        if MARK_MS_MIN <= end - start <= MARK_MS_MAX and purity >= TONE_PERMILLE_MIN:
            self.marks.append(Mark(start, end, min(1000, purity)))


def _is_tone(power: float, share: float) -> bool:
    return power >= RUN_POWER_MIN and share >= RUN_SHARE_MIN


def _with_neighbour(power: _Trace, share: _Trace, is_running: bool) -> npt.NDArray[np.bool_]:
    """Where there is tone, and the step after it, which ends a run."""
    tone = (power >= RUN_POWER_MIN) & (share >= RUN_SHARE_MIN)
    after = np.concatenate([[is_running], tone[:-1]])
    return np.asarray(tone | after, dtype=bool)


def _tone(samples: Samples, steps: int) -> tuple[_Trace, _Trace]:
    """For each ms, over SMOOTH_SAMPLES from there: mean square of the sound at TONE_HZ, and its share of all the sound."""
    turn = np.exp(-2j * np.pi * TONE_HZ * np.arange(len(samples)) / RATE_HZ)
    at = np.arange(steps) * STEP_SAMPLES
    tone = np.concatenate([[0], np.cumsum(samples * turn)])
    whole = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    power = 2 * np.abs((tone[at + SMOOTH_SAMPLES] - tone[at]) / SMOOTH_SAMPLES) ** 2
    total = (whole[at + SMOOTH_SAMPLES] - whole[at]) / SMOOTH_SAMPLES
    return power, power / np.maximum(total, 1e-12)
