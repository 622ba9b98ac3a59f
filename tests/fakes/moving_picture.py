"""A small moving picture as a track of aiortc, for senders that need no browser.

It knows nothing of Jianlu: software from outside sends it too.
"""

from __future__ import annotations

import asyncio
import fractions

import numpy as np
from aiortc.mediastreams import VideoStreamTrack
from av import VideoFrame

WIDTH, HEIGHT, FPS = 320, 240, 15


class Picture(VideoStreamTrack):
    """A small moving picture."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    async def recv(self) -> VideoFrame:
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=1 / FPS)
        pixels = np.full((HEIGHT, WIDTH, 3), self._number * 5 % 256, np.uint8)
        pixels[:, self._number * 7 % WIDTH :][:, :20] = 255 - pixels[0, 0, 0]
        frame = VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = self._number * (90_000 // FPS), fractions.Fraction(1, 90_000)
        self._number += 1
        return frame
