"""Streams in and out: losses are asked for, duplicates dropped, and a viewer's stream goes on through every change of its source."""

from __future__ import annotations

import itertools

from jianlu.backends.sfu.embedded.estimate import START_KBPS, BandwidthEstimate
from jianlu.backends.sfu.embedded.incoming import IncomingStream
from jianlu.backends.sfu.embedded.outgoing import OutgoingStream, Sending
from jianlu.backends.sfu.embedded.pacer import Pacer
from jianlu.backends.sfu.embedded.rtcp import SenderReport
from jianlu.backends.sfu.embedded.rtp import Packet

VP8 = {"vp8": (96, 97)}


def packet(sequence: int, *, timestamp: int = 0, arrival_us: int = 1_000_000, payload: bytes = b"x" * 100) -> Packet:
    made = Packet()
    made.sequence, made.timestamp, made.arrival_us, made.payload = sequence & 0xFFFF, timestamp, arrival_us, payload
    made.size = len(payload) + 12
    return made


def stream(ssrc: int = 1, kind: str = "video") -> IncomingStream:
    return IncomingStream(ssrc, kind, "vp8" if kind == "video" else "opus", 96)


def test_what_is_missing_is_asked_for_and_a_repeat_counts_once() -> None:
    incoming = stream()
    for sequence in (65_534, 65_535, 2):
        incoming.receive(packet(sequence))
    assert incoming.asked_for(1_001_000, 0) == []
    assert incoming.asked_for(1_010_000, 0) == [0, 1]
    assert incoming.asked_for(1_011_000, 0) == []
    assert incoming.receive(packet(0), is_recovered=True) == 65_536 + 65_536
    assert incoming.receive(packet(0), is_recovered=True) == -1
    assert incoming.receive(packet(2)) == -1
    assert incoming.asked_for(1_100_000, 0) == [1]
    assert incoming.recovered == 1


def test_what_does_not_come_is_given_up() -> None:
    incoming = stream()
    incoming.receive(packet(10))
    incoming.receive(packet(12))
    assert incoming.asked_for(1_020_000, 0) == [11]
    assert incoming.asked_for(9_000_000, 0) == []
    assert incoming.receive(packet(11), is_recovered=True) == -1


def test_a_round_trip_passes_before_it_is_asked_again() -> None:
    incoming = stream()
    incoming.receive(packet(10))
    incoming.receive(packet(12))
    assert incoming.asked_for(1_020_000, 300_000) == [11]
    assert incoming.asked_for(1_200_000, 300_000) == []
    assert incoming.asked_for(1_330_000, 300_000) == [11]


def test_a_report_says_what_was_lost_since_the_last() -> None:
    incoming = stream()
    for sequence in (1, 2, 4):
        incoming.receive(packet(sequence))
    incoming.reported(SenderReport(1, 5 << 32 | 7 << 16, 9), 1_000_000)
    block = incoming.report_block(1_500_000)
    assert (block.lost, block.fraction_lost, block.highest) == (1, 64, 4)
    assert (block.last_report, block.delay) == (5 << 16 | 7, 32_768)
    incoming.receive(packet(5))
    assert incoming.report_block(2_500_000).fraction_lost == 0


def test_a_sender_that_begins_anew_is_followed_without_a_thousand_requests() -> None:
    incoming = stream()
    incoming.receive(packet(10))
    assert incoming.receive(packet(40_000)) & 0xFFFF == 40_000
    assert incoming.receive(packet(40_001)) & 0xFFFF == 40_001
    assert incoming.asked_for(2_000_000, 0) == []
    assert incoming.report_block(2_000_000).lost == 0


def _sent(out: OutgoingStream, source: IncomingStream, one: Packet, *, is_key: bool = False) -> Sending | None:
    return out.take(source, one, source.receive(one), begins_key_frame=is_key)


def test_a_viewer_begins_at_a_key_frame_and_goes_on_without_a_gap() -> None:
    out, source = OutgoingStream("video", VP8), stream()
    out.wanted = source
    assert _sent(out, source, packet(100)) is None
    assert out.awaits_key_frame
    sent = [_sent(out, source, packet(101 + n, timestamp=3000 * n), is_key=n == 0) for n in range(5)]
    assert all(sent)
    numbers = [each.sequence for each in sent if each]
    assert [(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)] == [1] * 4


