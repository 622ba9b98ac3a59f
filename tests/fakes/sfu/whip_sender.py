"""FFmpeg's WHIP client (RFC 9725) as a program that sends a small picture and silence.

Started by `python -m tests.fakes.sfu.whip_sender URL CERTIFICATE KEY SECONDS`.

A process of its own: the muxer holds the interpreter while it waits for answers. It is given a P-256 certificate, because what FFmpeg
makes for itself with GnuTLS is of a curve that WebRTC does not have (RFC 8827, 6.5).
"""

from __future__ import annotations

import sys
import threading
from fractions import Fraction

import av
import numpy as np

FPS = 15
RATE = 48_000


def main(url: str, certificate: str, key: str, seconds: int) -> None:
    """Send for so long."""
    out = av.open(url, "w", format="whip", options={"cert_file": certificate, "key_file": key})
    video = out.add_stream(
        "libx264", rate=FPS, options={"profile": "baseline", "tune": "zerolatency", "preset": "ultrafast", "g": "15"}
    )
    audio = out.add_stream("libopus", rate=RATE)
    assert isinstance(video, av.VideoStream)
    assert isinstance(audio, av.AudioStream)
    video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
    audio.layout = "stereo"
    pause, at = threading.Event(), 0
    for number in range(FPS * seconds):
        frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), number * 7 % 256, np.uint8), "rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        out.mux(video.encode(frame))
        while at < RATE * (number + 1) // FPS:
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 960), np.int16), format="s16", layout="stereo")
            sound.sample_rate, sound.pts, sound.time_base = RATE, at, Fraction(1, RATE)
            out.mux(audio.encode(sound))
            at += 960
        pause.wait(1 / FPS)
    out.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
