"""Whatever happens to a live session, the record of it is whole: segments and gaps leave nothing out, and what is there plays."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jianlu.capture.recording.live.depacketise import depacketiser_for
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.tap_frames import FeedChange, Packet, Report, TapFrame
from jianlu.core.terms.events import EventType
from tests.fakes.live.publisher import Camera, Network, Publisher
from tests.fakes.live.stage import TRACKS, Stage, continuity, decoded

HOUR_MS = 3_600_000
networks = st.builds(
    Network,
    loss=st.sampled_from([0, 0, 5, 50, 150]),
    doubles=st.sampled_from([0, 30]),
    delay_ms=st.integers(0, 300),
    jitter_ms=st.integers(0, 80),
    reorder=st.sampled_from([0, 30, 100]),
    reorder_ms=st.integers(10, 700),
)
ACTIONS = [
    "play",
    "leave",
    "return",
    "kill",
    "pause",
    "go on",
    "cut tap",
    "mend tap",
    "desk away",
    "desk back",
    "lose answers",
    "late",
]
actions = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(50, 6_000)), max_size=12)


def act(stage: Stage, action: str, ms: int) -> None:
    publisher = stage.publishers[ms % len(stage.publishers)]
    if action == "leave":
        publisher.disconnect(stage.now_ms)
    elif action == "return" and not publisher.is_sending:
        publisher.reconnect(stage.now_ms)
    elif action == "kill":
        stage.kill_recorder(ms)
    elif action in ("pause", "go on"):
        stage.recorder.set_paused(action == "pause")
    elif action in ("cut tap", "mend tap"):
        stage.is_tapped = action == "mend tap"
    elif action in ("desk away", "desk back"):
        stage.log.is_away = action == "desk away"
    elif action == "lose answers":
        stage.log.loses_answers = ms % 4
    elif action == "late":
        publisher.network = Network(delay_ms=ms // 4)
    stage.play(ms)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks, networks, st.sampled_from(["h264", "vp8"]), st.integers(-150, 150), actions)
def test_the_record_of_any_session_is_whole_and_plays(
    first: Network, second: Network, codec: str, drift_ppm: int, happens: list[tuple[str, int]]
) -> None:
    camera = Camera(codec=codec, width=96, height=64, fps=10, key_every=10)
    agent = Publisher("agent", camera=camera, drift_ppm=drift_ppm)
    stage = Stage([agent, Publisher("customer", camera=camera)], TRACKS)
    stage.start()
    agent.network, stage.publishers[1].network = first, second
    for action, ms in happens:
        act(stage, action, ms)
    stage.log.is_away = False
    stage.log.loses_answers = 0
    stage.play(5_000)
    stopped = stage.stop()
    assert stage.complaints == []
    assert [no for no, _, _ in stage.segments()] == list(range(1, stopped.segments + 1))
    if stopped.segments:
        assert continuity(stage, HOUR_MS) == []
        for seconds in decoded(stage.log.playable()).values():
            assert all(before < after for before, after in pairwise(seconds))
            assert 0 <= seconds[0] <= seconds[-1] <= stopped.duration_ms / 1000
    (ended,) = stage.log.bodies(EventType.RECORDING_ENDED)
    assert ended["media_bytes"] == sum(len(stage.log.objects[name]) for name in stage.log.objects if not name.startswith("clock"))


stamps = st.integers(0, (1 << 32) - 1)
packets = st.builds(
    Packet,
    feed=st.sampled_from(["agent", "customer", "nobody"]),
    media=st.sampled_from([0, 1]),
    codec=st.sampled_from(["opus", "h264", "vp8"]),
    level=st.integers(0, 255),
    arrival_us=st.integers(0, 60_000_000),
    ssrc=st.integers(1, 3),
    seq=st.integers(0, 65_535) | st.integers(0, 40),
    timestamp=stamps | st.integers(0, 100_000),
    is_marked=st.booleans(),
    payload=st.binary(max_size=60),
)
reports = st.builds(
    Report,
    feed=st.just("agent"),
    media=st.sampled_from([0, 1]),
    arrival_us=st.integers(0, 60_000_000),
    ntp=st.integers(0, (1 << 64) - 1),
    timestamp=stamps,
    ssrc=st.integers(1, 20),
)
changes = st.builds(
    FeedChange, feed=st.just("agent"), state=st.sampled_from(["connected", "closed"]), at_us=st.just(0), reason=st.just("")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(packets | reports | changes, max_size=60))
def test_no_packet_of_a_publisher_breaks_the_recorder(frames: list[TapFrame]) -> None:
    for begins in (False, True):
        recording, given_outputs = LiveRecording(TRACKS, 0), 0
        if begins:
            recording.begin(0)
        for number, frame in enumerate(frames):
            recording.take(frame)
            given_outputs += len(recording.tick(number * 1_000_000))
            recording.look(number * 1_000_000)
            recording.key_frames_wanted(number * 1_000_000)
        if begins:
            recording.finish(61_000_000)
            assert recording.duration_ms == 61_000
        assert given_outputs >= 0


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["opus", "h264", "vp8"]), st.lists(packets, max_size=20))
def test_no_payload_breaks_a_depacketiser(codec: str, pushed: list[Packet]) -> None:
    depacketiser = depacketiser_for(codec)
    for packet in pushed:
        for frame in depacketiser.push(packet):
            assert frame.payload
        if packet.seq == 0:
            depacketiser.lose()
