"""How fast a media file is captured into a real vault, against copying and hashing the same file in the same run.

`python benchmarks/capture.py [--megabytes 1000] [--rounds 3]`. Two H.264 + AAC recordings are made first: one of the size
asked for at a high bit rate (bytes count), and one hour at a low one (frames count). Rounds are interleaved, the median is
taken, wall and CPU are printed. "cut alone" reads, checks and cuts and seals nothing; "capture" is durable: sealed objects,
ledger and index on disk. The file is in the page cache.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.backends.events.ledger_folder import LedgerFolder
from jianlu.backends.keys.file import create_root_key, load_root_key
from jianlu.capture import CapturePorts, TrackRole, capture_file
from jianlu.capture.recording.recorder import Recorder
from jianlu.capture.uploads.read import open_source
from jianlu.core.terms.ids import case_ref
from jianlu.ledger.create import create_ledger
from jianlu.ledger.open import open_ledger
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.database import migrate_database, open_database
from jianlu.vault.case_log import open_case_log
from jianlu.vault.ports import VaultPorts

ROLES = [TrackRole(0, "agent")]
CLIP_SECONDS = 4
CASES = (case_ref("c" + letter * 26) for letter in "abcdefghijklmnopqrstuvwxyz")


def encode_clip(path: Path, size: tuple[int, int], noise: int, crf: str) -> None:
    """Four seconds of moving noise and a tone."""
    random, rate_hz = np.random.default_rng(1), 48000
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": crf, "g": "50"}
        audio: Any = container.add_stream("aac", rate=rate_hz, layout="mono")
        for number in range(CLIP_SECONDS * 25):
            pixels = (random.integers(0, noise, (size[1], size[0], 3)) + number).astype(np.uint8)
            picture = av.VideoFrame.from_ndarray(pixels, "rgb24")
            picture.pts = number
            container.mux(video.encode(picture))
        wave = np.sin(np.arange(CLIP_SECONDS * rate_hz) * 0.05).astype(np.float32)
        for at in range(0, len(wave) - 1023, 1024):
            sound = av.AudioFrame.from_ndarray(wave[None, at : at + 1024], format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = rate_hz, at, Fraction(1, rate_hz)
            container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))


def repeat_clip(clip: Path, target: Path, times: int) -> None:
    """The packets of `clip`, `times` over."""
    with av.open(str(clip)) as given, av.open(str(target), "w") as container:
        streams: list[Any] = [container.add_stream_from_template(stream) for stream in given.streams]
        packets = [
            (p.stream_index, p.pts or 0, p.dts or 0, p.duration, p.is_keyframe, bytes(p), p.time_base)
            for p in given.demux()
            if p.size
        ]
        for turn in range(times):
            for index, pts, dts, duration, is_keyframe, payload, base in packets:
                if index and ((turn and pts < 0) or pts * base >= CLIP_SECONDS):
                    continue
                again = av.Packet(payload)
                again.stream, again.time_base, again.is_keyframe = streams[index], base, is_keyframe
                shift = int(CLIP_SECONDS * turn / base)
                again.pts, again.dts, again.duration = pts + shift, dts + shift, duration
                container.mux(again)


def copy_and_hash(media: Path, folder: Path) -> None:
    shutil.copyfile(media, folder / "copy")
    fd = os.open(folder / "copy", os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
    with media.open("rb") as opened:
        hashlib.file_digest(opened, "sha256")
    (folder / "copy").unlink()


def cut_alone(media: Path) -> None:
    with open_source(media, ROLES) as source:
        recorder = Recorder(source.tracks)
        for track, sample in source.samples():
            recorder.push(track, sample)
        recorder.finish()


def capture(media: Path, using: VaultPorts) -> None:
    capture_file(media, tracks=ROLES, using=CapturePorts(open_case_log(using, "bench", next(CASES))))


@contextmanager
def home(folder: Path) -> Iterator[VaultPorts]:
    """A fresh real vault with ledger and index in `folder`."""
    for name in ("vault", "keys", "secrets"):
        (folder / name).mkdir(parents=True)
    create_root_key(folder / "secrets" / "root.key")
    create_signer_key(folder / "secrets" / "ledger.key", "bench.example/log")
    signer = load_signer(folder / "secrets" / "ledger.key")
    create_ledger(folder / "ledger", origin="bench.example/log", signer=signer)
    engine = open_database(f"sqlite:///{folder}/index.sqlite")
    migrate_database(engine)
    with open_ledger(folder / "ledger", signer=signer) as ledger:
        yield VaultPorts(
            blobs=PosixBlobs(folder / "vault"),
            key_blobs=PosixBlobs(folder / "keys"),
            keys=load_root_key(folder / "secrets" / "root.key"),
            ledger=LedgerFolder(ledger, folder / "ledger"),
            clock=SystemClock(),
            index=engine,
        )
    engine.dispose()


def measure(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of each piece of work, the rounds interleaved."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            os.sync()
            usage = resource.getrusage(resource.RUSAGE_SELF)
            wall, cpu = time.perf_counter(), usage.ru_utime + usage.ru_stime
            run()
            usage = resource.getrusage(resource.RUSAGE_SELF)
            seen[name].append((time.perf_counter() - wall, usage.ru_utime + usage.ru_stime - cpu))
    return {
        name: (statistics.median(w for w, _ in times), statistics.median(c for _, c in times)) for name, times in seen.items()
    }


def report(title: str, media: Path, folder: Path, rounds: int, seconds: int) -> None:
    """Measure one file and print its table."""
    with home(folder / "home") as using:
        work: dict[str, Callable[[], None]] = {
            "copyfile + fsync + SHA-256": lambda: copy_and_hash(media, folder),
            "cut alone": lambda: cut_alone(media),
            "capture": lambda: capture(media, using),
        }
        measured = measure(work, rounds)
    shutil.rmtree(folder / "home")
    size = media.stat().st_size
    print(f"\n{title}: {size / 1e6:.0f} MB, {seconds} s, {size * 8 / 1e6 / seconds:.1f} Mbit/s")
    print(f"{'':30}{'wall s':>8}{'CPU s':>8}{'MB/s':>8}{'x real time':>13}")
    for name, (wall, cpu) in measured.items():
        print(f"{name:30}{wall:8.2f}{cpu:8.2f}{size / 1e6 / wall:8.0f}{seconds / wall:13.0f}")
    base, ours = measured["copyfile + fsync + SHA-256"], measured["capture"]
    print(f"speed of capture / copy and hash: {base[0] / ours[0]:.3f} by wall, {base[1] / ours[1]:.3f} by CPU")


def main() -> None:
    """Make both recordings, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where to work; the system's temporary folder otherwise")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        encode_clip(folder / "rich.mp4", (1280, 720), 60, "20")
        times = max(1, options.megabytes * 1_000_000 // (folder / "rich.mp4").stat().st_size)
        repeat_clip(folder / "rich.mp4", folder / "large.mp4", times)
        report("large file", folder / "large.mp4", folder, options.rounds, times * CLIP_SECONDS)
        (folder / "large.mp4").unlink()
        encode_clip(folder / "poor.mp4", (320, 180), 20, "40")
        repeat_clip(folder / "poor.mp4", folder / "hour.mp4", 3600 // CLIP_SECONDS)
        report("one hour", folder / "hour.mp4", folder, options.rounds, 3600)
        print(f"\npeak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


if __name__ == "__main__":
    main()
