"""The main job on the sample without speech recognition, and the verifier against `sha256sum`: ratios of one run.

Prints: pipeline speed as a multiple of real time (bound: 20), verification against hashing the same file (bound: 0.5). The package that is
verified is made large by a long session: the sample's media many times over is sealed as one recording.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from jianlu.entry.cli.main import run
from jianlu.entry.main_job import run_job
from jianlu.entry.sample.write import write_sample
from jianlu.verify.check import check_package

REAL_TIME_MIN = 20.0
VERIFY_MIN = 0.5
ROUNDS = 5
JOIN_S = Fraction(1, 10)
"""Between two turns: the next one's coder priming must not reach into the last."""


def cpu_s() -> float:
    """Processor seconds of this process and its children."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of `work`."""
    wall, cpu = time.perf_counter(), cpu_s()
    work()
    return time.perf_counter() - wall, cpu_s() - cpu


def quiet(*arguments: object) -> int:
    """Run one command of ours without its output."""
    with contextlib.redirect_stdout(io.StringIO()):
        return run([str(argument) for argument in arguments])


def without_speech(home: Path) -> None:
    """Take the recogniser, and nothing else, out of a home."""
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('speech = "faster-whisper"', 'speech = "none"'), encoding="utf-8")


def repeated(source: Path, target: Path, times: int) -> None:
    """`source` `times` over as one recording, without re-encoding: what a long session looks like."""
    with av.open(str(target), "w") as output:
        with av.open(str(source)) as first:
            streams = [output.add_stream_from_template(stream) for stream in first.streams]
            longest_s = max(Fraction(stream.duration or 0) * (stream.time_base or 0) for stream in first.streams)
        length_s = longest_s + JOIN_S
        for turn in range(times):
            with av.open(str(source)) as media:
                for packet in media.demux():
                    if packet.dts is None or packet.pts is None:
                        continue
                    shift = int(turn * length_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    output.mux(packet)


def measure_pipeline(folder: Path) -> tuple[Path, float]:
    """Seal the sample without speech; prints the multiple of real time, returns home and sample length."""
    home, sample = folder / "home", folder / "sample"
    quiet("init", home)
    without_speech(home)
    length_s = write_sample(sample).duration_ms / 1000
    job = ("seal", sample / "sale.mp4", "--case", sample / "case.toml", "-o", folder / "sale.jlp", "--home", home)
    assert callable(run_job)  # loaded before the clock starts, as in a worker that is already up
    wall, cpu = timed(lambda: quiet(*job))
    print(
        f"pipeline without speech: {length_s:.0f} s of session in {wall:.1f} s wall, {cpu:.1f} s cpu: {length_s / wall:.1f} x real time",
        end="",
    )
    print(
        f" (bound {REAL_TIME_MIN:.0f}); by cpu on {os.cpu_count()} cores at best {length_s * (os.cpu_count() or 1) / cpu:.1f} x"
    )
    return home, length_s


def measure_verify(folder: Path, home: Path, times: int) -> None:
    """Verify a package of a long recording against hashing the same file, in turn."""
    media = folder / "long.mp4"
    repeated(folder / "sample" / "sale.mp4", media, times)
    case = folder / "long.toml"
    text = (folder / "sample" / "case.toml").read_text(encoding="utf-8")
    case.write_text(text.replace('id = "sale-0001"', 'id = "long-0001"'), encoding="utf-8")
    package = folder / "long.jlp"
    assert quiet("seal", media, "--case", case, "-o", package, "--home", home) == 0
    size = package.stat().st_size
    tool = shutil.which("sha256sum")
    ratios = []
    for _ in range(ROUNDS):
        hashed, _ = timed(lambda: subprocess.run([tool, package], check=True, capture_output=True) if tool else _hash(package))
        verified, verified_cpu = timed(lambda: check_package(package))
        ratios.append(hashed / verified)
        rate = size / verified / 1e6
        print(
            f"  sha256sum {hashed:.2f} s, verify {verified:.2f} s wall {verified_cpu:.2f} s cpu ({rate:.0f} MB/s): {ratios[-1]:.2f}"
        )
    median = sorted(ratios)[len(ratios) // 2]
    print(f"verify of a {size / 1e6:.0f} MB package: {median:.2f} x sha256sum (bound {VERIFY_MIN})")


def _hash(path: Path) -> None:
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def main() -> None:
    """Measure both in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=30, help="how often the sample is repeated for the large package")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, _ = measure_pipeline(folder)
        measure_verify(folder, home, options.times)


if __name__ == "__main__":
    sys.exit(main())
