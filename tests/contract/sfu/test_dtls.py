"""The names of aiortc that `dtls.py` touches still mean what they meant: two ends shake hands over a wire of ours and exchange packets."""

from __future__ import annotations

import asyncio
import datetime

import pytest
from aiortc.rtcdtlstransport import RTCDtlsTransport

from jianlu.backends.sfu.embedded.dtls import REJECTED, Certificates, DtlsSession, datagrams_of, fingerprint_of
from jianlu.backends.sfu.embedded.rtcp import write_pli
from jianlu.backends.sfu.embedded.rtp import write_packet

NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
PACKET = write_packet(96, is_marked=True, sequence=7, timestamp=9, ssrc=5, extension=b"", payload=b"picture")


class _Ends:
    """Two sessions whose datagrams go to each other."""

    def __init__(self) -> None:
        self.certificates = (Certificates().present(NOW), Certificates().present(NOW))
        self.ended: list[str] = []
        self.server = DtlsSession(self.certificates[0], self._to_client, lambda: self.ended.append("server"))
        self.client = DtlsSession(self.certificates[1], self.server.feed, lambda: self.ended.append("client"))

        self.lost: set[int] = set()
        self._count = 0

    def _to_client(self, datagram: bytes) -> None:
        self._count += 1
        if self._count not in self.lost:
            self.client.feed(datagram)

    async def shake(self, *, claimed: str = "") -> tuple[bool, bool]:
        prints = [(("sha-256", claimed or fingerprint_of(each)),) for each in self.certificates]
        both = await asyncio.gather(
            self.server.handshake(prints[1], is_server=True), self.client.handshake(prints[0], is_server=False)
        )
        return both[0], both[1]


def test_two_ends_open_what_the_other_sealed() -> None:
    async def run() -> None:
        ends = _Ends()
        assert await ends.shake() == (True, True)
        assert ends.client.open_rtp(ends.server.seal_rtp(PACKET)) == PACKET
        assert ends.server.open_rtcp(ends.client.seal_rtcp(write_pli(1, 5))) == write_pli(1, 5)
        with pytest.raises(REJECTED):
            ends.client.open_rtp(PACKET + bytes(16))
        await ends.server.close()
        await asyncio.wait_for(_until(lambda: ends.ended == ["client"]), 10)
        await ends.client.close()

    asyncio.run(run())


@pytest.mark.parametrize("lost", [{1}, {2}, {1, 2}])
def test_a_flight_that_is_lost_is_repeated(lost: set[int]) -> None:
    async def run() -> None:
        ends = _Ends()
        ends.lost = lost
        assert await ends.shake() == (True, True)
        assert ends.client.open_rtp(ends.server.seal_rtp(PACKET)) == PACKET
        await ends.server.close()
        await ends.client.close()

    asyncio.run(run())


def test_records_are_not_cut_between_datagrams() -> None:
    records = [b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size) for size in (500, 600, 700, 10, 1_500)]
    found = datagrams_of(b"".join(records))
    assert found == [records[0] + records[1], records[2] + records[3], records[4]]
    assert datagrams_of(b"") == []


def test_an_end_with_another_certificate_than_claimed_is_refused() -> None:
    async def run() -> None:
        ends = _Ends()
        assert not any(await ends.shake(claimed=":".join(["00"] * 32)))
        assert not ends.server.is_connected
        await ends.server.close()
        await ends.client.close()

    asyncio.run(run())


def test_a_repeated_packet_may_be_sealed_twice_but_is_opened_once() -> None:
    async def run() -> None:
        ends = _Ends()
        await ends.shake()
        sealed = ends.server.seal_rtp(PACKET)
        assert ends.client.open_rtp(sealed) == PACKET
        with pytest.raises(REJECTED):
            ends.client.open_rtp(sealed)
        assert ends.server.seal_rtp(PACKET) == sealed
        await ends.server.close()
        await ends.client.close()

    asyncio.run(run())


@pytest.mark.parametrize("name", ["_set_role", "_write_ssl", "start", "stop", "_recv_next", "state"])
def test_the_transport_still_has_the_names_that_are_used(name: str) -> None:
    assert hasattr(RTCDtlsTransport, name), "aiortc changed: read dtls.py against its source before raising the pin"


async def _until(look: object) -> None:
    assert callable(look)
    while not look():
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.01)
