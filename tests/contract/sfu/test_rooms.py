"""What every forwarding unit does behind the port `capture/sessions/rooms.py`, with real peers."""

from __future__ import annotations

import pytest

from jianlu.capture.sessions.rooms import OFFER_BYTES_MAX, RoomSpec
from jianlu.core.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from tests.contract.sfu.conftest import ROOM, Sfu
from tests.fakes.eventually import eventually
from tests.fakes.moving_picture import HEIGHT, WIDTH
from tests.fakes.sfu.peers import Peer
from tests.fakes.sfu.recorder_tap import TapListener, Tapped

AGENT, CUSTOMER = "agent", "customer"


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_a_viewer_sees_and_hears_who_sends(sfu: Sfu, codec: str) -> None:
    sender, viewer = sfu.new_peer(), sfu.new_peer()
    sender.publish(sfu.rooms, ROOM, AGENT, codec=codec)
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["video"] > 5 and viewer.frames["audio"] > 20, "pictures and sound")
    assert viewer.size == (WIDTH, HEIGHT)
    feed = sfu.rooms.status(ROOM).feeds[0]
    assert (feed.feed, feed.state, feed.video_codec, feed.audio_codec) == (AGENT, "connected", codec, "opus")


def test_a_viewer_who_came_first_sees_who_comes_later(sfu: Sfu) -> None:
    sender, viewer = sfu.new_peer(), sfu.new_peer()
    if sfu.name == "janus":
        with pytest.raises(UnavailableError, match="when its state is connected"):
            viewer.subscribe(sfu.rooms, ROOM, CUSTOMER)
        return
    viewer.subscribe(sfu.rooms, ROOM, CUSTOMER)
    sender.publish(sfu.rooms, ROOM, CUSTOMER)
    eventually(lambda: viewer.frames["video"] > 3 and viewer.frames["audio"] > 3, "pictures and sound")
    assert sfu.rooms.status(ROOM).feeds[0].viewers == 1


def test_a_recorder_taps_every_packet_and_the_senders_reports(sfu: Sfu) -> None:
    listener, sender = sfu.listen(), sfu.new_peer()
    sender.publish(sfu.rooms, ROOM, AGENT)
    eventually(lambda: len(listener.of(AGENT, "audio")) > 50 and len(listener.of(AGENT, "video")) > 20, "packets")
    eventually(lambda: {kind for _, kind, _, _ in listener.reports} == {"audio", "video"}, "sender reports of both")
    assert (AGENT, "connected") in listener.states
    for kind, codec in (("audio", "opus"), ("video", "vp8")):
        packets = listener.of(AGENT, kind)
        assert {each.codec for each in packets} == {codec}
        assert len({each.ssrc for each in packets}) == 1
        assert all(each.packet[0] == 0x80 for each in packets)
        numbers = [each.sequence for each in packets]
        assert len(set(numbers)) == len(numbers)


def test_nothing_is_forwarded_while_the_gate_is_shut_but_recorders_get_everything(sfu: Sfu) -> None:
    sfu.rooms.set_forwarding(ROOM, False)
    listener, sender, viewer = sfu.listen(), sfu.new_peer(), sfu.new_peer()
    sender.publish(sfu.rooms, ROOM, AGENT)
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.state == "connected", "a viewer who could see")
    more_is_recorded(listener, 30)
    assert sum(viewer.frames.values()) == 0
    sfu.rooms.set_forwarding(ROOM, True)
    eventually(lambda: viewer.frames["video"] > 3 and viewer.frames["audio"] > 3, "pictures after the gate opened")
    sfu.rooms.set_forwarding(ROOM, False)
    assert not sfu.rooms.status(ROOM).is_forwarding
    more_is_recorded(listener, 30)  # what was under way has arrived
    seen = dict(viewer.frames)
    more_is_recorded(listener, 60)
    assert dict(viewer.frames) == seen, "nobody is seen or heard any more"


def more_is_recorded(listener: TapListener, packets: int) -> None:
    """Wait until so many more packets of the agent's picture have reached the recorder."""
    before = len(listener.of(AGENT, "video"))
    eventually(lambda: len(listener.of(AGENT, "video")) > before + packets, "the recorder's packets")


def test_a_recorder_gets_a_key_frame_when_it_asks(sfu: Sfu) -> None:
    listener, sender = sfu.listen(), sfu.new_peer()
    sender.publish(sfu.rooms, ROOM, AGENT)
    eventually(lambda: len(listener.of(AGENT, "video")) > 30, "packets")
    before = len(_key_frames(listener.of(AGENT, "video")))
    listener.say({"key_frame": AGENT})
    eventually(lambda: len(_key_frames(listener.of(AGENT, "video"))) > before, "another key frame")
    assert before >= 1


def test_a_track_can_be_added_on_the_same_connection(sfu: Sfu) -> None:
    listener, sender = sfu.listen(), sfu.new_peer()
    connection = sender.publish(sfu.rooms, ROOM, AGENT, kinds=("audio",))
    eventually(lambda: len(listener.of(AGENT, "audio")) > 10, "sound")
    assert not listener.of(AGENT, "video")
    again = sender.add(sfu.rooms, ROOM, connection, "video")
    assert again.id == connection.id
    eventually(lambda: len(listener.of(AGENT, "video")) > 10, "pictures for the recorder")
    viewer = sfu.new_peer()
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["video"] > 3 and viewer.frames["audio"] > 3, "pictures and sound")
    assert len({each.ssrc for each in listener.of(AGENT, "audio")}) <= 2


