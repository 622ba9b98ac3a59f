"""One peer's transport: ICE beneath DTLS beneath SRTP, one datagram in, one call out.

Whether the peer is alive is told by the last authentic packet of any kind. What the packets mean is `publisher.py`'s and `viewer.py`'s.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiortc.rtcdtlstransport import RTCCertificate

from jianlu.backends.sfu.embedded.answer import Ours
from jianlu.backends.sfu.embedded.dtls import REJECTED, DtlsSession, fingerprint_of
from jianlu.backends.sfu.embedded.ice import IceAgent, IceSession
from jianlu.backends.sfu.embedded.rtp import is_rtcp
from jianlu.backends.sfu.embedded.sdp import Credentials, Offer
from jianlu.backends.sfu.embedded.sockets import monotonic_us


class Listener(Protocol):
    """Who is told what comes over a link."""

    def connected(self) -> None:
        """The handshake is done."""

    def ended(self) -> None:
        """The peer said goodbye, or failed the handshake."""

    def received_rtp(self, content: bytes, arrival_us: int) -> None:
        """An opened RTP packet."""

    def received_rtcp(self, content: bytes, arrival_us: int) -> None:
        """An opened RTCP compound."""


class Link:
    """The transport of one connection; `listener` is set before the first datagram comes."""

    def __init__(self, agent: IceAgent, certificate: RTCCertificate, offer: Offer) -> None:
        self._agent = agent
        self._fingerprint = fingerprint_of(certificate)
        self._fingerprints = offer.fingerprints
        self._is_server = offer.setup != "passive"
        self.listener: Listener | None = None
        self._ice = IceSession(offer.credentials, self._received)
        self._next_ice: IceSession | None = None
        self._dtls = DtlsSession(certificate, self._send, self._dtls_ended)
        self._handshake: asyncio.Task[None] | None = None
        self._seen_us = 0
        self.made_us = monotonic_us()
        agent.add(self._ice)
        if self._is_server:
            self._begin()
        else:
            self._ice.on_path = self._begin

    @property
    def is_connected(self) -> bool:
        """Whether media can flow."""
        return self._dtls.is_connected

    @property
    def seen_us(self) -> int:
        """When the last authentic packet came."""
        return max(self._seen_us, self._ice.seen_us)

    @property
    def rtt_us(self) -> int:
        """The last round trip measured; 0 when the peer never answered."""
        return self._ice.rtt_us

    @property
    def etag(self) -> str:
        """The ETag of the ICE session that the peer should know: its ufrag."""
        return (self._next_ice or self._ice).local.ufrag

    def ours(self, candidates: tuple[str, ...]) -> Ours:
        """Our end, for an answer."""
        return Ours((self._next_ice or self._ice).local, self._fingerprint, candidates, self._is_server)

    def is_same_peer(self, offer: Offer) -> bool:
        """Whether an offer comes from the end whose certificate this link has."""
        return set(offer.fingerprints) == set(self._fingerprints)

    def restart_ice(self, remote: Credentials) -> bool:
        """Begin another ICE session when the peer's credentials are new; the old one serves until the new one has a path."""
        if remote == (self._next_ice or self._ice).remote:
            return False
        if self._next_ice is not None:
            self._agent.remove(self._next_ice)
        self._next_ice = IceSession(remote, self._received)
        self._next_ice.on_path = self._restarted
        self._agent.add(self._next_ice)
        return True

    def ask(self, now_us: int) -> None:
        """Measure the round trip."""
        self._ice.ask(now_us)

    def send_rtp(self, packet: bytes) -> None:
        """Seal and send."""
        try:
            self._ice.send(self._dtls.seal_rtp(packet))
        except REJECTED:
            return

    def send_rtcp(self, packet: bytes) -> None:
        """Seal and send, once connected."""
        if self._dtls.is_connected:
            try:
                self._ice.send(self._dtls.seal_rtcp(packet))
            except REJECTED:
                return

    async def close(self) -> None:
        """Say goodbye and forget the peer."""
        if self._handshake is not None and not self._handshake.done():
            self._handshake.cancel()
        await self._dtls.close()
        self._agent.remove(self._ice)
        if self._next_ice is not None:
            self._agent.remove(self._next_ice)

    def _begin(self) -> None:
        self._handshake = asyncio.get_running_loop().create_task(self._shake_hands())

    async def _shake_hands(self) -> None:
        is_done = await self._dtls.handshake(self._fingerprints, is_server=self._is_server)
        if self.listener is not None:
            if is_done:
                self.listener.connected()
            else:
                self.listener.ended()

    def _dtls_ended(self) -> None:
        if self.listener is not None:
            self.listener.ended()

    def _restarted(self) -> None:
        if self._next_ice is not None:
            self._agent.remove(self._ice)
            self._ice, self._next_ice = self._next_ice, None

    def _send(self, datagram: bytes) -> None:
        self._ice.send(datagram)

    def _received(self, datagram: bytes, arrival_us: int) -> None:
        first = datagram[0]
        if 128 <= first < 192:
            if self._dtls.is_connected and self.listener is not None:
                self._received_srtp(self.listener, datagram, arrival_us)
        elif 20 <= first < 64:
            self._dtls.feed(datagram)

    def _received_srtp(self, listener: Listener, datagram: bytes, arrival_us: int) -> None:
        is_control = is_rtcp(datagram)
        try:
            content = (self._dtls.open_rtcp if is_control else self._dtls.open_rtp)(datagram)
        except REJECTED:
            return
        self._seen_us = arrival_us
        if is_control:
            listener.received_rtcp(content, arrival_us)
        else:
            listener.received_rtp(content, arrival_us)
