"""What recording a live call costs, as a share of one core for a participant with a 720p camera and a microphone.

`python benchmarks/recording.py [--participants 4] [--seconds 60]`. The bytes of a tap are made first (H.264 at 25 frames a second, Opus,
2 % reordered), then read as the recorder reads them, time passing as the packets say: "reading" cuts the stream into frames, "recording"
adds order, frames, clocks, watchdog and segments, "delivering" adds hashing and handing over to a log in memory. Sealing is the desk's
and is in `seal.py`. CPU time of this process, the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import statistics
import time
from collections.abc import Callable

from jianlu.capture.recording.live.cutter import LiveSegment
from jianlu.capture.recording.live.delivery import Delivery
from jianlu.capture.recording.live.entries import Entry
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.outbox import Outbox
from jianlu.capture.recording.live.tap_frames import FrameReader
from jianlu.capture.sessions.recorders import RecordedTrack
from jianlu.core.terms.events import EventType
from tests.fakes.live.memory import MemoryLiveLog, MemorySpool
from tests.fakes.live.publisher import Camera, Network, Publisher, frame_bytes

TICK_MS = 100
Turn = tuple[int, bytes]
"""What the tap sends up to an instant (ms)."""


def turns_of(participants: int, seconds: int) -> tuple[list[Turn], int]:
    """The tap's bytes in turns of `TICK_MS`, and how many packets they hold."""
    camera = Camera(width=1280, height=720, fps=25, key_every=50)
    network = Network(reorder=20, jitter_ms=10)
    publishers = [Publisher(f"p{number}", camera=camera, network=network) for number in range(participants)]
    for publisher in publishers:
        publisher.begin(0)
    turns = []
    for now_ms in range(0, seconds * 1000, TICK_MS):
        content = b"".join(frame_bytes(frame) for each in publishers for frame in each.frames_until(now_ms))
        turns.append((now_ms, content))
    return turns, sum(each.sent for each in publishers)


def tracks_of(participants: int) -> list[RecordedTrack]:
    """A microphone and a camera each."""
    sounds = [RecordedTrack(f"p{number}", f"p{number}", "audio") for number in range(participants)]
    return sounds + [RecordedTrack(f"p{number}-picture", f"p{number}", "video") for number in range(participants)]


def read(turns: list[Turn]) -> None:
    """Cut the stream into frames."""
    reader = FrameReader()
    for _, content in turns:
        reader.push(content)


def record(turns: list[Turn], participants: int, keep: Callable[[LiveSegment], None]) -> None:
    """Record; every segment goes to `keep`."""
    reader, recording = FrameReader(), LiveRecording(tracks_of(participants), 0)
    for now_ms, content in turns:
        for frame in reader.push(content):
            recording.take(frame)
        for output in recording.tick(now_ms * 1000):
            if isinstance(output, LiveSegment):
                keep(output)
        recording.key_frames_wanted(now_ms * 1000)
        if now_ms % 1000 == 0:
            recording.look(now_ms * 1000)
        if now_ms == 5_000:
            recording.settle_formats()
            recording.begin(now_ms * 1000)


def deliver(turns: list[Turn], participants: int) -> None:
    """Record and deliver."""
    log = MemoryLiveLog()
    outbox = Outbox(MemorySpool())
    delivery = Delivery(log, outbox, "a")

    def keep(segment: LiveSegment) -> None:
        hashlib.sha256(segment.plaintext).digest()
        outbox.put(
            Entry(EventType.SEGMENT_SEALED, {"from_ms": segment.from_ms, "to_ms": segment.to_ms}, "seg", segment.plaintext)
        )
        asyncio.run(delivery.deliver_one())

    record(turns, participants, keep)


def cpu_s(work: Callable[[], None], rounds: int) -> float:
    """The median CPU time of `work`."""
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def main() -> None:
    """Print the share of a core for one participant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    participants, seconds = options.participants, options.seconds
    turns, packets = turns_of(participants, seconds)
    kbps = sum(len(content) for _, content in turns) * 8 // 1000 // seconds // participants
    print(
        f"{participants} participants, {seconds} s, {kbps} kbit/s and {packets // seconds // participants} packets a second each"
    )
    steps: list[tuple[str, Callable[[], None]]] = [
        ("reading", lambda: read(turns)),
        ("recording", lambda: record(turns, participants, lambda _: None)),
        ("delivering", lambda: deliver(turns, participants)),
    ]
    for name, work in steps:
        taken = cpu_s(work, options.rounds)
        share = 100 * taken / seconds / participants
        print(f"{name:<12} {share:6.3f} % of a core a participant, {1e6 * taken / packets:5.1f} us a packet")


if __name__ == "__main__":
    main()
