"""The passes: one over each audio track, one over each video track, each feeding all inspectors that need it.

A track is decoded once, in constant memory. A foreign engine that breaks is not called again; a track that cannot be read to
its end is known as far as it went. Evidence that does not open is neither: that error passes on. Findings are not judged here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Track
from jianlu.process.inspectors.faces import FacesTrack
from jianlu.process.inspectors.marks import SquareTrack, ToneTrack
from jianlu.process.inspectors.picture import PictureTrack
from jianlu.process.inspectors.ports import FaceDetector, InspectPorts, Progress, ReaderFactory
from jianlu.process.inspectors.sound import SoundTrack
from jianlu.process.inspectors.speech import SpeechTrack
from jianlu.process.inspectors.transcript import Transcriber
from jianlu.process.inspectors.voice import VoiceTrack
from jianlu.process.media.picture import Picture, pictures
from jianlu.process.media.sound import WHOLE, SoundBlock, Window, ms_of, sound_blocks

_Answer = TypeVar("_Answer")


class Attempt:
    """Calls of a foreign engine: after the first that fails there are no more."""

    def __init__(self, *, is_possible: bool) -> None:
        self.is_going = is_possible
        self.has_failed = False
        self.error_name = ""

    def call(self, step: Callable[[], _Answer]) -> _Answer | None:
        """What `step` answers, or None once the engine has failed."""
        if not self.is_going:
            return None
        try:
            return step()
        except Exception as error:  # noqa: BLE001 - whatever an engine raises means one thing: nobody listened
            self.is_going, self.has_failed, self.error_name = False, True, type(error).__name__
            return None


class TrackPass:
    """What every pass knows: how far it came, and whether the media broke off."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.end_ms = 0
        self.is_broken = False

    def known_until(self, session_end_ms: int) -> int:
        """A track that ended early is silent or still until the session's end; one that could not be read is unknown."""
        return self.end_ms if self.is_broken else max(self.end_ms, session_end_ms)


class SoundPass(TrackPass):
    """Listens to one audio track: voice, speech, sound and sync tones."""

    def __init__(self, track: Track, using: InspectPorts, lang: str, window: Window = WHOLE) -> None:
        super().__init__(track)
        self._window = window
        self.holes: list[tuple[int, int]] = []
        self.sound = SoundTrack(track.id)
        self.tones = ToneTrack()
        self.voice: VoiceTrack | None = None
        self.speech: SpeechTrack | None = None
        self.voice_attempt = Attempt(is_possible=using.voice is not None)
        self.speech_attempt = Attempt(is_possible=using.voice is not None and using.recognizer is not None and lang != "")
        if using.voice is not None:
            detector = using.voice
            self.voice = self.voice_attempt.call(lambda: VoiceTrack(detector.listen(), detector.threshold))
            if using.recognizer is not None:
                self.speech = SpeechTrack(track.id, using.recognizer, Transcriber(lang))

    @property
    def start_ms(self) -> int:
        """Where the track's own sound begins."""
        return self.holes[0][1] if self.holes and self.holes[0][0] == 0 else 0

    def run(self, reader_factory: ReaderFactory, progress: Progress, stop: threading.Event) -> None:
        """Read the track to its end, or until `stop`; raises what the reader raises."""
        end = 0
        with reader_factory() as reader:
            try:
                for block in sound_blocks(reader, self.track.stream, self._window):
                    if stop.is_set():
                        return
                    self._hear(block)
                    end = block.end
                    progress(self.track.id, ms_of(end))
            except InvalidError:
                self.is_broken = True
        self.end_ms = ms_of(end)
        self._finish(end)

    def _hear(self, block: SoundBlock) -> None:
        self._note_holes(block)
        voice, speech = self.voice, self.speech
        voiced = self.voice_attempt.call(lambda: voice.hear(block)) if voice is not None else None
        self.sound.hear(block, voiced)
        self.tones.hear(block)
        if voice is not None and speech is not None and self.voice_attempt.is_going:
            self.speech_attempt.call(lambda: speech.hear(block, voice.stretches, voice.open_since))

    def _note_holes(self, block: SoundBlock) -> None:
        for start, end in block.missing:
            if self.holes and self.holes[-1][1] == ms_of(start):
                self.holes[-1] = (self.holes[-1][0], ms_of(end))
            else:
                self.holes.append((ms_of(start), ms_of(end)))

    def _finish(self, end: int) -> None:
        self.tones.finish()
        voice, speech = self.voice, self.speech
        if voice is None or not self.voice_attempt.is_going:
            return
        voice.finish(end)
        if speech is not None and end > 0:
            self.speech_attempt.call(lambda: speech.finish(voice.stretches))


class PicturePass(TrackPass):
    """Looks at one video track: picture, faces and sync squares."""

    def __init__(self, track: Track, detector: FaceDetector | None) -> None:
        super().__init__(track)
        self.start_ms = 0
        self.picture = PictureTrack(track.id)
        self.squares = SquareTrack()
        self.faces = FacesTrack(track.id, detector) if detector is not None else None
        self.faces_attempt = Attempt(is_possible=detector is not None)

    def run(self, reader_factory: ReaderFactory, progress: Progress, stop: threading.Event) -> None:
        """Read the track to its end, or until `stop`; raises what the reader raises."""
        first: int | None = None
        told_ms = 0
        with reader_factory() as reader:
            try:
                for picture in pictures(reader, self.track.stream):
                    if stop.is_set():
                        return
                    first = picture.at_ms if first is None else first
                    self._look(picture)
                    if picture.at_ms >= told_ms + 1000:
                        told_ms = picture.at_ms
                        progress(self.track.id, told_ms)
                    self.end_ms = max(picture.at_ms, picture.until_ms)
            except InvalidError:
                self.is_broken = True
        self.start_ms = first or 0
        faces = self.faces
        if faces is not None:
            self.faces_attempt.call(lambda: faces.finish(self.end_ms))

    def _look(self, picture: Picture) -> None:
        self.picture.look(picture)
        self.squares.look(picture)
        faces = self.faces
        if faces is not None:
            self.faces_attempt.call(lambda: faces.look(picture))