def test_a_feed_that_was_interrupted_goes_on_for_its_viewers(sfu: Sfu) -> None:
    listener, first, viewer = sfu.listen(), sfu.new_peer(), sfu.new_peer()
    first.publish(sfu.rooms, ROOM, AGENT)
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["video"] > 3, "pictures")
    first.close()
    eventually(lambda: (AGENT, "interrupted") in listener.states, "the interruption")
    seen, second = viewer.frames["video"], sfu.new_peer()
    second.publish(sfu.rooms, ROOM, AGENT)
    eventually(lambda: viewer.frames["video"] > seen + 5, "pictures of the second connection")
    assert len({each.ssrc for each in listener.of(AGENT, "video")}) == 2
    assert listener.states[-1] == (AGENT, "connected")


def test_a_second_sender_of_a_feed_is_refused(sfu: Sfu) -> None:
    first, second, viewer = sfu.new_peer(), sfu.new_peer(), sfu.new_peer()
    first.publish(sfu.rooms, ROOM, AGENT)
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["audio"] > 3, "sound")
    with pytest.raises(ConflictError, match="another device"):
        second.publish(sfu.rooms, ROOM, AGENT)
    seen = viewer.frames["audio"]
    eventually(lambda: viewer.frames["audio"] > seen + 5, "the first goes on")


def test_a_sender_whose_answer_was_lost_may_try_again_at_once(sfu: Sfu) -> None:
    lost, again, viewer = sfu.new_peer(), sfu.new_peer(), sfu.new_peer()
    half_done = lost.publish(sfu.rooms, ROOM, AGENT, hears=False)
    assert again.publish(sfu.rooms, ROOM, AGENT).id != half_done.id
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["audio"] > 3, "sound of the second try")
    with pytest.raises(NotFoundError, match="gone"):
        sfu.rooms.renegotiate(ROOM, half_done.id, "v=0\r\n")


def test_a_sender_that_vanished_makes_room_for_another(sfu: Sfu) -> None:
    first, second, viewer = sfu.new_peer(), sfu.new_peer(), sfu.new_peer()
    first.publish(sfu.rooms, ROOM, AGENT)
    sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["audio"] > 3, "sound")
    first.vanish()
    eventually(lambda: _published(sfu, second), "the feed to be free")
    seen = viewer.frames["audio"]
    eventually(lambda: viewer.frames["audio"] > seen + 5, "sound of the second")
    assert sfu.rooms.status(ROOM).feeds[0].state == "connected"


def test_a_connection_that_is_closed_is_gone(sfu: Sfu) -> None:
    sender, viewer = sfu.new_peer(), sfu.new_peer()
    sending = sender.publish(sfu.rooms, ROOM, AGENT)
    watching = sfu.watch(viewer, AGENT)
    eventually(lambda: viewer.frames["audio"] > 3, "sound")
    for connection in (watching, sending):
        sfu.rooms.close_connection(ROOM, connection.id)
        sfu.rooms.close_connection(ROOM, connection.id)
    eventually(lambda: viewer.state in ("closed", "failed") and sender.state in ("closed", "failed"), "goodbye")
    with pytest.raises(NotFoundError, match="gone"):
        sfu.rooms.renegotiate(ROOM, sending.id, "v=0\r\n")


def test_what_is_not_there_is_not_found(sfu: Sfu) -> None:
    for call in (
        lambda: sfu.rooms.publish("cnone", AGENT, "v=0"),
        lambda: sfu.rooms.subscribe("cnone", AGENT, "v=0", "v"),
        lambda: sfu.rooms.status("cnone"),
        lambda: sfu.rooms.set_forwarding("cnone", True),
        lambda: sfu.rooms.renegotiate(ROOM, "none", "v=0"),
        lambda: sfu.rooms.trickle(ROOM, "none", "", "*"),
    ):
        with pytest.raises(NotFoundError):
            call()


@pytest.mark.parametrize(
    "offer",
    ["", "hello", "v=0\r\n", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "\0" * 10, "v=0\r\n" + "a=x\r\n" * OFFER_BYTES_MAX],
    ids=["empty", "words", "nothing", "bare", "zeros", "huge"],
)
def test_what_is_no_offer_is_invalid(sfu: Sfu, offer: str) -> None:
    with pytest.raises(InvalidError):
        sfu.rooms.publish(ROOM, AGENT, offer)
    with pytest.raises(InvalidError):
        sfu.rooms.subscribe(ROOM, AGENT, offer, "v")


def test_opening_a_room_again_changes_nothing(sfu: Sfu) -> None:
    sfu.rooms.open_room(ROOM, RoomSpec())
    assert sfu.rooms.status(ROOM).is_forwarding
    with pytest.raises(ConflictError):
        sfu.rooms.open_room(ROOM, RoomSpec(codecs=("vp8", "opus")))
    sfu.rooms.close_room(ROOM)
    sfu.rooms.close_room(ROOM)
    with pytest.raises(NotFoundError):
        sfu.rooms.status(ROOM)


def test_a_forwarding_unit_says_its_name_and_version(sfu: Sfu) -> None:
    name, version = sfu.rooms.describe()
    assert name
    assert version


def _published(sfu: Sfu, peer: Peer) -> bool:
    try:
        peer.publish(sfu.rooms, ROOM, AGENT)
    except ConflictError:
        return False
    return True


def _key_frames(packets: list[Tapped]) -> list[Tapped]:
    """Of VP8: packets that begin a partition of a key frame."""
    return [each for each in packets if each.packet[12] & 0x10 and b"\x9d\x01\x2a" in each.packet[12:28]]
