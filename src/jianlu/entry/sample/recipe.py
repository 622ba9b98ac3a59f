"""What a session is made of: who says which utterance on which track, and what is wrong with the recording.

Pure values and the edits that turn the lawful DEFAULT into its variants; every edit returns a new recipe. Not here: where things
fall in time (schedule.py), how they sound and look (sound.py, picture.py), how they are encoded (assemble.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jianlu.core.errors import InvalidError, NotFoundError

ROLES = ("agent", "customer")  # the order of the audio tracks
VIDEO_ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp8": "libvpx", "vp9": "libvpx-vp9", "av1": "libsvtav1"}
AUDIO_ENCODERS = {"aac": "aac", "opus": "libopus"}
CONTAINER_FORMATS = {"mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm"}


@dataclass(frozen=True)
class Line:
    """One utterance in one voice on one role's track; a lawful line has the voice of its role."""

    utterance: str
    voice: str
    role: str
    pause_before_ms: int = 450


@dataclass(frozen=True)
class Span:
    """A stretch of the finished recording, from its start, end excluded."""

    from_ms: int
    to_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.from_ms < self.to_ms:
            raise InvalidError(f"a span from {self.from_ms} to {self.to_ms} ms is empty: give 0 <= from_ms < to_ms")

    def holds(self, at_ms: float) -> bool:
        return self.from_ms <= at_ms < self.to_ms


@dataclass(frozen=True)
class Mute:
    """Digital silence on one role's track: neither voice nor room nor sync tone."""

    role: str
    span: Span


@dataclass(frozen=True)
class Encoding:
    """Container and codecs; `remuxed` copies the finished file packet by packet into a second one, as a converter would."""

    container: str = "mp4"
    video: str = "h264"
    audio: str = "aac"
    remuxed: bool = False

    def __post_init__(self) -> None:
        for word, known in ((self.container, CONTAINER_FORMATS), (self.video, VIDEO_ENCODERS), (self.audio, AUDIO_ENCODERS)):
            if word not in known:
                raise InvalidError(f"{word} is not one of {', '.join(known)}: choose one of these")
        if self.container == "webm" and (self.video in {"h264", "hevc"} or self.audio == "aac"):
            raise InvalidError("webm holds vp8, vp9 or av1 with opus: choose these or another container")


@dataclass(frozen=True)
class Recipe:
    """A whole session. Faults are applied to the finished picture and sound, so a fault also swallows sync marks inside it.

    black, freeze   the picture is black, or stands still at its first frame
    mutes           a track is digitally silent
    audio_shift_ms  the sound of every track comes later (or earlier) than its picture; timestamps stay as they were
    noise_db        level of street noise on both tracks in dBFS; without it only the faint noise of a room
    """

    lines: tuple[Line, ...]
    lead_in_ms: int = 1_500
    tail_ms: int = 1_600
    marks_every_ms: int = 20_000
    black: Span | None = None
    freeze: Span | None = None
    mutes: tuple[Mute, ...] = ()
    audio_shift_ms: int = 0
    noise_db: float | None = None
    encoding: Encoding = field(default_factory=Encoding)

    def index_of(self, utterance: str) -> int:
        """The place of the first line with this utterance; NotFoundError where there is none."""
        for index, line in enumerate(self.lines):
            if line.utterance == utterance:
                return index
        raise NotFoundError(f"the recipe has no line {utterance}: it has {', '.join(line.utterance for line in self.lines)}")

    def without(self, *spoken: str) -> Recipe:
        """The session with these lines left out."""
        for utterance in spoken:
            self.index_of(utterance)
        return replace(self, lines=tuple(line for line in self.lines if line.utterance not in spoken))

    def replacing(self, utterance: str, *others: Line) -> Recipe:
        """The session with other lines in the place of one."""
        at = self.index_of(utterance)
        return replace(self, lines=(*self.lines[:at], *others, *self.lines[at + 1 :]))

    def adding_after(self, utterance: str, *others: Line) -> Recipe:
        """The session with further lines right after one."""
        at = self.index_of(utterance) + 1
        return replace(self, lines=(*self.lines[:at], *others, *self.lines[at:]))

    def moving_after(self, utterance: str, other: str) -> Recipe:
        """The session with one line said right after another."""
        moved = self.lines[self.index_of(utterance)]
        return self.without(utterance).adding_after(other, moved)

    def in_voices(self, voices: Mapping[str, str]) -> Recipe:
        """The same words from other people: a voice for each present voice that changes."""
        return replace(self, lines=tuple(replace(line, voice=voices.get(line.voice, line.voice)) for line in self.lines))

    def with_pauses(self, extra_ms: int) -> Recipe:
        """The same session, slower: every pause longer by so much."""
        slower = (replace(line, pause_before_ms=line.pause_before_ms + extra_ms) for line in self.lines)
        return replace(self, lines=tuple(slower))


def agent(utterance: str, pause_before_ms: int = 450) -> Line:
    """A line of the agent in the agent's voice on the agent's track."""
    return Line(utterance, "agent", "agent", pause_before_ms)


def customer(utterance: str, pause_before_ms: int = 500) -> Line:
    """A line of the customer in the customer's voice on the customer's track."""
    return Line(utterance, "customer", "customer", pause_before_ms)


DEFAULT = Recipe(
    lines=(
        agent("a01"),
        agent("a02"),
        customer("c02"),
        agent("a03"),
        agent("a03b"),
        agent("a04"),
        customer("c04"),
        agent("a05"),
        agent("a06"),
        agent("a07"),
        agent("a08"),
        agent("a09"),
        agent("a10"),
        agent("a11"),
        customer("c11"),
        agent("a12"),
        customer("c12"),
        agent("a13"),
        customer("c13"),
        agent("a14"),
    )
)
