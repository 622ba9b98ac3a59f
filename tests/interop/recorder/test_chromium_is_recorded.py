"""Two pages of a real Chromium through the embedded SFU into the recorder's process: whole, in time, and playable."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.terms.events import EventType
from jianlu.vault.playable import open_recording
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.eventually import eventually
from tests.fakes.live.recorder_home import recorder_home
from tests.fakes.live.stage import TRACKS, decoded
from tests.fakes.sfu.stage import MediaPage, media_process
from tests.fakes.vault.home import CASE

pytestmark = [pytest.mark.slow, pytest.mark.needs_program("chromium")]


@pytest.mark.parametrize("codec", ["h264", pytest.param("vp8", marks=pytest.mark.thorough)])
def test_a_call_of_two_pages_is_recorded_whole(tmp_path: Path, codec: str) -> None:
    with recorder_home(tmp_path / "home", []) as home, browsers() as playwright:
        home.loop.run(home.tap.stop())
        settings = (home.path / "jianlu.toml").read_text("utf-8")
        with media_process(home.path, "--address", "127.0.0.1") as rooms:
            (home.path / "jianlu.toml").write_text(settings, "utf-8")
            home.spawn()
            chromium = start_chromium(playwright, tmp_path)
            rooms.open_room(CASE, RoomSpec((codec, "opus")))
            for feed in ("agent", "customer"):
                MediaPage(chromium, rooms, CASE).publish(feed)
            home.wait_ready()
            eventually(lambda: home.client.preflight(CASE, TRACKS).is_ready, "media of both can be recorded")
            home.client.start(CASE, TRACKS)
            eventually(lambda: home.sealed_until_ms() >= 10_000, "ten seconds are sealed")
            stopped = home.client.stop(CASE, "completed")
            chromium.close()
        log = home.log()
        assert [event.body for event in log.events if event.type is EventType.GAP_DECLARED] == []
        with open_recording(log) as playable:
            times = decoded(playable.read())
        for name, seconds in times.items():
            assert max(after - before for before, after in pairwise(seconds)) < (0.06 if name.startswith("audio") else 0.4), name
            assert abs(seconds[-1] * 1000 - stopped.duration_ms) < 400
        sheets = [event.body["object"] for event in log.events if event.type is EventType.CLOCK_MEASURED]
        rows = [row for sheet in sheets for seat in json.loads(log.open_object(sheet))["seats"] for row in seat["measured"]]
        assert rows
        assert all(skew_us is not None and abs(skew_us) < 80_000 for _, skew_us, _, _ in rows)
