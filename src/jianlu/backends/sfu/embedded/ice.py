"""ICE lite (RFC 8445, 2.5) over few sockets: peers check, we answer; the checks say which peer a datagram is of.

A media process has a reachable address, so one UDP port serves every peer and firewalls need one rule. STUN's messages are aioice's.
We also ask selected peers (RFC 7675 style) to learn the round trip; that a peer never answers means nothing: liveness is whatever
authentic packet came last, so that senders without consent checks are not cut off.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from aioice import stun

from jianlu.backends.sfu.embedded.sdp import Credentials

Address = tuple[str, int]
_PRIORITY = 2130706431
_TIE_BREAKER = secrets.randbits(63)
_ASKED_MAX = 8


class Endpoint(Protocol):
    """Something that sends datagrams from one local address: a socket, or an allocation on a TURN server."""

    def sendto(self, datagram: bytes, address: Address) -> None:
        """Send, or drop what the kernel does not take now."""


@dataclass(frozen=True, slots=True)
class Path:
    """A way to a peer: the local end and the peer's address as we see it."""

    endpoint: Endpoint
    address: Address

    def send(self, datagram: bytes) -> None:
        """Send along it."""
        self.endpoint.sendto(datagram, self.address)


class IceSession:
    """One peer's ICE: credentials of both sides, and the path that the peer chose."""

    def __init__(self, remote: Credentials, receive: Callable[[bytes, int], None]) -> None:
        self.local = new_credentials()
        self.remote = remote
        self.receive = receive
        self.path: Path | None = None
        self.rtt_us = 0
        self.seen_us = 0
        self.on_path: Callable[[], None] = lambda: None
        self._asked: dict[bytes, int] = {}

    def send(self, datagram: bytes) -> None:
        """Send to the peer; dropped until its first check came."""
        if self.path is not None:
            self.path.send(datagram)

    def ask(self, now_us: int) -> None:
        """Ask the peer whether it is there, to learn the round trip."""
        if self.path is None:
            return
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self.remote.ufrag}:{self.local.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        request.attributes["ICE-CONTROLLED"] = _TIE_BREAKER
        request.add_message_integrity(self.remote.password.encode())
        while len(self._asked) >= _ASKED_MAX:
            self._asked.pop(next(iter(self._asked)))
        self._asked[request.transaction_id] = now_us
        self.path.send(bytes(request))

    def answered(self, message: stun.Message, now_us: int) -> bool:
        """Take a response; whether it was an authentic one to a question of ours."""
        asked_us = self._asked.get(message.transaction_id)
        if asked_us is None or not message.check_message_integrity(self.remote.password.encode()):
            return False
        del self._asked[message.transaction_id]
        self.rtt_us = now_us - asked_us
        self.seen_us = now_us
        return True


class IceAgent:
    """Which peer is behind an address: sessions by our ufrag, paths by what their checks proved."""

    def __init__(self) -> None:
        self._sessions: dict[str, IceSession] = {}
        self._paths: dict[tuple[int, Address], IceSession] = {}

    def add(self, session: IceSession) -> None:
        """Answer the checks of this session from now on."""
        self._sessions[session.local.ufrag] = session

    def remove(self, session: IceSession) -> None:
        """Forget a session and its paths."""
        self._sessions.pop(session.local.ufrag, None)
        for key in [key for key, each in self._paths.items() if each is session]:
            del self._paths[key]

    def received(self, endpoint: Endpoint, datagram: bytes, address: Address, now_us: int) -> None:
        """Take one datagram from the network: STUN is answered here, the rest goes to the peer that the address is of."""
        if not datagram:
            return
        if datagram[0] < 4:
            self._received_stun(endpoint, datagram, address, now_us)
            return
        session = self._paths.get((id(endpoint), address))
        if session is not None:
            session.receive(datagram, now_us)

    def _received_stun(self, endpoint: Endpoint, datagram: bytes, address: Address, now_us: int) -> None:
        try:
            message = stun.parse_message(datagram)
        except (ValueError, KeyError, IndexError):
            return
        if message.message_method != stun.Method.BINDING:
            return
        if message.message_class == stun.Class.REQUEST:
            self._checked(endpoint, message, address, now_us)
        elif message.message_class == stun.Class.RESPONSE:
            session = self._paths.get((id(endpoint), address))
            if session is not None:
                session.answered(message, now_us)

    def _checked(self, endpoint: Endpoint, request: stun.Message, address: Address, now_us: int) -> None:
        """Answer a check that is signed with our password; anything else gets no answer, so that nobody is reflected at."""
        local, _, remote = str(request.attributes.get("USERNAME", "")).partition(":")
        session = self._sessions.get(local)
        if session is None or remote != session.remote.ufrag:
            return
        if not request.check_message_integrity(session.local.password.encode()):
            return
        session.seen_us = now_us
        self._paths[(id(endpoint), address)] = session
        if session.path is None or "USE-CANDIDATE" in request.attributes:
            is_first = session.path is None
            if session.path is None or session.path.address != address or session.path.endpoint is not endpoint:
                session.path = Path(endpoint, address)
            if is_first:
                session.on_path()
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = address
        response.add_message_integrity(session.local.password.encode())
        endpoint.sendto(bytes(response), address)


def new_credentials() -> Credentials:
    """Fresh credentials: 48 and 144 random bits, more than RFC 8445 asks."""
    return Credentials(secrets.token_hex(6), secrets.token_hex(18))


def host_candidates(addresses: Iterable[Address]) -> tuple[str, ...]:
    """Candidate lines of the addresses under which peers reach us, most wanted first."""
    lines = []
    for at, (host, port) in enumerate(addresses):
        priority = (126 << 24) | ((65_535 - at) << 8) | 255
        lines.append(f"{at + 1} 1 udp {priority} {host} {port} typ host")
    return tuple(lines)


def relay_candidate(relayed: Address, at: int) -> str:
    """The candidate line of an address on a TURN server: taken when nothing else works."""
    priority = ((65_535 - at) << 8) | 255
    return f"{100 + at} 1 udp {priority} {relayed[0]} {relayed[1]} typ relay raddr 0.0.0.0 rport 9"
