"""Reading offers strictly and answering them: one video codec to record, all allowed ones to watch, never REMB."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.backends.sfu.embedded.answer import Ours, Outgoing, agree_to_receive, agree_to_send, render_answer
from jianlu.backends.sfu.embedded.ice import new_credentials
from jianlu.backends.sfu.embedded.sdp import read_fragment, read_offer
from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.errors import InvalidError
from tests.unit.sfu.offers import AUDIO, FINGERPRINT, HEAD, OFFER, TRANSPORT, VIDEO

OURS = Ours(new_credentials(), FINGERPRINT, ("1 1 udp 1 127.0.0.1 9 typ host",), is_server=True)


def test_an_offer_is_read_with_its_codecs_streams_and_candidates() -> None:
    offer = read_offer(OFFER)
    audio, video = offer.sections
    assert (audio.mid, audio.codecs[111].name, audio.codecs[111].channels) == ("0", "opus", 2)
    assert video.retransmitting == {2002: 2001}
    assert offer.candidates == (("192.0.2.7", 5000),)
    assert offer.credentials.ufrag == "abcd"
    assert offer.fingerprints == (("sha-256", FINGERPRINT),)


def test_a_sender_gets_one_video_codec_of_the_constrained_baseline() -> None:
    _, video = agree_to_receive(read_offer(OFFER), RoomSpec())
    assert [codec.payload_type for codec in video.codecs] == [108, 109]
    assert video.codecs[0].feedback == frozenset({"nack"})


def test_the_rooms_order_of_codecs_decides() -> None:
    _, video = agree_to_receive(read_offer(OFFER), RoomSpec(codecs=("vp8", "h264", "opus")))
    assert [codec.payload_type for codec in video.codecs] == [96, 97]


def test_an_encrypted_room_takes_no_h264() -> None:
    _, video = agree_to_receive(read_offer(OFFER), RoomSpec(is_encrypted=True))
    assert video.codecs[0].name == "vp8"


def test_a_viewer_may_be_sent_every_codec_of_the_room() -> None:
    _, video = agree_to_send(read_offer(OFFER), RoomSpec())
    assert [codec.payload_type for codec in video.codecs] == [108, 109, 96, 97]


def test_an_answer_asks_for_transport_wide_feedback_and_never_for_remb() -> None:
    agreed = agree_to_receive(read_offer(OFFER), RoomSpec(codecs=("vp8", "opus")))
    answer = render_answer(agreed, OURS, {}, 1)
    assert "a=rtcp-fb:96 transport-cc" in answer
    assert "goog-remb" not in answer
    assert "video-orientation" not in answer
    assert "a=rtcp-fb:111 nack" in answer
    assert answer.count("a=setup:passive") == 2
    assert "a=group:BUNDLE 0 1" in answer


def test_a_streams_own_ssrc_is_named_before_its_repeats() -> None:
    agreed = agree_to_send(read_offer(OFFER), RoomSpec())
    answer = render_answer(agreed, OURS, {"1": Outgoing(5, 6, "agent", "agent-video")}, 1)
    lines = [line for line in answer.split("\r\n") if line.startswith("a=ssrc")]
    assert lines[0] == "a=ssrc-group:FID 5 6"
    assert lines[1].startswith("a=ssrc:5 ")
    assert "a=msid:agent agent-video" in answer


def test_what_is_no_sound_or_picture_is_refused_in_its_place() -> None:
    channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n" + TRANSPORT + "a=mid:2\r\n"
    head = HEAD.replace("BUNDLE 0 1", "BUNDLE 0 1 2")
    answer = render_answer(agree_to_receive(read_offer(head + AUDIO + VIDEO + channel), RoomSpec()), OURS, {}, 1)
    assert "m=application 0 UDP/DTLS/SCTP" in answer
    assert "a=group:BUNDLE 0 1\r\n" in answer


def test_a_second_camera_in_one_offer_is_refused() -> None:
    second = VIDEO.replace("a=mid:1", "a=mid:2")
    offer = read_offer(HEAD.replace("0 1", "0 1 2") + AUDIO + VIDEO + second)
    assert [each.is_refused for each in agree_to_receive(offer, RoomSpec())] == [False, False, True]


def test_simulcast_is_answered_with_every_layer() -> None:
    lines = "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;~l\r\n"
    agreed = agree_to_receive(read_offer(HEAD + AUDIO + VIDEO + lines), RoomSpec())
    assert agreed[1].rids == ("h", "l")
    assert "a=simulcast:recv h;l" in render_answer(agreed, OURS, {}, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("a=fingerprint:sha-256", "a=fingerprint:sha-1"), "fingerprint"),
        (("a=ice-pwd:", "a=other:"), "credentials"),
        (("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), "bundle"),
        (("a=mid:1", "a=mid:0"), "alike"),
        (("a=setup:actpass", "a=setup:holdconn"), "DTLS role"),
        (("opus", "isac"), "nothing offered"),
        (("a=rtcp-mux", "a=x"), "nothing offered"),
        (("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "nothing offered"),
    ],
)
def test_an_offer_that_cannot_be_had_is_refused_with_its_reason(change: tuple[str, str], message: str) -> None:
    text = (HEAD.replace(" 1\r\n", "\r\n") + AUDIO).replace(*change) if message == "nothing offered" else OFFER.replace(*change)
    with pytest.raises(InvalidError, match=message):
        agree_to_receive(read_offer(text), RoomSpec())


@given(st.text(max_size=300))
def test_any_text_is_an_offer_or_invalid(text: str) -> None:
    for read in (read_offer, read_fragment):
        for whole in (text, OFFER + text, text + OFFER):
            with contextlib.suppress(InvalidError):
                assert read(whole) is not None


@given(st.integers(0, len(OFFER)), st.integers(0, 40), st.text(max_size=5))
def test_a_damaged_offer_is_still_an_offer_or_invalid(at: int, size: int, instead: str) -> None:
    damaged = OFFER[:at] + instead + OFFER[at + size :]
    with contextlib.suppress(InvalidError):
        agreed = agree_to_receive(read_offer(damaged), RoomSpec())
        assert render_answer(agreed, OURS, {}, 1).startswith("v=0\r\n")


def test_a_fragment_gives_candidates_or_new_credentials() -> None:
    fragment = read_fragment(
        f"a=ice-ufrag:wxyz\r\na=ice-pwd:{'q' * 24}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 UDP 1 192.0.2.9 7 typ host\r\n"
    )
    assert fragment.credentials.ufrag == "wxyz"
    assert fragment.candidates == (("192.0.2.9", 7),)
    assert fragment.mids == ("0",)
