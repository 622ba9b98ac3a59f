"""Which stretches of a live recording are declared as gaps: of one track, or of the source when all tracks are without anything.

A hole is declared when it ends, whole, so that nobody can take a long one for many short ones. Session milliseconds. A share is no track
here: it may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jianlu.capture.recording.model import SOURCE, DeclaredGap, GapReason
from jianlu.core.errors import InvalidError
from jianlu.core.limits import GAP_AUDIO_MS, GAPS_MAX


@dataclass(frozen=True, slots=True)
class Hole:
    """A track has nothing in [from_ms, to_ms); a remainder of at most `least_ms` beside a gap of all tracks is not worth declaring."""

    from_ms: int
    to_ms: int
    reason: GapReason
    least_ms: int


_Piece = tuple[int, int]


class LiveGaps:
    """Collects the holes of `tracks` and says what to declare."""

    def __init__(self, tracks: Sequence[str]) -> None:
        self._closed: dict[str, list[Hole]] = {track: [] for track in tracks}
        self._fresh: list[tuple[str, Hole]] = []
        self._source: list[_Piece] = []
        self._count = 0

    def close(self, track: str, hole: Hole) -> None:
        """A hole of `track` has ended."""
        if hole.to_ms > hole.from_ms:
            self._closed[track].append(hole)
            self._fresh.append((track, hole))

    def declare(self, open_from_ms: Mapping[str, int], until_ms: int) -> list[DeclaredGap]:
        """The gaps of the holes that ended since; holes that go on at `until_ms` are given by track and beginning.

        InvalidError beyond `GAPS_MAX`: it is no recording of anything.
        """
        gaps = [gap for track, hole in self._fresh for gap in self._gaps_of(track, hole, open_from_ms, until_ms)]
        self._fresh = []
        horizon = min(open_from_ms.values(), default=until_ms)
        for track, holes in self._closed.items():
            self._closed[track] = [hole for hole in holes if hole.to_ms > horizon]
        self._source = [piece for piece in self._source if piece[1] > horizon]
        self._count += len(gaps)
        if self._count > GAPS_MAX:
            raise InvalidError(f"the recording has more than {GAPS_MAX} gaps: end it and see to the connection")
        return sorted(gaps, key=lambda gap: (gap.from_ms, gap.to_ms, gap.side))

    def _gaps_of(self, track: str, hole: Hole, open_from_ms: Mapping[str, int], until_ms: int) -> list[DeclaredGap]:
        common = [piece for piece in self._common(track, hole, open_from_ms, until_ms) if piece[1] - piece[0] > self._least_ms]
        fresh = [rest for piece in common for rest in _without(piece, self._source) if rest[1] - rest[0] > self._least_ms]
        self._source += fresh
        known = [piece for piece in self._source if piece[0] < hole.to_ms and piece[1] > hole.from_ms]
        least_ms = hole.least_ms if known else 0
        own = [rest for rest in _without((hole.from_ms, hole.to_ms), known) if rest[1] - rest[0] > least_ms]
        return [DeclaredGap(begin, end, hole.reason, SOURCE) for begin, end in fresh] + [
            DeclaredGap(begin, end, hole.reason, track) for begin, end in own
        ]

    @property
    def _least_ms(self) -> int:
        return GAP_AUDIO_MS if len(self._closed) > 1 else 0

    def _common(self, track: str, hole: Hole, open_from_ms: Mapping[str, int], until_ms: int) -> list[_Piece]:
        """Where, within `hole`, every other track has a hole too."""
        pieces = [(hole.from_ms, hole.to_ms)]
        for other, holes in self._closed.items():
            if other == track:
                continue
            absences = [(each.from_ms, each.to_ms) for each in holes]
            if other in open_from_ms:
                absences.append((open_from_ms[other], until_ms))
            pieces = [
                (max(begin, low), min(end, high))
                for begin, end in pieces
                for low, high in absences
                if max(begin, low) < min(end, high)
            ]
        return pieces


def _without(piece: _Piece, others: Sequence[_Piece]) -> list[_Piece]:
    """What is left of `piece` outside `others`."""
    rest, at = [], piece[0]
    for begin, end in sorted(others):
        if end <= at or begin >= piece[1]:
            continue
        if begin > at:
            rest.append((at, begin))
        at = max(at, end)
    if at < piece[1]:
        rest.append((at, piece[1]))
    return rest
