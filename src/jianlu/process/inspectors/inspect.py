"""Inspecting a case: the passes over all tracks, in parallel, and each inspector's result put together from them.

An engine that is absent or that failed is said to be so, with a reason; nothing stands in for it. What the findings mean for
a clause is decided elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from jianlu.core.formats.plan import Plan
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.findings import Coverage, Finding, Inspection, Inspector
from jianlu.process.inspectors import picture as picture_rule
from jianlu.process.inspectors import sound as sound_rule
from jianlu.process.inspectors import sync as sync_rule
from jianlu.process.inspectors.measures import absent, covered_without, failed, ran
from jianlu.process.inspectors.passes import Attempt, PicturePass, SoundPass, TrackPass
from jianlu.process.inspectors.ports import InspectPorts, Progress, ReaderFactory
from jianlu.process.inspectors.sender_clock import ClockSample
from jianlu.process.inspectors.voice import voice_findings
from jianlu.process.media.sound import WHOLE, Window, ms_of

CAMERA = "picture"
"""The track that shows everybody; `agent-picture` shows who is heard on `agent`."""

PASSES_MAX = 8
"""Tracks read at the same time; the others wait."""


def inspect_case(
    reader_factory: ReaderFactory,
    plan: Plan,
    using: InspectPorts,
    progress: Progress | None = None,
    *,
    clock: Sequence[ClockSample] = (),
    withheld: Mapping[Inspector, str] | None = None,
    window: Window = WHOLE,
) -> tuple[Inspection, ...]:
    """What there is to hear and see in the session: voice, speech, phrases, faces, picture, sound and sync, in this order.

    `clock` is what the recorder measured of the senders' clocks. Inspectors in `withheld` (faces can be) do not run, for the reason there.
    Of a plan without pictures a `window` alone may be heard; times count from where it begins.
    The phrases are `spot(plan, speech)`, exactly. Raises what the reader raises; an engine's failure is a status, not an error.
    """
    lang = _language_of(plan, using)
    withheld = withheld or {}
    if Inspector.FACES in withheld:
        using = replace(using, faces=None)
    sounds = [SoundPass(track, using, lang, window) for track in plan.tracks if track.kind == "audio"]
    shown = [PicturePass(track, using.faces) for track in plan.tracks if track.kind == "video"]
    _run([*sounds, *shown], reader_factory, progress or _unwatched)
    end_ms = max((one.end_ms for one in (*sounds, *shown)), default=0)
    speech = _speech(sounds, using, lang)
    return (
        _voice(sounds, using),
        speech,
        spot(plan, speech),
        absent(Inspector.FACES, withheld[Inspector.FACES]) if Inspector.FACES in withheld else _faces(shown, using),
        _picture(shown, end_ms),
        _sound(sounds, end_ms),
        _sync(sounds, shown, clock),
    )


def _run(passes: Sequence[SoundPass | PicturePass], reader_factory: ReaderFactory, progress: Progress) -> None:
    """All passes beside each other; the first error stops the others and is raised."""
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=max(1, min(len(passes), PASSES_MAX))) as pool:
        running = [pool.submit(one.run, reader_factory, progress, stop) for one in passes]
        try:
            for done in running:
                done.result()
        finally:
            stop.set()


def _unwatched(_track: str, _done_ms: int) -> None:
    """Progress that nobody watches."""


def _language_of(plan: Plan, using: InspectPorts) -> str:
    """The session's language, or the only one that the plan has words in; "" when the recogniser does not know it."""
    named = plan.facts.get("session.language")
    spoken = [str(named)] if named else [language.lang for language in plan.languages]
    known = using.recognizer.languages if using.recognizer is not None else ()
    return spoken[0] if len(spoken) == 1 and spoken[0] in known else ""


def _is_unreadable(passes: Iterable[TrackPass]) -> bool:
    return all(one.is_broken and one.end_ms == 0 for one in passes)


def _error_of(attempts: Iterable[Attempt]) -> str:
    """The class of error that an engine broke with, for whoever runs it; "" when none broke. Its message stays out of evidence."""
    return next((attempt.error_name for attempt in attempts if attempt.has_failed), "")


def _voice(sounds: Sequence[SoundPass], using: InspectPorts) -> Inspection:
    if using.voice is None or not sounds:
        return absent(Inspector.VOICE, "engine_absent" if sounds else "no_track")
    engine = using.voice.engine
    if broken := _error_of(one.voice_attempt for one in sounds):
        return failed(Inspector.VOICE, engine, f"engine_failed:{broken}")
    if _is_unreadable(sounds):
        return failed(Inspector.VOICE, engine, "media_unreadable")
    stretches = [(one.track.id, one.voice.stretches) for one in sounds if one.voice is not None]
    found = [finding for track, spoken in stretches for finding in voice_findings(track, spoken, engine, using.voice.threshold)]
    return ran(Inspector.VOICE, engine, _without_holes(sounds), found)


