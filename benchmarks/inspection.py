"""How fast inspection is on the bundled sample, as ratios in one run: against real time, and against the bare recogniser.

`python benchmarks/inspection.py [--rounds 3] [--no-speech] [--media FILE]`. Everything but speech is measured against real time. Speech is
measured against faster-whisper alone, twice: on the same units of speech (what does finding, dating and spelling them cost?),
and as anybody would call it, on each whole track with its own voice filter and word times. Wall and CPU time are both
printed, since other work disturbs a machine; the median of the rounds is taken.
"""

from __future__ import annotations

import argparse
import io
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from faster_whisper import WhisperModel, decode_audio

from jianlu.backends.faces.yunet import YuNetDetector
from jianlu.backends.speech.whisper import MODEL_FILES, THREADS, WhisperRecognizer
from jianlu.backends.voice.silero import SileroDetector
from jianlu.core.formats.plan import Plan, Track
from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.ports import Hearing, InspectPorts, Recognizer
from jianlu.process.media.sound import RATE_HZ, Samples
from jianlu.process.models.registry import find_model, read_model_file

TRACKS = (Track("picture", "video", 0), Track("agent", "audio", 0), Track("customer", "audio", 1))
GOAL_REAL_TIME = 20
GOAL_BARE = 1.1


class Listening:
    """A recogniser that remembers what it was asked."""

    def __init__(self, inner: Recognizer) -> None:
        self.inner = inner
        self.units: list[Samples] = []
        self.engine, self.threshold, self.languages = inner.engine, inner.threshold, inner.languages

    def recognize(self, samples: Samples, lang: str) -> Hearing:
        self.units.append(samples)
        return self.inner.recognize(samples, lang)


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of each piece of work, the rounds interleaved."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            wall, cpu = time.perf_counter(), cpu_seconds()
            run()
            seen[name].append((time.perf_counter() - wall, cpu_seconds() - cpu))
    return {
        name: (statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)) for name, pairs in seen.items()
    }


def plan_of(tracks: tuple[Track, ...]) -> Plan:
    return Plan({"session.language": "zh"}, tracks, (), (), (), (), (), (), ())


def bare_model() -> WhisperModel:
    model = find_model("whisper-base")
    files = {name: read_model_file(model, name) for name in MODEL_FILES}
    return WhisperModel(model.id, device="cpu", compute_type="int8", cpu_threads=THREADS, files=files)


def bare_units(model: WhisperModel, units: list[Samples]) -> None:
    for samples in units:
        segments, _ = model.transcribe(
            samples, language="zh", beam_size=5, temperature=0.0, condition_on_previous_text=False, word_timestamps=True
        )
        list(segments)


def bare_tracks(model: WhisperModel, tracks: list[Path]) -> None:
    for path in tracks:
        segments, _ = model.transcribe(
            decode_audio(str(path)),
            language="zh",
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
            vad_filter=True,
        )
        list(segments)


def single_tracks(content: bytes, folder: Path) -> list[Path]:
    """Each audio track as a file of its own, for an engine that takes no track number."""
    import av

    paths = []
    for index in range(2):
        path = folder / f"track{index}.mp4"
        with av.open(io.BytesIO(content), mode="r") as source, av.open(str(path), "w", format="mp4") as out:
            stream = source.streams.audio[index]
            copy = out.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    out.mux(packet)
        paths.append(path)
    return paths


def show(name: str, wall: float, cpu: float, seconds: float) -> None:
    print(f"{name:44}{wall:8.2f}{cpu:8.2f}{seconds / wall:9.1f}{seconds / cpu:9.1f}")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-speech", action="store_true", help="only what is measured against real time")
    parser.add_argument("--media", type=Path, default=None, help="an MP4 with two Mandarin audio tracks, in the sample's place")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.media is None:
            assemble(DEFAULT, folder / "sale.mp4")
        content = (options.media or folder / "sale.mp4").read_bytes()
        rest = InspectPorts(SileroDetector(find_model("silero-vad")), None, YuNetDetector(find_model("yunet")))
        made = inspect_case(lambda: io.BytesIO(content), plan_of(TRACKS), rest)
        seconds = max(covered.to_ms for inspection in made for covered in inspection.covered) / 1000
        print(f"{options.media or 'the bundled sample'}, {seconds:.1f} s, one video and two audio tracks\n")
        print(f"{'':44}{'wall s':>8}{'CPU s':>8}{'x wall':>9}{'x CPU':>9}")
        work = {"everything but speech": lambda: drop(inspect_case(lambda: io.BytesIO(content), plan_of(TRACKS), rest))}
        measured = measure(work, options.rounds)
        show("everything but speech", *measured["everything but speech"], seconds)
        speed = seconds / measured["everything but speech"][0]
        print(
            f"real-time factor: {speed:.1f} by wall ({'reached' if speed >= GOAL_REAL_TIME else 'MISSED'}, goal {GOAL_REAL_TIME})\n"
        )
        if not options.no_speech:
            speech(content, folder, rest, seconds, options.rounds)


def speech(content: bytes, folder: Path, rest: InspectPorts, seconds: float, rounds: int) -> None:
    """Our speech inspection against the bare engine."""
    listening = Listening(WhisperRecognizer(find_model("whisper-base")))
    hearing = replace(rest, faces=None, recognizer=listening)
    model = bare_model()
    tracks = single_tracks(content, folder)
    inspect_case(lambda: io.BytesIO(content), plan_of(TRACKS[1:]), hearing)
    units = list(listening.units)
    spoken = sum(len(unit) for unit in units) / RATE_HZ
    work = {
        "ours: decode, voice, sound, speech, both tracks": lambda: drop(
            inspect_case(lambda: io.BytesIO(content), plan_of(TRACKS[1:]), hearing)
        ),
        f"bare, on our {len(units)} units ({spoken:.0f} s of sound)": lambda: bare_units(model, units),
        "bare, on each whole track": lambda: bare_tracks(model, tracks),
    }
    measured = measure(work, rounds)
    for name, (wall, cpu) in measured.items():
        show(name, wall, cpu, seconds)
    (ours_wall, ours_cpu), *bare = measured.values()
    for what, (wall, cpu) in zip(("the same units", "whole tracks"), bare, strict=True):
        verdict = "reached" if ours_cpu / cpu <= GOAL_BARE else "MISSED"
        print(
            f"cost of ours / bare on {what}: {ours_cpu / cpu:.2f} by CPU ({verdict}, goal {GOAL_BARE}), {ours_wall / wall:.2f} by wall"
        )
    print(
        f"speech, real-time factor: {seconds / ours_wall:.1f} by wall; {ours_cpu / (2 * seconds):.3f} CPU s per second of track"
    )


def drop(_made: object) -> None:
    """The result is not looked at."""


if __name__ == "__main__":
    main()