def test_another_source_takes_over_at_its_key_frame_with_the_next_number_and_a_later_time() -> None:
    out, first, second = OutgoingStream("video", VP8), stream(1), stream(2)
    out.wanted = first
    last = _sent(out, first, packet(7, timestamp=90_000, arrival_us=1_000_000), is_key=True)
    out.wanted = second
    assert _sent(out, second, packet(50_000, timestamp=5, arrival_us=1_400_000)) is None
    going_on = _sent(out, first, packet(8, timestamp=93_000, arrival_us=1_033_000))
    changed = _sent(out, second, packet(50_001, timestamp=10, arrival_us=1_533_000), is_key=True)
    assert last is not None
    assert going_on is not None
    assert changed is not None
    assert (changed.sequence - going_on.sequence) & 0xFFFF == 1
    assert (changed.timestamp - going_on.timestamp) & 0xFFFFFFFF == 45_000
    assert _sent(out, first, packet(9)) is None
    late = packet(49_999)
    assert out.take(second, late, second.receive(late, is_recovered=True), begins_key_frame=False) is None


def test_reports_are_mapped_with_the_stream() -> None:
    out, source = OutgoingStream("video", VP8), stream()
    out.wanted = source
    sent = _sent(out, source, packet(1, timestamp=1000), is_key=True)
    assert out.mapped_report(0) is None
    source.reported(SenderReport(1, 77 << 32, 1500), 0)
    mapped = out.mapped_report(5_000_000)
    assert sent is not None
    assert mapped == (77 << 32, (sent.timestamp + 500) & 0xFFFFFFFF)
    assert out.round_trip_us(77 << 16, 65_536, 6_100_000) == 100_000
    assert out.round_trip_us(1, 0, 6_100_000) == 0


def test_what_a_viewer_missed_is_sent_again_as_rtx_or_as_it_was() -> None:
    out, source = OutgoingStream("video", VP8), stream()
    out.wanted = source
    sent = _sent(out, source, packet(1, payload=b"picture"), is_key=True)
    assert sent is not None
    again = out.again(sent.sequence)
    assert again is not None
    assert (again.ssrc, again.payload_type) == (out.rtx_ssrc, 97)
    assert again.payload == sent.sequence.to_bytes(2, "big") + b"picture"
    assert out.again(sent.sequence + 1 & 0xFFFF) is None
    plain, voice = OutgoingStream("audio", {"opus": (111, 0)}), stream(3, "audio")
    plain.wanted = voice
    heard = _sent(plain, voice, packet(1))
    assert heard is not None
    assert plain.again(heard.sequence) == heard


def test_a_burst_is_spread_and_sound_never_waits() -> None:
    gone: list[str] = []
    pacer = Pacer(lambda sending, _: gone.append(sending.payload.decode()[0]))
    picture, sound = Sending(1, 96, False, 1, 1, b"p" * 1200), Sending(2, 111, False, 1, 1, b"s" * 80)
    for _ in range(40):
        pacer.send(picture, 1_000_000, is_urgent=False)
    pacer.send(sound, 1_000_000, is_urgent=True)
    at_once = gone.count("p")
    assert 0 < at_once < 15
    assert gone[-1] == "s"
    for turn in range(1, 40):
        pacer.tick(1_000_000 + turn * 5_000, START_KBPS)
    assert gone.count("p") == 40
    assert not pacer.is_waiting


def test_a_queue_that_only_grows_is_cut() -> None:
    pacer = Pacer(lambda sending, now_us: None)
    for _ in range(2_000):
        pacer.send(Sending(1, 96, False, 1, 1, b"p" * 1200), 1_000_000, is_urgent=False)
    assert pacer.cut > 0


def _run(kbps_carried: int, kbps_sent: int, seconds: int) -> BandwidthEstimate:
    """A link that carries so much and queues the rest; packets of 1,000 bytes, feedback each 50 ms."""
    estimate = BandwidthEstimate()
    now_us, free_us, number = 0, 0, 0
    waiting: list[tuple[int, int]] = []
    gap_us = 8_000_000 // kbps_sent
    while now_us < seconds * 1_000_000:
        now_us += gap_us
        number = (number + 1) & 0xFFFF
        estimate.sent(number, now_us, 1_000)
        free_us = max(free_us, now_us) + 8_000_000 // kbps_carried
        waiting.append((number, free_us))
        if len(waiting) >= max(50_000 // gap_us, 1):
            arrived = [each for each in waiting if each[1] <= now_us + 200_000]
            waiting = waiting[len(arrived) :]
            estimate.feedback(arrived, now_us)
    return estimate


def test_an_estimate_falls_to_what_the_network_carries() -> None:
    assert _run(800, 2_000, 10).kbps < 1_200


def test_an_estimate_keeps_what_is_carried_easily() -> None:
    assert _run(20_000, 2_000, 10).kbps >= START_KBPS


def test_heavy_loss_lowers_the_estimate() -> None:
    estimate = BandwidthEstimate()
    for turn in range(100):
        for offset in range(10):
            estimate.sent(turn * 10 + offset, turn * 100_000, 1_000)
        estimate.feedback([(turn * 10 + n, -1 if n < 3 else turn * 100_000 + n) for n in range(10)], turn * 100_000)
    assert estimate.kbps < 1_000
    assert estimate.is_congested
