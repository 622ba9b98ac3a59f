"""What a person waits for after a call: until it can be played, until the first frame of any session stands, until the package is there.

`python benchmarks/after_call.py [--minutes 30] [--rounds 10] [--engines]`. A call of two cameras and two microphones is made of the
sample's media, recorded by the real recorder into a real home. Its end is timed, from the last samples to both roles' first media
handed out. The stages up to the package run without speech recognition; `--engines` adds one session of the sample's length
with everything.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av

from jianlu.capture.recording.model import AudioShape, DeclaredGap, MediaSegment, Opening, Output, Sample, TrackFormat, VideoShape
from jianlu.capture.recording.recorder import Recorder
from jianlu.core.formats.pack import packs_bytes
from jianlu.core.formats.plan import Plan, plan_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import derive_case_ref, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.deliver.playback.manifest import playback_manifest
from jianlu.deliver.playback.media import open_init, open_segment
from jianlu.entry.after_call import run_after_call
from jianlu.entry.sample.script import ASSETS
from jianlu.entry.sample.write import write_sample
from jianlu.govern.policy import freeze_plan, load_languages, load_packs, packs_directory, read_case_file, tracks_for
from jianlu.govern.policy.load_packs import pack_files
from jianlu.runtime.settings import parse_settings
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.wiring import Home, create_home, open_home

PLAYABLE_S_MAX = 10.0
FIRST_FRAME_S_MAX = 1.0
OPENINGS = 60
ADDRESS = "playback"
TRACKS = (("agent-picture", "video", 0), ("customer-picture", "video", 0), ("agent", "audio", 0), ("customer", "audio", 1))


@dataclass(frozen=True)
class Feed:
    """One track's format and its coded samples in decode order."""

    track: TrackFormat
    samples: Sequence[Sample]


def read_feeds(media: Path, seconds: int) -> list[Feed]:
    """The tracks of a call of `seconds`, from `media` over and over."""
    return [_feed(media, *track, seconds) for track in TRACKS]


def _feed(media: Path, name: str, kind: str, index: int, seconds: int) -> Feed:
    with av.open(str(media), "r") as container:
        stream: Any = (container.streams.video if kind == "video" else container.streams.audio)[index]
        coded = stream.codec_context
        shape = VideoShape(coded.width, coded.height) if kind == "video" else AudioShape(48_000, coded.channels)
        clock = int(1 / stream.time_base)
        turn = [
            Sample(max(0, packet.pts), packet.duration, packet.is_keyframe, bytes(packet))
            for packet in container.demux(stream)
            if packet.size
        ]
        track = TrackFormat(name, coded.name, bytes(coded.extradata or b""), clock, shape)
    lasts = max(sample.pts + sample.duration for sample in turn)
    turns = -(-seconds * clock // lasts)
    samples = (replace(sample, pts=sample.pts + number * lasts) for number in range(turns) for sample in turn)
    return Feed(track, [sample for sample in samples if sample.pts < seconds * clock])


def record(log: CaseLog, feeds: Sequence[Feed]) -> Callable[[], None]:
    """Record the call up to its last moment; what is returned ends it."""
    recorder = Recorder([feed.track for feed in feeds])
    totals = [0, 0]
    for number, sample in _in_order(feeds):
        for output in recorder.push(number, sample):
            _seal(log, output, feeds, totals)

    def end() -> None:
        for output in recorder.finish():
            _seal(log, output, feeds, totals)
        body = {"segments": totals[0], "duration_ms": recorder.end_ms, "media_bytes": totals[1]}
        log.append(EventType.RECORDING_ENDED, body)

    return end


def _in_order(feeds: Sequence[Feed]) -> Iterator[tuple[int, Sample]]:
    rows = [(Fraction(s.pts, feed.track.timescale), number, s) for number, feed in enumerate(feeds) for s in feed.samples]
    rows.sort(key=lambda row: row[:2])
    return ((number, sample) for _, number, sample in rows)


def _seal(log: CaseLog, output: Output, feeds: Sequence[Feed], totals: list[int]) -> None:
    if isinstance(output, Opening):
        tracks = [[feed.track.track, feed.track.kind, feed.track.codec] for feed in feeds]
        body: dict[str, Any] = {"tracks": tracks, "source": "0" * 64, "recorder": "benchmark/1"}
        log.seal_and_append(EventType.RECORDING_STARTED, "init", output.plaintext, body, part="init")
    elif isinstance(output, MediaSegment):
        body = {"no": output.no, "from_ms": output.from_ms, "to_ms": output.to_ms}
        log.seal_and_append(EventType.SEGMENT_SEALED, f"seg-{output.no:06d}", output.plaintext, body)
        totals[0] += 1
    elif isinstance(output, DeclaredGap):
        body = {"from_ms": output.from_ms, "to_ms": output.to_ms, "reason": output.reason.value, "side": output.side}
        log.append(EventType.GAP_DECLARED, body)
    totals[1] += len(output.plaintext) if isinstance(output, Opening | MediaSegment) else 0


def solve() -> tuple[Plan, bytes]:
    """The plan of the sample's sale as a remote call, and the packs that it came from."""
    folder = packs_directory()
    facts = replace(read_case_file(ASSETS / "case.toml").facts, tracks=tracks_for(["agent", "customer"]))
    plan = freeze_plan(facts, load_packs(folder), load_languages(folder))
    return plan, packs_bytes({pack.id: pack_files(folder / pack.id) for pack in plan.packs})


def new_case(home: Home, number: str, plan: Plan, rules: bytes) -> CaseLog:
    """A case with its plan frozen."""
    tenant = tenant_id(home.settings.tenant.id)
    log = open_case_log(home.vault, tenant, derive_case_ref(tenant_secret(home.vault, tenant), number))
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {"rules": log.seal_part("packs", rules, part="rules")})
    return log


