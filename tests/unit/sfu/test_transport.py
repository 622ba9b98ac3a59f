"""ICE lite answers only those who know its password; where a media process listens follows from its settings."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from jianlu.backends.sfu.embedded.ice import Address, IceAgent, IceSession
from jianlu.backends.sfu.embedded.sdp import Credentials
from jianlu.backends.sfu.embedded.serve import media_options, turn_server
from jianlu.core.errors import InvalidError

PEER: Address = ("192.0.2.9", 5000)
REMOTE = Credentials("them", "p" * 24)


class Ends:
    """An agent with one session, and an endpoint that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Address]] = []
        self.received: list[bytes] = []
        self.agent = IceAgent()
        self.session = IceSession(REMOTE, lambda datagram, now_us: self.received.append(datagram))
        self.agent.add(self.session)

    def sendto(self, datagram: bytes, address: Address) -> None:
        self.sent.append((datagram, address))

    def check(self, *, address: Address = PEER, password: str = "", user: str = "", nominates: bool = False) -> None:
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = user or f"{self.session.local.ufrag}:{REMOTE.ufrag}"
        if nominates:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.session.local.password).encode())
        self.agent.received(self, bytes(request), address, 1_000)


def test_a_signed_check_is_answered_and_opens_the_path() -> None:
    ends = Ends()
    ends.check()
    answer = stun.parse_message(ends.sent[0][0])
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == PEER
    assert answer.check_message_integrity(ends.session.local.password.encode())
    ends.agent.received(ends, b"\x80media", PEER, 2_000)
    assert ends.received == [b"\x80media"]
    assert ends.session.seen_us == 1_000


@pytest.mark.parametrize(("password", "user"), [("wrong", ""), ("", "nobody:them"), ("", "them"), ("", "x:y:z")])
def test_a_check_of_a_stranger_gets_no_answer(password: str, user: str) -> None:
    ends = Ends()
    ends.check(password=password, user=user)
    ends.agent.received(ends, b"\x80media", PEER, 2_000)
    assert not ends.sent
    assert not ends.received
    assert ends.session.path is None


def test_the_peer_moves_the_path_by_nominating_another() -> None:
    ends, other = Ends(), ("192.0.2.10", 6000)
    ends.check()
    ends.check(address=other)
    assert ends.session.path is not None
    assert ends.session.path.address == PEER
    ends.check(address=other, nominates=True)
    ends.session.send(b"x")
    assert ends.sent[-1] == (b"x", other)


def test_a_session_that_is_removed_answers_nobody() -> None:
    ends = Ends()
    ends.check()
    ends.agent.remove(ends.session)
    ends.sent.clear()
    ends.check()
    ends.agent.received(ends, b"\x80media", PEER, 2_000)
    assert not ends.sent
    assert not ends.received


def test_an_answer_to_our_question_tells_the_round_trip() -> None:
    ends = Ends()
    ends.check()
    ends.session.ask(10_000)
    asked = stun.parse_message(ends.sent[-1][0])
    assert asked.attributes["USERNAME"] == f"{REMOTE.ufrag}:{ends.session.local.ufrag}"
    for key in ("wrong" * 5, REMOTE.password):
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=asked.transaction_id)
        answer.add_message_integrity(key.encode())
        ends.agent.received(ends, bytes(answer), PEER, 35_000)
    assert ends.session.rtt_us == 25_000


@given(st.binary(max_size=120))
def test_any_datagram_is_survived_and_reflected_at_nobody(datagram: bytes) -> None:
    ends = Ends()
    for start in (b"", b"\0", b"\0\1\0\0", b"\1\1"):
        ends.agent.received(ends, start + datagram, PEER, 0)
    assert not ends.sent


def test_each_shard_takes_its_own_port_of_the_range() -> None:
    assert [media_options(["127.0.0.1"], "40000-40001", shard).port for shard in (0, 1)] == [40_000, 40_001]
    with pytest.raises(InvalidError, match="fewer ports"):
        media_options(["127.0.0.1"], "40000-40001", 2)


def test_an_address_behind_a_gateway_is_announced_and_needs_a_port() -> None:
    options = media_options(["203.0.113.5"], "40000-40001", 0)
    assert options.announced == ("203.0.113.5",)
    with pytest.raises(InvalidError, match="udp_ports"):
        media_options(["203.0.113.5"], "", 0)
    with pytest.raises(InvalidError, match="IP addresses"):
        media_options(["media.example.org"], "", 0)
    assert "127.0.0.1" in media_options([], "", 0).hosts


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("turn:turn.example.org", ("turn.example.org", 3478, "udp", False)),
        ("turn:192.0.2.1:3479?transport=tcp", ("192.0.2.1", 3479, "tcp", False)),
        ("turns:turn.example.org", ("turn.example.org", 5349, "tcp", True)),
    ],
)
def test_a_turn_server_is_named_by_its_url(url: str, expected: tuple[str, int, str, bool]) -> None:
    server = turn_server(url, b"secret", datetime(2026, 11, 25, tzinfo=UTC))
    assert (server.host, server.port, server.transport, server.is_tls) == expected
    assert int(server.username.partition(":")[0]) < 2**31  # coturn reads it as a signed number of 32 bits
    assert base64.b64decode(server.password) == hmac.digest(b"secret", server.username.encode(), "sha1")
    with pytest.raises(InvalidError, match="urls"):
        turn_server("http://turn.example.org", b"", datetime(2026, 11, 25, tzinfo=UTC))
