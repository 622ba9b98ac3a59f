"""One short recording for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.capture.make_media import Clip, make_media


@pytest.fixture(scope="session")
def sale_mp4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of H.264 with two AAC tracks."""
    return make_media(tmp_path_factory.mktemp("media") / "sale.mp4", Clip(seconds=6))


@pytest.fixture(scope="session")
def sale_mkv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of H.264 with two AAC tracks, in Matroska."""
    return make_media(tmp_path_factory.mktemp("media") / "sale.mkv", Clip(seconds=6))


@pytest.fixture(scope="session")
def live_webm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds as a browser records them: no duration, no index, sizes unknown."""
    clip = Clip(video="libvpx", audio="libopus", seconds=4, options={"live": "1"})
    return make_media(tmp_path_factory.mktemp("media") / "live.webm", clip)
