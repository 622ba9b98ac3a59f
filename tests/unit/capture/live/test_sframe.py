"""SFrame against the vectors of RFC 9605, appendix C, and a recording of a room whose frames are encrypted end to end."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.capture.recording.live.key_ring import KeyRing
from jianlu.capture.recording.live.live_recording import LiveRecording
from jianlu.capture.recording.live.sframe import FrameOpener, Header, SFrameKey, clear_bytes, parse_header
from jianlu.capture.recording.live.tap_frames import Packet
from jianlu.core.errors import IntegrityError, InvalidError
from tests.fakes.live.coded import coded_picture, coded_sound
from tests.fakes.live.memory import CASE
from tests.fakes.live.publisher import Camera, Publisher
from tests.fakes.live.stage import TRACKS, Stage, continuity, decoded
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


class Sender:
    """The other side, written for the test: suite 4, key id 1, rising counter."""

    def __init__(self, base_key: bytes) -> None:
        secret = hmac.new(bytes(32), base_key, hashlib.sha256).digest()
        context = (1).to_bytes(8) + (4).to_bytes(2) + b"\1"
        self._cipher = AESGCM(hmac.new(secret, b"SFrame 1.0 Secret key " + context, hashlib.sha256).digest()[:16])
        self._salt = hmac.new(secret, b"SFrame 1.0 Secret salt " + context, hashlib.sha256).digest()[:12]
        self._counter = 0

    def seal(self, codec: str, frame: bytes) -> bytes:
        counter = self._counter.to_bytes(4)
        self._counter += 1
        header, clear = b"\x1b" + counter, frame[: clear_bytes(codec, frame)]
        nonce = bytes(a ^ b for a, b in zip(self._salt, bytes(8) + counter, strict=True))
        return clear + header + self._cipher.encrypt(nonce, frame[len(clear) :], header + clear)


def record(sender_key: bytes, recorder_key: bytes) -> LiveRecording:
    opener = FrameOpener({1: SFrameKey(recorder_key, 1)})
    recording = LiveRecording([TRACKS[0], TRACKS[2]], 0, openers={"agent": opener})
    sender = Sender(sender_key)
    for number, frame in enumerate(coded_sound()[:100]):
        payload = sender.seal("opus", frame.payload)
        recording.take(Packet("agent", 0, "opus", 20, number * 20_000, 1, number, number * 960, True, payload))
    for number, frame in enumerate(coded_picture("vp8")[:50]):
        payload = b"\x10" + sender.seal("vp8", frame.payload)
        recording.take(Packet("agent", 1, "vp8", 255, number * 40_000, 2, number, number * 3_600, True, payload))
    return recording


def test_an_encrypted_room_is_recorded_with_the_recorders_own_key() -> None:
    recording = record(BASE_KEY, BASE_KEY)
    checks = recording.checks(2_000_000)
    assert all(check.is_ready for check in checks.values())
    assert (checks["agent-picture"].width, checks["agent-picture"].height) == (160, 120)
    recording.look(2_000_000)
    assert recording.conditions() == set()


def test_without_the_right_key_nothing_is_ready() -> None:
    recording = record(BASE_KEY, bytes(16))
    assert not any(check.is_ready for check in recording.checks(2_000_000).values())
    with pytest.raises(IntegrityError, match="not given"):
        FrameOpener({}).open("opus", Sender(BASE_KEY).seal("opus", b"abc"))


def test_an_encrypted_recording_is_resumed_with_the_keys_that_were_kept() -> None:
    camera = Camera(codec="vp8", width=96, height=64, fps=10, key_every=10)
    publisher = Publisher("agent", camera=camera, seal=Sender(BASE_KEY).seal)
    stage = Stage([publisher], [TRACKS[0], TRACKS[2]], room_keys={1: BASE_KEY})
    stage.start()
    assert BASE_KEY.hex() not in stage.states.texts[CASE]
    stage.play(5_000)
    stage.kill_recorder(1_000)
    stage.play(5_000)
    stage.stop()
    assert continuity(stage, 10_000) == []
    assert {side for _, _, _, side in stage.gaps()} <= {"recorder", "agent-picture"}
    times = decoded(stage.log.playable())
    assert times["audio0"][-1] > 10
    assert times["video1"][-1] > 10


def test_impossible_keys_are_refused() -> None:
    ring = KeyRing(CASE, memory_keys())
    for kid, key in ((1, b"short"), (-1, BASE_KEY), (1 << 64, BASE_KEY)):
        with pytest.raises(InvalidError):
            ring.admit(kid, key)
    ring.admit(1, BASE_KEY)
    assert [kid for kid, _ in ring.kept] == [1]
