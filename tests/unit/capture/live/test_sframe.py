"""SFrame against the vectors of RFC 9605, appendix C, and a recording of a room whose frames are encrypted end to end."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.backends.sfu.embedded.key_frames import KeyFrame, key_frame_at
from jianlu.capture.recording.live.key_ring import SECRETS_MAX, KeyRing
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.room_key import sender_key
from jianlu.capture.recording.live.sframe import STREAMS_KEPT, FrameOpener, Header, SFrameKey, clear_bytes, parse_header
from jianlu.capture.recording.live.tap_frames import Packet
from jianlu.capture.recording.model import GapReason
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.core.terms.events import EventType
from tests.fakes.live.coded import coded_picture, coded_sound
from tests.fakes.live.memory import CASE
from tests.fakes.live.publisher import Camera, Publisher
from tests.fakes.live.stage import SHARE, TRACKS, Stage, continuity, decoded
from tests.fakes.vault.memory import memory_keys

BASE_KEY = bytes(range(16))
METADATA = bytes.fromhex("4945544620534672616d65205747")
PLAINTEXT = bytes.fromhex("64726166742d696574662d736672616d652d656e63")
CIPHERTEXTS = {
    4: "9901234567b7412c2513a1b66dbb48841bbaf17f598751176ad847681a69c6d0b091c07018ce4adb34eb",
    5: "990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279",
}
HEADERS = [
    (0, 0, "00"),
    (0, 255, "08ff"),
    (0, 16777216, "0b01000000"),
    (1, 1, "11"),
    (1, 18446744073709551615, "1fffffffffffffffff"),
    (255, 0, "80ff"),
    (256, 65536, "9a0100010000"),
    (4294967296, 18446744073709551615, "cf0100000000ffffffffffffffff"),
]


@pytest.mark.parametrize("suite", [4, 5])
def test_the_ciphertexts_of_the_rfc_open(suite: int) -> None:
    key = SFrameKey(BASE_KEY, 0x123, suite=suite)
    assert key.decrypt(bytes.fromhex(CIPHERTEXTS[suite]), METADATA) == PLAINTEXT
    with pytest.raises(IntegrityError):
        key.decrypt(bytes.fromhex(CIPHERTEXTS[suite]), METADATA[1:])
    with pytest.raises(IntegrityError):
        SFrameKey(BASE_KEY, 0x124, suite=suite).decrypt(bytes.fromhex(CIPHERTEXTS[suite]), METADATA)


@pytest.mark.parametrize(("kid", "counter", "coded"), HEADERS)
def test_the_headers_of_the_rfc_are_read(kid: int, counter: int, coded: str) -> None:
    content = bytes.fromhex(coded)
    assert parse_header(content + b"more") == Header(kid, counter, len(content))
    if len(content) > 1:
        with pytest.raises(IntegrityError):
            parse_header(content[:-1])


def test_a_suite_without_aes_gcm_is_refused() -> None:
    with pytest.raises(InvalidError, match="suite"):
        SFrameKey(BASE_KEY, 1, suite=1)
    with pytest.raises(IntegrityError):
        parse_header(b"")


SECRET = bytes(range(32))
OTHER_SECRET = bytes(range(1, 33))


class Sender:
    """The other side, written for the test: suite 4, a key id of its own, rising counter, a base key for each kind of media."""

    def __init__(self, secret: bytes = SECRET, feed: str = "agent", kid: int = 1) -> None:
        self.secret, self.kid, self._feed, self._counter = secret, kid, feed, 0

    def seal(self, codec: str, frame: bytes) -> bytes:
        base_key = sender_key(self.secret, CASE, self._feed, "audio" if codec == "opus" else "video")
        extracted = hmac.new(bytes(32), base_key, hashlib.sha256).digest()
        context = self.kid.to_bytes(8) + (4).to_bytes(2) + b"\1"
        cipher = AESGCM(hmac.new(extracted, b"SFrame 1.0 Secret key " + context, hashlib.sha256).digest()[:16])
        salt = hmac.new(extracted, b"SFrame 1.0 Secret salt " + context, hashlib.sha256).digest()[:12]
        counter = self._counter.to_bytes(4)
        self._counter += 1
        header, clear = bytes([0x0B | self.kid << 4]) + counter, frame[: clear_bytes(codec, frame)]
        nonce = bytes(a ^ b for a, b in zip(salt, bytes(8) + counter, strict=True))
        return clear + header + cipher.encrypt(nonce, frame[len(clear) :], header + clear)


def ring_of(*secrets: bytes) -> KeyRing:
    ring = KeyRing(CASE, memory_keys())
    for secret in secrets:
        ring.admit(secret)
    return ring


def record(sender: Sender, *secrets: bytes) -> LiveRecording:
    recording = LiveRecording([TRACKS[0], TRACKS[2]], 0, openers=ring_of(*secrets).opener)
    for number, frame in enumerate(coded_sound()[:100]):
        payload = sender.seal("opus", frame.payload)
        recording.take(Packet("agent", 0, "opus", 20, number * 20_000, 1, number, number * 960, True, payload))
    for number, frame in enumerate(coded_picture("vp8")[:50]):
        payload = b"\x10" + sender.seal("vp8", frame.payload)
        recording.take(Packet("agent", 1, "vp8", 255, number * 40_000, 2, number, number * 3_600, True, payload))
    return recording


def camera_of(sender: Sender) -> Publisher:
    return Publisher("agent", camera=Camera(codec="vp8", width=96, height=64, fps=10, key_every=10), seal=sender.seal)


def test_an_encrypted_room_is_recorded_with_the_recorders_own_key() -> None:
    recording = record(Sender(), SECRET)
    checks = recording.checks(2_000_000)
    assert all(check.is_ready for check in checks.values())
    assert (checks["agent-picture"].width, checks["agent-picture"].height) == (160, 120)
    assert {health.state for health in recording.look(2_000_000).values()} <= {"ok", "weak"}
    assert recording.conditions() <= {("track_weak", "agent-picture"), ("track_weak", "agent")}


@pytest.mark.parametrize(
    "sender", [Sender(OTHER_SECRET), Sender(SECRET, feed="customer")], ids=["another secret", "another sender's key"]
)
def test_what_the_recorders_key_does_not_open_is_never_ready_and_called_undecryptable(sender: Sender) -> None:
    recording = record(sender, SECRET)
    assert not any(check.is_ready for check in recording.checks(2_000_000).values())
    assert {health.state for health in recording.look(2_000_000).values()} == {"undecryptable"}
    assert {("frames_sealed", "agent"), ("frames_sealed", "agent-picture")} <= recording.conditions()


def test_sound_does_not_open_as_picture_and_repeated_frames_do_not_open_at_all() -> None:
    ring, sender = ring_of(SECRET), Sender()
    sealed = sender.seal("opus", b"abcdef")
    with pytest.raises(IntegrityError, match="not given"):
        ring.opener("agent", "video").open("opus", sealed)
    opener = ring.opener("agent", "audio")
    assert opener.open("opus", sealed) == b"abcdef"
    with pytest.raises(IntegrityError, match="second time"):
        opener.open("opus", sealed)
    assert opener.open("opus", sender.seal("opus", b"more")) == b"more"


def test_what_forwards_still_knows_key_frames_and_sizes_and_nothing_of_the_picture() -> None:
    sender = Sender()
    for frame in coded_picture("vp8")[:30]:
        sealed = sender.seal("vp8", frame.payload)
        assert key_frame_at("vp8", b"\x10" + sealed) == (KeyFrame(160, 120) if frame.is_key else None)
        assert frame.payload[10:] not in sealed


def test_streams_that_begin_anew_open_and_old_ones_are_forgotten_in_the_end() -> None:
    opener = FrameOpener([sender_key(SECRET, CASE, "agent", "audio")])
    for kid in range(7):
        assert opener.open("opus", Sender(kid=kid).seal("opus", b"hello")) == b"hello"
    for kid in range(100, 100 + STREAMS_KEPT):
        with pytest.raises(IntegrityError):
            opener.open("opus", b"a\x80" + bytes([kid]) + bytes(30))
    assert opener.open("opus", Sender(kid=7).seal("opus", b"hello")) == b"hello"


def test_an_encrypted_recording_is_resumed_with_the_secret_that_was_kept() -> None:
    stage = Stage([camera_of(Sender())], [TRACKS[0], TRACKS[2]], room_secret=SECRET)
    stage.start()
    assert SECRET.hex() not in stage.states.texts[CASE]
    stage.play(5_000)
    stage.kill_recorder(1_000)
    stage.play(5_000)
    stage.stop()
    assert continuity(stage, 10_000) == []
    assert {side for _, _, _, side in stage.gaps()} <= {"recorder", "agent-picture"}
    times = decoded(stage.log.playable())
    assert times["audio0"][-1] > 10
    assert times["video1"][-1] > 10


def test_a_sender_that_changes_to_a_secret_which_the_recorder_lacks_is_an_alarm_and_a_declared_gap() -> None:
    sender = Sender()
    stage = Stage([camera_of(sender)], [TRACKS[0], TRACKS[2]], room_secret=SECRET)
    stage.start()
    stage.play(4_000)
    sender.secret, sender.kid = OTHER_SECRET, 2
    stage.play(4_000)
    assert {track.state for track in stage.recorder.status().tracks.values()} == {"undecryptable"}
    assert {alarm.code for alarm in stage.recorder.status().alarms} == {"frames_sealed"}
    assert stage.recorder.ring is not None
    stage.recorder.ring.admit(OTHER_SECRET)
    stage.play(4_000)
    assert "undecryptable" not in {track.state for track in stage.recorder.status().tracks.values()}
    stage.stop()
    declared = [(to_ms - from_ms, reason) for from_ms, to_ms, reason, _ in stage.gaps()]
    assert [reason for length, reason in declared if length > 3_000] != []
    assert {reason for _, reason in declared} == {GapReason.UNDECRYPTABLE.value}


def test_a_recorder_that_has_the_next_secret_before_anything_is_sent_under_it_misses_nothing() -> None:
    sender = Sender()
    stage = Stage([camera_of(sender)], [TRACKS[0], TRACKS[2]], room_secret=SECRET)
    stage.start()
    stage.play(4_000)
    assert stage.recorder.ring is not None
    stage.recorder.ring.admit(OTHER_SECRET)
    stage.play(2_000)
    sender.secret, sender.kid = OTHER_SECRET, 2
    stage.play(4_000)
    assert {health.state for health in stage.recorder.status().tracks.values()} <= {"ok", "weak"}
    stage.stop()
    assert stage.gaps() == [] and continuity(stage) == []
    assert not [body for body in stage.log.bodies(EventType.HEALTH_ALARMED) if body["code"] == "frames_sealed"]


def test_a_share_of_an_encrypted_room_is_recorded_under_a_key_of_its_own() -> None:
    camera = Camera(codec="vp8", width=96, height=64, fps=5, key_every=5)
    screen = Publisher("agent-screen", has_sound=False, camera=camera, seal=Sender(feed="agent-screen", kid=2).seal)
    screen.is_sending = False
    stage = Stage([camera_of(Sender()), screen], [TRACKS[0], TRACKS[2], SHARE], room_secret=SECRET)
    stage.start()
    stage.play(4_000)
    screen.reconnect(stage.now_ms)
    stage.play(4_000)
    assert stage.recorder.status().tracks["agent-screen"].state in ("ok", "weak")
    stage.stop()
    assert stage.gaps() == [] and continuity(stage) == []
    assert len(decoded(stage.log.playable())["video2"]) > 15


def test_a_share_that_was_sealed_by_the_cameras_key_does_not_open() -> None:
    camera = Camera(codec="vp8", width=96, height=64, fps=5, key_every=5)
    screen = Publisher("agent-screen", has_sound=False, camera=camera, seal=Sender(kid=2).seal)
    stage = Stage([camera_of(Sender()), screen], [TRACKS[0], TRACKS[2], SHARE], room_secret=SECRET)
    stage.start()
    stage.play(4_000)
    assert stage.recorder.status().tracks["agent-screen"].state == "undecryptable"


def test_impossible_secrets_are_refused_and_an_equal_one_counts_once() -> None:
    ring = ring_of()
    with pytest.raises(InvalidError):
        ring.admit(b"short")
    for number in range(SECRETS_MAX):
        ring.admit(bytes([number]) * 32)
    assert ring.admit(bytes(32)) == ring.ids[0]
    with pytest.raises(ConflictError):
        ring.admit(b"x" * 32)
    assert len(ring.kept) == SECRETS_MAX
    assert KeyRing(CASE, memory_keys(), ring.kept).ids == ring.ids
