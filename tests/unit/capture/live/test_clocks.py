"""Clocks of senders against the recording's: an hour of drift stays below 80 ms, sound and picture keep together, nothing jumps."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from jianlu.capture.recording.live.clocks import AUDIO_PACE, VIDEO_PACE, LeastDelay, SenderClock, StreamClock
from jianlu.capture.recording.live.counters import Unwrapper
from jianlu.capture.recording.live.wall_clock import WallClockWatch, offset_of

HOUR_S = 3_600
NTP = 3_900_000_000


def stamp(own_us: int, rate_hz: int, base: int) -> int:
    return (base + own_us * rate_hz // 1_000_000) & 0xFFFFFFFF


def ntp_of(own_us: int) -> int:
    return ((own_us + NTP * 1_000_000) << 32) // 1_000_000


@pytest.mark.parametrize("drift_ppm", [-200, -50, 0, 50, 200])
@pytest.mark.parametrize("has_reports", [True, False])
def test_an_hour_of_drift_stays_below_eighty_milliseconds(drift_ppm: int, has_reports: bool) -> None:
    chance = random.Random(drift_ppm)
    clock = StreamClock(48_000, SenderClock(), AUDIO_PACE)
    base, worst_us, placed = chance.getrandbits(32), 0, []
    for sent_us in range(0, HOUR_S * 1_000_000, 200_000):
        own_us = sent_us + sent_us * drift_ppm // 1_000_000
        arrival_us = sent_us + 30_000 + int(chance.expovariate(1 / 8_000))
        timestamp = stamp(own_us, 48_000, base)
        clock.arrive(timestamp, arrival_us)
        if has_reports and sent_us % 5_000_000 == 0:
            clock.report(timestamp, ntp_of(own_us), arrival_us)
        placed.append(clock.place(timestamp))
        if sent_us > 2_000_000:
            worst_us = max(worst_us, abs(placed[-1] - sent_us - 30_000))
    assert worst_us < 80_000
    steps = [after - before for before, after in pairwise(placed[10:])]
    assert min(steps) > 198_000
    assert max(steps) < 202_000


def test_reports_bring_sound_and_picture_together_and_keep_them() -> None:
    sender = SenderClock()
    sound, picture = StreamClock(48_000, sender, AUDIO_PACE), StreamClock(90_000, sender, VIDEO_PACE)
    apart_us = []
    for number, own_us in enumerate(range(0, 120_000_000, 40_000)):
        # the picture takes 180 ms longer from the camera to here than the sound from the microphone
        sound.arrive(stamp(own_us, 48_000, 7), own_us + 20_000)
        picture.arrive(stamp(own_us, 90_000, 9), own_us + 200_000)
        if number % 25 == 10:
            sound.report(stamp(own_us, 48_000, 7), ntp_of(own_us), own_us + 20_000)
            picture.report(stamp(own_us, 90_000, 9), ntp_of(own_us), own_us + 21_000)
        apart_us.append(picture.place(stamp(own_us, 90_000, 9)) - sound.place(stamp(own_us, 48_000, 7)))
    assert apart_us[0] == 180_000
    assert abs(apart_us[-1]) < 2_000
    assert max(abs(after - before) for before, after in pairwise(apart_us)) <= 1_000
    heard, seen = sound.skew_us(120_000_000), picture.skew_us(120_000_000)
    assert heard is not None and seen is not None
    assert abs(heard - seen) < 2_000
    assert sound.skew_us(160_000_000) is None


def test_a_sender_that_counts_anew_is_placed_where_it_arrives() -> None:
    clock = StreamClock(48_000, SenderClock(), AUDIO_PACE)
    for at_us in range(0, 5_000_000, 20_000):
        clock.arrive(stamp(at_us, 48_000, 5), at_us + 20_000)
        clock.place(stamp(at_us, 48_000, 5))
    for at_us in range(5_000_000, 6_000_000, 20_000):
        clock.arrive(stamp(at_us, 48_000, 5 + 48_000 * 60), at_us + 20_000)
        placed = clock.place(stamp(at_us, 48_000, 5 + 48_000 * 60))
        assert abs(placed - at_us - 20_000) < 2_000
    assert clock.restarts == 1


def test_silence_lets_sound_catch_up_ten_times_as_fast() -> None:
    passed = {}
    for is_quiet in (False, True):
        clock = StreamClock(48_000, SenderClock(), AUDIO_PACE)
        clock.arrive(0, 100_000)
        clock.place(0)
        clock.arrive(480, 10_000)  # a packet that came sooner: everything lies 100 ms too late
        for at_us in range(20_000, 1_020_000, 20_000):
            clock.place(stamp(at_us, 48_000, 0), is_quiet=is_quiet)
        passed[is_quiet] = clock.error_us
    assert passed[False] > 95_000
    assert 85_000 < passed[True] < 91_500


def test_the_least_delay_forgets_after_a_minute() -> None:
    assert LeastDelay().least is None
    least = LeastDelay()
    least.note(5, 0)
    least.note(9, 30_000_000)
    assert least.least == 5
    least.note(9, 61_000_000)
    assert least.least == 9
    least.clear()
    assert least.least is None


def test_counters_go_on_where_they_wrap() -> None:
    unwrap = Unwrapper(16)
    first = unwrap.extend(65_534)
    assert [unwrap.extend(value) - first for value in (65_535, 0, 2, 1)] == [1, 2, 4, 3]
    assert unwrap.nearest(65_535) - first == 1
    assert Unwrapper(16).extend(0) - 1 > 0


def test_only_a_step_of_the_wall_clock_is_told() -> None:
    watch = WallClockWatch()
    assert [watch.look(offset) for offset in (10_000, 10_000, 10_001, 10_001)] == [0, 0, 0, 0]
    assert [watch.look(offset) for offset in (3_610_001, 3_610_001, 9_001)] == [3_600_000, 0, -3_601_000]
    assert WallClockWatch(10_000).look(310_000) == 300_000, "since an earlier process looked"


class Busy:
    """A machine on which so many microseconds pass between reading one clock and the other, the next time and the times after."""

    def __init__(self, *waits_us: int) -> None:
        self.now_us, self.waits_us = 0, list(waits_us)

    def monotonic_us(self) -> int:
        return self.now_us

    def wall_ms(self) -> int:
        self.now_us += self.waits_us.pop(0)
        return 1_790_000_000_000 + self.now_us // 1000


def test_a_machine_that_is_too_busy_to_read_two_clocks_at_once_has_not_moved_one() -> None:
    assert offset_of(Busy(0)) == 1_790_000_000_000
    assert offset_of(Busy(700_000, 900_000, 100)) == 1_790_000_000_000
    assert offset_of(Busy(700_000, 900_000, 800_000)) is None
    watch = WallClockWatch(5)
    assert (watch.look(None), watch.offset_ms) == (0, 5)
