"""Real headless Chromium with a camera and a microphone that play files, on this machine or on a host behind a wire.

Driven by Playwright; the browser is Debian's. Its switches keep it off every network but the service's.
"""

from __future__ import annotations

import shutil
import stat
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from jianlu.entry.sample.script import ASSETS
from tests.fakes.wire import Host

CHROMIUM = shutil.which("chromium") or "chromium"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
)
CAMERA_FPS = 25
TEST_PICTURE_FPS = 10
"""How often Chromium's own test picture moves: pictures are encoded in software here, by every browser of a call at once."""

PATIENCE_MS = 90_000
"""How long a page is waited for where a test says nothing else: it is about what comes, not about how fast the machine is."""


def make_camera(path: Path, *, width: int = 1280, height: int = 720, seconds: int = 8) -> Path:
    """A moving picture with a face, as the MJPEG file that Chromium plays as a camera."""
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base, encoder.framerate = Fraction(1, CAMERA_FPS), Fraction(CAMERA_FPS)
    with path.open("wb") as out:
        for number, frame in enumerate(_faces(seconds * CAMERA_FPS)):
            scaled = frame.reformat(width=width, height=height, format="yuvj420p", dst_color_range="JPEG")
            scaled.pts, scaled.time_base = number, encoder.time_base
            for packet in encoder.encode(scaled):
                out.write(bytes(packet))
    return path


def make_microphone(path: Path, clips: list[Path], *, pause_ms: int = 600) -> Path:
    """The clips one after the other with pauses, as the WAV file that Chromium plays as a microphone."""
    rate = 48_000
    silence = np.zeros(rate * pause_ms // 1000, np.int16)
    sound = [silence]
    for clip in clips:
        sound += [_samples(clip, rate), silence]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.concatenate(sound).tobytes())
    return path


@contextmanager
def browsers() -> Iterator[Playwright]:
    """Playwright, for as many browsers as the test starts."""
    with sync_playwright() as playwright:
        yield playwright


def start_chromium(
    playwright: Playwright, folder: Path, *, camera: Path | None = None, microphone: Path | None = None, host: Host | None = None
) -> Browser:
    """A headless Chromium whose camera and microphone are files (or Chromium's own test picture and beeps), on `host` if one is given."""
    switches = [*_QUIET, f"--use-fake-device-for-media-stream=fps={TEST_PICTURE_FPS}", "--use-fake-ui-for-media-stream"]
    if camera is not None:
        switches.append(f"--use-file-for-fake-video-capture={camera}")
    if microphone is not None:
        switches.append(f"--use-file-for-fake-audio-capture={microphone}")
    return playwright.chromium.launch(executable_path=_program(folder, host), args=switches, headless=True)


def new_page(browser: Browser, *, is_phone: bool = False, lang: str = "zh-CN", allows_media: bool = True) -> Page:
    """A page in a context of its own that trusts the service's development certificate; `allows_media` is the user's answer."""
    size = ViewportSize(width=390, height=844) if is_phone else ViewportSize(width=1280, height=800)
    context = browser.new_context(
        ignore_https_errors=True,
        viewport=size,
        locale=lang,
        is_mobile=is_phone,
        has_touch=is_phone,
        reduced_motion="reduce",  # pages are drawn in software here: what pulses would be drawn sixty times a second
    )
    context.set_default_timeout(PATIENCE_MS)
    if allows_media:
        context.grant_permissions(["camera", "microphone"])
    return context.new_page()


def _program(folder: Path, host: Host | None) -> str:
    if host is None:
        return CHROMIUM
    wrapper = folder / f"chromium-on-{host.name}"
    words = " ".join(host.command(CHROMIUM))
    wrapper.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return str(wrapper)


def _faces(count: int) -> Iterator[av.VideoFrame]:
    """`count` frames of the sample's picture, played again when it ends."""
    left = count
    while left > 0:
        with av.open(str(ASSETS / "faces.mp4")) as container:
            for frame in container.decode(video=0):
                if left == 0:
                    return
                left -= 1
                yield frame


def _samples(clip: Path, rate: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    with av.open(str(clip)) as container:
        parts = [out.to_ndarray().ravel() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts)
