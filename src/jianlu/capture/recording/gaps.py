"""Which stretches are declared as gaps: of one track, or of the source when no track has anything there.

Sans-I/O and in session milliseconds. Each hole is declared once, as soon as every track has passed it.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.capture.recording.model import SOURCE, DeclaredGap, GapReason
from jianlu.core.errors import InvalidError
from jianlu.core.limits import GAP_AUDIO_MS, GAPS_MAX


@dataclass(frozen=True, slots=True)
class Absence:
    """One track has nothing in [from_ms, to_ms); below `least_ms` what is left of it is not worth declaring."""

    from_ms: int
    to_ms: int
    reason: GapReason
    least_ms: int


class GapBook:
    """Collects the absences of every track and says what to declare."""

    def __init__(self, tracks: list[str]) -> None:
        self._absences: dict[str, list[Absence]] = {track: [] for track in tracks}
        self._pending: list[tuple[str, Absence]] = []
        self._source: list[tuple[int, int]] = []
        self._count = 0

    def note(self, track: str, absence: Absence) -> None:
        """Remember an absence of `track`; those of one track come in time order."""
        if absence.to_ms > absence.from_ms:
            self._absences[track].append(absence)
            self._pending.append((track, absence))

    def declare(self, until_ms: int) -> list[DeclaredGap]:
        """The gaps that end by `until_ms`, in time order; raises InvalidError beyond `GAPS_MAX`."""
        ready = [(track, absence) for track, absence in self._pending if absence.to_ms <= until_ms]
        self._pending = [(track, absence) for track, absence in self._pending if absence.to_ms > until_ms]
        declared = [gap for track, absence in ready for gap in self._of(track, absence)]
        horizon = min((absence.from_ms for _, absence in self._pending), default=until_ms)
        for track, absences in self._absences.items():
            self._absences[track] = [absence for absence in absences if absence.to_ms > horizon]
        self._source = [piece for piece in self._source if piece[1] > horizon]
        self._count += len(declared)
        if self._count > GAPS_MAX:
            raise InvalidError(f"the recording has more than {GAPS_MAX} gaps: record it again")
        return sorted(declared, key=lambda gap: (gap.from_ms, gap.to_ms, gap.side))

    def _of(self, track: str, absence: Absence) -> list[DeclaredGap]:
        found = [piece for piece in self._common(absence) if piece not in self._source]
        self._source += found
        gaps = [DeclaredGap(begin, end, GapReason.TIMESTAMPS_JUMP, SOURCE) for begin, end in found]
        rest, at = [], absence.from_ms
        known = sorted(piece for piece in self._source if piece[0] < absence.to_ms and piece[1] > absence.from_ms)
        for begin, end in known:
            rest.append((at, begin))
            at = max(at, end)
        rest.append((at, absence.to_ms))
        least_ms = absence.least_ms if known else 0
        return gaps + [DeclaredGap(begin, end, absence.reason, track) for begin, end in rest if end - begin > least_ms]

    def _common(self, absence: Absence) -> list[tuple[int, int]]:
        """Where, within `absence`, every track is absent."""
        pieces = [(absence.from_ms, absence.to_ms)]
        for absences in self._absences.values():
            pieces = [
                (max(begin, other.from_ms), min(end, other.to_ms))
                for begin, end in pieces
                for other in absences
                if max(begin, other.from_ms) < min(end, other.to_ms)
            ]
        least_ms = GAP_AUDIO_MS if len(self._absences) > 1 else 0
        return [(begin, end) for begin, end in pieces if end - begin > least_ms]
