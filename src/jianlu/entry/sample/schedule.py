"""Where everything falls in time: lines one after the other, sync marks in the pauses between them.

A mark is a clapper: picture flash and sound burst at one instant, on a frame's edge, at least GUARD_MS away from any speech.
The result is the truth that tests compare findings with. Not here: what a mark looks and sounds like.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import NotFoundError
from jianlu.entry.sample.recipe import Line, Recipe
from jianlu.entry.sample.sound import clip_ms

FRAME_MS = 40  # 25 frames a second
MARK_MS = 120
MARK_EDGE_MS = 600  # the first mark comes so long after the start, the last so long before the end
GUARD_MS = 320
CLIP_EDGE_MS = 60  # silence that every clip has at both ends


@dataclass(frozen=True)
class PlacedLine:
    """When a line is heard in the finished file, without the silence around it."""

    id: str
    voice: str
    role: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Timeline:
    """The truth about a session: its lines, the pictured instants of its sync marks, and its length."""

    lines: tuple[PlacedLine, ...]
    marks_ms: tuple[int, ...]
    duration_ms: int
    audio_shift_ms: int

    def line(self, utterance: str) -> PlacedLine:
        """The first line with this id; NotFoundError where nobody says it."""
        for line in self.lines:
            if line.id == utterance:
                return line
        raise NotFoundError(f"the session has no line {utterance}: it has {', '.join(line.id for line in self.lines)}")


def on_frame(at_ms: float) -> int:
    """The first frame's edge at or after an instant."""
    return int(-(-at_ms // FRAME_MS) * FRAME_MS)


def place(line: Line, start_ms: int, shift_ms: int) -> PlacedLine:
    end_ms = start_ms + clip_ms(line.voice, line.utterance)
    return PlacedLine(line.utterance, line.voice, line.role, start_ms + CLIP_EDGE_MS + shift_ms, end_ms - CLIP_EDGE_MS + shift_ms)


def schedule(recipe: Recipe) -> Timeline:
    """The timeline of a recipe. A mark that is due waits for the next pause, which is widened if it is too short."""
    marks = [MARK_EDGE_MS]
    placed = []
    now_ms = recipe.lead_in_ms
    for index, line in enumerate(recipe.lines):
        start_ms = now_ms + (line.pause_before_ms if index else 0)
        if now_ms - marks[-1] >= recipe.marks_every_ms:
            marks.append(on_frame(now_ms + GUARD_MS))
            start_ms = max(start_ms, marks[-1] + MARK_MS + GUARD_MS)
        placed.append(place(line, start_ms, recipe.audio_shift_ms))
        now_ms = start_ms + clip_ms(line.voice, line.utterance)
    duration_ms = on_frame(max(now_ms + recipe.tail_ms, now_ms + GUARD_MS + MARK_EDGE_MS))
    marks.append(duration_ms - MARK_EDGE_MS)
    return Timeline(tuple(placed), tuple(marks), duration_ms, recipe.audio_shift_ms)
