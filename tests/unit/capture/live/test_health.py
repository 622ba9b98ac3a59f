"""The watchdog sees a dead microphone, a frozen camera, a weak network; alarms do not flicker; a state survives its process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.capture.recording.live.clocks import SenderClock
from jianlu.capture.recording.live.state import CaseState, state_from, state_text
from jianlu.capture.recording.live.tap_frames import Packet
from jianlu.capture.recording.live.track import LiveTrack, opus_setup, picture_format
from jianlu.capture.recording.live.watchdog import AlarmBook, TrackWatch
from jianlu.capture.recording.model import AudioShape, TrackFormat
from jianlu.capture.sessions.recorders import RecordedTrack, TrackHealth, tracks_from
from jianlu.core.errors import IntegrityError, InvalidError
from tests.fakes.live.coded import coded_picture, payloads_of
from tests.fakes.live.stage import TRACKS

SECOND_US = 1_000_000


class Watched:
    """A track that is fed and looked at, second by second."""

    def __init__(self, about: RecordedTrack) -> None:
        self.track = LiveTrack(about, SenderClock())
        self.watch = TrackWatch(self.track, 0)
        self.now_us = 0
        self.seq = 0

    def second(self, *, packets: int = 50, level: int = 30, lost: int = 0, payload: bytes = b"\x78abc") -> TrackHealth:
        for number in range(packets):
            at_us = self.now_us + number * SECOND_US // packets
            codec = "opus" if self.track.is_audio else "vp8"
            timestamp = at_us * self.track.rate_hz // SECOND_US
            self.track.take(
                Packet("agent", int(not self.track.is_audio), codec, level, at_us, 1, self.seq & 0xFFFF, timestamp, True, payload)
            )
            self.seq += 1
        self.seq += lost
        self.now_us += SECOND_US
        self.track.expire(self.now_us)
        return self.watch.look(self.now_us)


def test_a_microphone_that_speaks_is_well_and_its_level_is_told() -> None:
    watched = Watched(TRACKS[0])
    assert [watched.second(level=20).state for _ in range(5)] == ["ok"] * 5
    health = watched.second(level=35)
    assert (health.level_db, health.fps, health.packets) == (-20, 50, 300)


def test_a_dead_microphone_is_silent_after_fifteen_seconds_and_a_quiet_room_is_not() -> None:
    dead, quiet = Watched(TRACKS[0]), Watched(TRACKS[0])
    states = [dead.second(level=127).state for _ in range(16)]
    assert states[13:] == ["ok", "silent", "silent"]
    assert {quiet.second(level=80).state for _ in range(20)} == {"ok"}
    assert dead.second(level=40).state == "ok"


def test_a_track_that_stops_is_lost_and_one_that_never_came_was_starting() -> None:
    watched = Watched(TRACKS[0])
    assert [watched.second(packets=0).state for _ in range(11)] == ["starting"] * 9 + ["lost"] * 2
    watched.second()
    assert [watched.second(packets=0).state for _ in range(3)] == ["ok", "lost", "lost"]


def test_loss_makes_a_track_weak_and_is_forgotten() -> None:
    watched = Watched(TRACKS[0])
    watched.second()
    watched.second(lost=10)
    assert [watched.second().state for _ in range(2)] == ["ok", "weak"]  # what may still be sent again is not lost yet
    assert [watched.second().state for _ in range(6)][-1] == "ok"


def test_a_camera_without_new_pictures_is_frozen() -> None:
    key = next(iter(payloads_of("vp8", coded_picture("vp8", 96, 64)[0].payload)))
    watched = Watched(TRACKS[2])
    assert [watched.second(packets=25, payload=key).state for _ in range(6)][-1] == "ok"
    states = [watched.second(packets=25, payload=b"\x00broken").state for _ in range(6)]
    assert states[-1] == "frozen"
    assert watched.watch.look(watched.now_us).frozen_ms > 3_000


def test_a_picture_in_which_nothing_moves_at_all_is_frozen() -> None:
    frames = [next(iter(payloads_of("vp8", frame.payload)))[:30] for frame in coded_picture("vp8", 96, 64)]
    watched = Watched(TRACKS[2])
    assert [watched.second(packets=10, payload=frames[0]).state for _ in range(8)][-1] == "frozen"


def test_a_share_that_nobody_shares_is_idle() -> None:
    watched = Watched(RecordedTrack("agent-screen", "agent", "share"))
    assert watched.second(packets=0).state == "idle"
    assert watched.second(packets=5).state == "ok"


def test_an_alarm_needs_two_looks_to_be_raised_and_three_to_be_cleared() -> None:
    book, lost = AlarmBook(), ("track_lost", "agent")
    assert book.look([lost], 1_000) == []
    (raised,) = book.look([lost], 2_000)
    assert (raised.is_raised, raised.alarm.from_ms) == (True, 1_000)
    assert book.look([], 3_000) == book.look([], 4_000) == book.look([lost], 5_000) == []
    assert [alarm.code for alarm in book.raised] == ["track_lost"]
    assert book.look([], 6_000) == book.look([], 7_000) == []
    (cleared,) = book.look([], 8_000)
    assert (cleared.is_raised, cleared.at_ms) == (False, 8_000)
    assert book.raised == ()


def test_an_urgent_alarm_is_raised_at_once() -> None:
    book = AlarmBook()
    assert [change.is_raised for change in book.look([("sealing_stalled", "")], 5, at_once=("sealing_stalled",))] == [True]


# --- state ----------------------------------------------------------------------------------------------------------

STATE = CaseState(
    tracks=TRACKS[:1] + TRACKS[2:3],
    formats={
        "agent": TrackFormat("agent", "opus", opus_setup(2), 48_000, AudioShape(48_000, 2)),
        "agent-picture": picture_format("agent-picture", "h264", b"\1B\0\x1f", (1280, 720)),
    },
    zero_us=123_456_789,
    zero_wall_ms=1_790_000_000_000,
    boot="one",
    is_paused=True,
    end_us=None,
)


def test_a_state_comes_back_as_it_was() -> None:
    assert state_from(state_text(STATE)) == STATE
    assert state_from(state_text(replace(STATE, end_us=5))).end_us == 5


def test_the_zero_survives_a_restart_of_the_machine() -> None:
    assert STATE.zero_on("one", 999, 1_790_000_000_000) == 123_456_789
    assert STATE.zero_on("two", 60_000_000, 1_790_000_100_000) == -40_000_000


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"v":2}', state_text(STATE).replace("audio", "smell"), state_text(STATE)[:-9]])
def test_a_state_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        state_from(text)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        [["agent", "agent"]],
        [["agent", "agent", "smell"]],
        [["Agent", "agent", "audio"]],
        [["agent", "agent", "audio"], ["agent", "other", "audio"]],
        [["agent", "agent", "audio"], ["other", "agent", "audio"]],
    ],
)
def test_tracks_that_cannot_be_recorded_are_refused(fields: object) -> None:
    with pytest.raises(InvalidError):
        tracks_from(fields)
