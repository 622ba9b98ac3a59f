"""The live recorder as a whole, on the stage: what comes out is playable, whole and in time; what is missing is declared."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jianlu.core.terms.events import EventType
from tests.fakes.live.publisher import Camera, Network, Publisher
from tests.fakes.live.stage import Stage, continuity, decoded


def two_parties(codec: str = "h264") -> list[Publisher]:
    camera = Camera(codec=codec)
    return [Publisher("agent", camera=camera), Publisher("customer", camera=camera, network=Network(delay_ms=60))]


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_two_parties_are_recorded_whole_and_playable(codec: str) -> None:
    stage = Stage(two_parties(codec))
    stage.start()
    stage.play(11_000)
    stopped = stage.stop()
    assert stage.gaps() == []
    assert stage.segments() == [(n, 2000 * (n - 1), min(2000 * n, stopped.duration_ms)) for n in range(1, stopped.segments + 1)]
    assert continuity(stage) == []
    assert 10_900 <= stopped.duration_ms <= 11_400
    times = decoded(stage.log.playable())
    assert set(times) == {"audio0", "audio1", "video2", "video3"}
    for name, seconds in times.items():
        steps = [after - before for before, after in pairwise(seconds)]
        assert max(steps) < (0.075 if name.startswith("audio") else 0.2), name
        assert seconds[-1] > stopped.duration_ms / 1000 - 0.2
    assert [body["tracks"] for body in stage.log.bodies(EventType.RECORDING_STARTED)] == [
        [
            ["agent", "audio", "opus"],
            ["customer", "audio", "opus"],
            ["agent-picture", "video", codec],
            ["customer-picture", "video", codec],
        ]
    ]
