"""Dating: which piece of the session each word of a packed unit was spoken in, and when.

A recogniser gives one instant for the end of a word and the beginning of the next, so the first word after a pause seems to begin
in the pause, or before it. Where somebody spoke is known better, from the voice detector; words are fitted to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.process.inspectors.ports import HeardWord
from jianlu.process.inspectors.voice import Stretch
from jianlu.process.media.sound import ms_of

HELD_MS = 300
"""A word that was voiced for this long in a piece was spoken there, even if it seems to end in the next. Of 33 pauses of the
sample, none was put into the word before it; the word after it began before the pause in six, by 150 ms at most."""

EDGE_MS = 100
"""A word may begin this much before its voice was noticed, a soft consonant, and end twice as much after it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples [start, end) of the session, around a voiced `stretch`, that begin at sample `at` of a unit."""

    start: int
    end: int
    at: int
    stretch: Stretch

    @property
    def shift_ms(self) -> int:
        """From unit time to session time."""
        return ms_of(self.start) - ms_of(self.at)

    def holds(self, word: HeardWord) -> bool:
        """Whether a word, in unit time, was spoken here or ends here."""
        voiced_from, voiced_to = (ms_of(sample) - self.shift_ms for sample in (self.stretch.start, self.stretch.end))
        voiced_ms = min(word.to_ms, voiced_to) - max(word.from_ms, voiced_from)
        return voiced_ms >= HELD_MS or word.to_ms <= ms_of(self.end) - self.shift_ms


def date_words(pieces: Sequence[Piece], words: Sequence[HeardWord]) -> list[list[HeardWord]]:
    """The words of each piece that has any, in session time, in order, none outside its piece or far from its voice."""
    told: list[list[HeardWord]] = [[] for _ in pieces]
    number = 0
    for word in words:
        while number + 1 < len(pieces) and not pieces[number].holds(word):
            number += 1
        told[number].append(_dated(word, pieces[number], told[number]))
    return [spoken for spoken in told if spoken]


def _dated(word: HeardWord, piece: Piece, before: Sequence[HeardWord]) -> HeardWord:
    first = max(ms_of(piece.start), ms_of(piece.stretch.start) - EDGE_MS, before[-1].to_ms if before else 0)
    last = max(first, min(ms_of(piece.end), ms_of(piece.stretch.end) + 2 * EDGE_MS))
    start = min(max(word.from_ms + piece.shift_ms, first), last)
    return HeardWord(word.text, start, min(max(word.to_ms + piece.shift_ms, start), last), word.score)
