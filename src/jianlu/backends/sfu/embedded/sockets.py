"""The UDP sockets of a media process, read in batches, and its allocation on a TURN server where there is no way in.

Nothing is queued for sending: what the kernel does not take is dropped and counted, as a network would.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aioice import stun
from aioice.turn import TurnTransport, create_turn_endpoint

from jianlu.backends.sfu.embedded.ice import Address, Endpoint, host_candidates, relay_candidate
from jianlu.core.errors import UnavailableError

Received = Callable[[Endpoint, bytes, Address, int], None]
BATCH_MAX = 64
_BUFFER_BYTES = 4 << 20
_DATAGRAM_BYTES_MAX = 2048


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A TURN server and what we are to it."""

    host: str
    port: int
    username: str
    password: str
    transport: str = "udp"
    is_tls: bool = False


def monotonic_us() -> int:
    """The clock by which everything here is timed: CLOCK_MONOTONIC, the same for all processes of the machine."""
    return time.monotonic_ns() // 1000


class UdpSocket:
    """One bound socket: an endpoint, and the reader of what comes to it."""

    def __init__(self, host: str, port: int, received: Received) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._received = received
        self.dropped = 0
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise UnavailableError(f"UDP port {port} cannot be used ({error.strerror}): set another one in [media]") from error

    @property
    def address(self) -> Address:
        """Where it is bound."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Read from now on, in the running loop."""
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        """Stop reading and let the port go."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def sendto(self, datagram: bytes, address: Address) -> None:
        """Send, or drop what the kernel does not take now."""
        try:
            self._socket.sendto(datagram, address)
        except OSError:
            self.dropped += 1

    def _read(self) -> None:
        for _ in range(BATCH_MAX):
            try:
                datagram, address = self._socket.recvfrom(_DATAGRAM_BYTES_MAX)
            except OSError:  # nothing more, or an ICMP error of an earlier send
                return
            self._received(self, datagram, address[:2], monotonic_us())


class Relay(asyncio.DatagramProtocol):
    """Our allocation on a TURN server, as an endpoint."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._transport: TurnTransport | None = None

    async def allocate(self, server: TurnServer) -> Address:
        """Get an address there; UnavailableError when the server does not give one."""
        try:
            self._transport, _ = await create_turn_endpoint(
                lambda: self,
                (server.host, server.port),
                server.username,
                server.password,
                ssl=server.is_tls or None,
                transport=server.transport,
            )
        except (OSError, stun.TransactionError) as error:
            raise UnavailableError("the TURN server gives no address: check its URL, secret and that it runs") from error
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    def permit(self, address: Address) -> None:
        """Let a peer's datagrams through the relay, by sending it one that says nothing (RFC 8656, 9)."""
        self.sendto(bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION)), address)

    def sendto(self, datagram: bytes, address: Address) -> None:
        """Send through the relay."""
        if self._transport is not None:
            self._transport.sendto(datagram, address)

    def datagram_received(self, datagram: bytes, addr: Any) -> None:
        """Take a relayed datagram."""
        self._received(self, datagram, (str(addr[0]), int(addr[1])), monotonic_us())

    def error_received(self, exc: Exception) -> None:
        """A peer that cannot be reached through the relay is not our failure."""

    def close(self) -> None:
        """Give the allocation back."""
        if self._transport is not None:
            self._transport.close()


class Sockets:
    """Everything that a media process receives on, and the candidates that say so."""

    def __init__(self, received: Received, *, hosts: Sequence[str], port: int, announced: Sequence[str]) -> None:
        self._received = received
        self._sockets: list[UdpSocket] = []
        self._relay: Relay | None = None
        self._hosts, self._port, self._announced = hosts, port, announced
        self.candidates: tuple[str, ...] = ()

    async def start(self, turn: TurnServer | None) -> None:
        """Bind and read; every host gets the same port where that is possible."""
        port = self._port
        for host in self._hosts:
            bound = UdpSocket(host, port, self._received)
            port = port or bound.address[1]
            self._sockets.append(bound)
            bound.start()
        addresses = [(host, port) for host in self._announced] or [each.address for each in self._sockets]
        self.candidates = host_candidates(addresses)
        if turn is not None:
            self._relay = Relay(self._received)
            self.candidates += (relay_candidate(await self._relay.allocate(turn), 0),)

    @property
    def dropped(self) -> int:
        """How many datagrams the kernel did not take."""
        return sum(each.dropped for each in self._sockets)

    def permit(self, addresses: Sequence[Address]) -> None:
        """Let peers' own addresses through our relay, if there is one. Names (mDNS) cannot be."""
        if self._relay is not None:
            for host, port in addresses:
                if host.replace(".", "").isdigit() and port:
                    self._relay.permit((host, port))

    def close(self) -> None:
        """Let everything go."""
        for each in self._sockets:
            each.close()
        if self._relay is not None:
            with contextlib.suppress(OSError):
                self._relay.close()