def _speech(sounds: Sequence[SoundPass], using: InspectPorts, lang: str) -> Inspection:
    if using.recognizer is None or not sounds:
        return absent(Inspector.SPEECH, "engine_absent" if sounds else "no_track")
    engine = using.recognizer.engine
    if using.voice is None:
        return absent(Inspector.SPEECH, "voice_absent")
    if not lang:
        return absent(Inspector.SPEECH, "language_unknown")
    if broken := _error_of(one.voice_attempt for one in sounds):
        return failed(Inspector.SPEECH, engine, f"voice_failed:{broken}")
    if broken := _error_of(one.speech_attempt for one in sounds):
        return failed(Inspector.SPEECH, engine, f"engine_failed:{broken}")
    if _is_unreadable(sounds):
        return failed(Inspector.SPEECH, engine, "media_unreadable")
    told = [finding for one in sounds if one.speech is not None for finding in one.speech.findings]
    return ran(Inspector.SPEECH, engine, _without_holes(sounds, with_lost=True), told)


def _without_holes(sounds: Sequence[SoundPass], *, with_lost: bool = False) -> list[Coverage]:
    """What was listened to: each track up to its end, less the holes of the source and what the recogniser could not make out."""
    covered: list[Coverage] = []
    for one in sounds:
        lost = one.speech.lost if with_lost and one.speech is not None else []
        holes = [*one.holes, *((ms_of(start), ms_of(end)) for start, end in lost)]
        covered += covered_without(one.track.id, 0, one.end_ms, holes)
    return covered


def _faces(shown: Sequence[PicturePass], using: InspectPorts) -> Inspection:
    if using.faces is None or not shown:
        return absent(Inspector.FACES, "engine_absent" if shown else "no_track")
    engine = using.faces.engine
    if broken := _error_of(one.faces_attempt for one in shown):
        return failed(Inspector.FACES, engine, f"engine_failed:{broken}")
    if _is_unreadable(shown):
        return failed(Inspector.FACES, engine, "media_unreadable")
    found = [finding for one in shown if one.faces is not None for finding in one.faces.findings]
    covered: list[Coverage] = []
    for look in found:
        if covered and covered[-1].track == look.track and covered[-1].to_ms == look.from_ms:
            covered[-1] = Coverage(look.track, covered[-1].from_ms, look.to_ms)
        else:
            covered.append(Coverage(look.track, look.from_ms, look.to_ms))
    return ran(Inspector.FACES, engine, covered, found)


def _picture(shown: Sequence[PicturePass], session_end_ms: int) -> Inspection:
    if not shown:
        return absent(Inspector.PICTURE, "no_track")
    if _is_unreadable(shown):
        return failed(Inspector.PICTURE, picture_rule.ENGINE, "media_unreadable")
    for one in shown:
        one.picture.finish(one.known_until(session_end_ms))
    covered = [Coverage(one.track.id, one.start_ms, one.known_until(session_end_ms)) for one in shown if one.end_ms > 0]
    return ran(Inspector.PICTURE, picture_rule.ENGINE, covered, [found for one in shown for found in one.picture.findings])


def _sound(sounds: Sequence[SoundPass], session_end_ms: int) -> Inspection:
    if not sounds:
        return absent(Inspector.SOUND, "no_track")
    if _is_unreadable(sounds):
        return failed(Inspector.SOUND, sound_rule.ENGINE, "media_unreadable")
    for one in sounds:
        one.sound.finish(one.end_ms, one.known_until(session_end_ms))
    covered = [Coverage(one.track.id, 0, one.known_until(session_end_ms)) for one in sounds if one.end_ms > 0]
    return ran(Inspector.SOUND, sound_rule.ENGINE, covered, [found for one in sounds for found in one.sound.findings])


def _sync(sounds: Sequence[SoundPass], shown: Sequence[PicturePass], clock: Sequence[ClockSample]) -> Inspection:
    """Each microphone against its own person's camera, or the one camera. Coverage begins where each track begins."""
    if not sounds or not shown:
        return absent(Inspector.SYNC, "no_track")
    if _is_unreadable(sounds) or _is_unreadable(shown):
        return failed(Inspector.SYNC, sync_rule.ENGINE, "media_unreadable")
    found: list[Finding] = []
    passes: list[SoundPass | PicturePass] = []
    for heard in sounds:
        camera = _camera_of(heard, shown)
        if camera is None:
            continue
        passes += [heard] if camera in passes else [camera, heard]
        by_marks = sync_rule.sync_findings(camera.squares.marks, {heard.track.id: heard.tones.marks})
        reported = [sample for sample in clock if sample.track == heard.track.id and sample.at_ms <= heard.end_ms]
        found += by_marks or sync_rule.clock_findings(heard.track.id, reported, heard.end_ms)
    covered = [Coverage(one.track.id, one.start_ms, one.end_ms) for one in passes if one.end_ms > one.start_ms]
    return ran(Inspector.SYNC, sync_rule.ENGINE, covered, found)


def _camera_of(heard: SoundPass, shown: Sequence[PicturePass]) -> PicturePass | None:
    """The camera of who speaks there; the one that shows everybody; None where neither is."""
    own = [one for one in shown if one.track.id == f"{heard.track.id}-{CAMERA}"]
    return next(iter(own or [one for one in shown if one.track.id == CAMERA]), None)