def play(log: CaseLog) -> None:
    """What a player asks for before the first frame of both roles."""
    manifest = playback_manifest(log, address=ADDRESS)
    for role in manifest["roles"]:
        open_init(log, role["role"])
        open_segment(log, role["role"], role["segments"][0]["no"])


def _end_and_play(end: Callable[[], None], log: CaseLog) -> None:
    end()
    play(log)


def show_frame(log: CaseLog, at_ms: int) -> None:
    """The first frame of a player that opens the session and jumps to `at_ms`, decoded."""
    manifest = playback_manifest(log, address=ADDRESS)
    role = random.choice(manifest["roles"])
    begin = [segment for segment in role["segments"] if segment["has_key_frame"] and segment["from_ms"] <= at_ms][-1]
    content = open_init(log, role["role"]).content + open_segment(log, role["role"], begin["no"]).content
    with av.open(io.BytesIO(content), "r") as container:
        next(container.decode(container.streams.video[0]))


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile; of a few values nearly the largest."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of `work`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


@contextmanager
def benchmark_home(folder: Path, *, has_speech: bool) -> Iterator[Home]:
    """A home of its own."""
    text = "" if has_speech else '[inspect]\nspeech = "none"\n'
    path = folder / ("home-speech" if has_speech else "home")
    create_home(path, parse_settings(text), text)
    with open_home(path) as home:
        yield home


def measure_end(home: Home, feeds: Sequence[Feed], rounds: int, minutes: int) -> list[CaseLog]:
    """Time the end of `rounds` calls, and first frames of random ones."""
    plan, rules = solve()
    logs, waits = [], []
    for number in range(rounds):
        log = new_case(home, f"call-{number}", plan, rules)
        end = record(log, feeds)
        wall, _ = timed(partial(_end_and_play, end, log))
        waits.append(wall)
        logs.append(log)
    verdict = "reached" if p95(waits) < PLAYABLE_S_MAX else "MISSED"
    print(
        f"end of a {minutes}-minute call to sealed and playable: median {statistics.median(waits):.2f} s, p95 {p95(waits):.2f} s",
        end="",
    )
    print(f" over {rounds} ({verdict}, bound {PLAYABLE_S_MAX:.0f} s)")
    return logs


def measure_first_frames(logs: Sequence[CaseLog], minutes: int) -> None:
    """Time the first frame of random sessions at random seconds: the manifest, what is opened, and the decoding."""
    waits = []
    for _ in range(OPENINGS):
        log, at_ms = random.choice(logs), random.randrange(minutes * 60_000)
        wall, _ = timed(partial(show_frame, log, at_ms))
        waits.append(wall)
    verdict = "reached" if p95(waits) < FIRST_FRAME_S_MAX else "MISSED"
    print(
        f"first frame of a random session at a random second, hot: median {statistics.median(waits):.2f} s, p95 {p95(waits):.2f} s",
        end="",
    )
    print(f" over {OPENINGS} ({verdict}, bound {FIRST_FRAME_S_MAX:.0f} s)")


def measure_package(home: Home, log: CaseLog, what: str) -> None:
    """Time the stages after the call, each as its progress tells it."""
    began: dict[str, float] = {}
    start = time.perf_counter()

    def say(stage: str, *_: int | None) -> None:
        began.setdefault(stage.partition(" ")[0], time.perf_counter() - start)

    destination = package_path(home.path, log.case)
    destination.parent.mkdir(exist_ok=True)
    wall, cpu = timed(lambda: run_after_call(log, destination, home.workbench, say))
    seconds = next(event.body["duration_ms"] for event in log.events if event.type is EventType.RECORDING_ENDED) / 1000
    size = destination.stat().st_size / 1e6
    parts = f"judged after {began['judge']:.1f} s, package of {size:.0f} MB after {wall:.1f} s ({cpu:.1f} s cpu)"
    print(f"{what}, {seconds / 60:.1f} minutes: {parts}: {seconds / wall:.1f} x real time")


def main() -> None:
    """Measure everything in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30, help="length of a call")
    parser.add_argument("--rounds", type=int, default=10, help="calls whose end is timed")
    parser.add_argument("--engines", action="store_true", help="also one short call with speech recognition")
    options = parser.parse_args()
    random.seed(7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        length_s = write_sample(folder / "sample").duration_ms // 1000
        media = folder / "sample" / "sale.mp4"
        feeds = read_feeds(media, options.minutes * 60)
        with benchmark_home(folder, has_speech=False) as home:
            logs = measure_end(home, feeds, options.rounds, options.minutes)
            measure_first_frames(logs, options.minutes)
            measure_package(home, logs[0], "without speech recognition")
        if options.engines:
            with benchmark_home(folder, has_speech=True) as home:
                plan, rules = solve()
                log = new_case(home, "spoken", plan, rules)
                record(log, read_feeds(media, length_s))()
                measure_package(home, log, "with every engine")


if __name__ == "__main__":
    main()
