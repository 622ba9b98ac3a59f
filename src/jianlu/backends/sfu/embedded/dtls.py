"""DTLS-SRTP by aiortc: the handshake runs over datagrams that we carry, then packets are opened and sealed one call each.

The only module that touches private names of aiortc (`tests/contract/sfu` fails when they change): the transport that
`RTCDtlsTransport` reads and writes (`_recv`, `_send`, `role`), `_set_role`, `_write_ssl` with its `_ssl`, and the SRTP sessions
`_rx_srtp`, `_tx_srtp`.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from typing import cast

import pylibsrtp
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from OpenSSL import SSL

from jianlu.core.errors import UnavailableError

HANDSHAKE_S = 30.0
_WAITING_MAX = 64
_FLIGHT_BYTES_MAX = 65_536
_DATAGRAM_BYTES_MAX = 1_200
_RECORD_HEAD_BYTES = 13
_RENEW_BEFORE = datetime.timedelta(days=7)
REJECTED = (pylibsrtp.Error, ValueError)
"""What opening or sealing a packet raises: forged, replayed, or too long. Such a packet is dropped."""


class Certificates:
    """The certificate that our end shows; a new one before the old one ends. Peers pin its fingerprint from the answer."""

    def __init__(self) -> None:
        self._present: RTCCertificate | None = None

    def present(self, now: datetime.datetime) -> RTCCertificate:
        """The certificate for connections made now."""
        if self._present is None or self._present.expires - now < _RENEW_BEFORE:
            self._present = RTCCertificate.generateCertificate()
        return self._present


def fingerprint_of(certificate: RTCCertificate) -> str:
    """Its sha-256 fingerprint, as SDP writes it."""
    return next(each.value for each in certificate.getFingerprints() if each.algorithm == "sha-256")


class DtlsSession:
    """One peer's DTLS association. `open_rtp`, `open_rtcp`, `seal_rtp`, `seal_rtcp` work once `is_connected`."""

    def __init__(self, certificate: RTCCertificate, send: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._wire = _Wire(send)
        self._transport = _Transport(cast("RTCIceTransport", self._wire), [certificate])
        self._on_end = on_end
        self.is_connected = False
        self.open_rtp: Callable[[bytes], bytes] = _not_yet
        self.open_rtcp: Callable[[bytes], bytes] = _not_yet
        self.seal_rtp: Callable[[bytes], bytes] = _not_yet
        self.seal_rtcp: Callable[[bytes], bytes] = _not_yet

    async def handshake(self, fingerprints: tuple[tuple[str, str], ...], *, is_server: bool) -> bool:
        """Run it; False when the peer fails it, is not who its offer said, or takes too long."""
        self._transport._set_role("server" if is_server else "client")
        claimed = RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints])
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await self._transport.start(claimed)
        except TimeoutError:
            return False
        if self._transport.state != "connected":
            return False
        incoming, outgoing = self._transport._rx_srtp, self._transport._tx_srtp
        self.open_rtp, self.open_rtcp = incoming.unprotect, incoming.unprotect_rtcp
        self.seal_rtp, self.seal_rtcp = outgoing.protect, outgoing.protect_rtcp
        self.is_connected = True
        self._transport.on("statechange", self._changed)
        return True

    def feed(self, datagram: bytes) -> None:
        """Take a DTLS datagram from the peer."""
        self._wire.put(datagram)

    async def close(self) -> None:
        """Tell the peer (close_notify) and forget it."""
        self._transport.remove_all_listeners()
        await self._transport.stop()
        self._wire.put(None)

    def _changed(self) -> None:
        if self._transport.state in ("closed", "failed"):
            self._on_end()


class _Transport(RTCDtlsTransport):
    """Sends all that OpenSSL has to say, whole records to a datagram: aiortc reads 1,500 bytes once, and after a loss, when a flight is
    repeated behind another, a record was cut in two and the handshake hung."""

    async def _write_ssl(self) -> None:
        while self._ssl is not None:
            try:
                said = self._ssl.bio_read(_FLIGHT_BYTES_MAX)
            except SSL.Error:
                return
            for datagram in datagrams_of(said):
                await self.transport._send(datagram)


class _Wire:
    """What `RTCDtlsTransport` takes for its ICE transport: datagrams in and out, no more."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING_MAX)
        self._send_now = send

    def put(self, datagram: bytes | None) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(datagram)

    async def _recv(self) -> bytes:
        datagram = await self._waiting.get()
        if datagram is None:
            raise ConnectionError
        return datagram

    async def _send(self, datagram: bytes) -> None:
        self._send_now(datagram)


def datagrams_of(said: bytes) -> list[bytes]:
    """DTLS records (RFC 6347, 4.1), as many whole ones to a datagram as go through every network."""
    found: list[bytes] = []
    at = 0
    while at < len(said):
        end = at + _RECORD_HEAD_BYTES + int.from_bytes(said[at + 11 : at + 13], "big")
        if not found or len(found[-1]) + end - at > _DATAGRAM_BYTES_MAX:
            found.append(b"")
        found[-1] += said[at:end]
        at = end
    return found


def _not_yet(_: bytes) -> bytes:
    raise UnavailableError("the DTLS handshake is not done: wait until the peer is connected")
