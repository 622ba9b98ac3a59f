"""One media process as something to start and stop: its shard, the tap and the socket of its methods.

Where it listens is decided here too, from what the settings say and what this machine has.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from aioice.ice import get_host_addresses

from jianlu.backends.sfu.embedded.lease import LEASE_S
from jianlu.backends.sfu.embedded.methods import Calls
from jianlu.backends.sfu.embedded.shard import MediaOptions, Shard
from jianlu.backends.sfu.embedded.sockets import TurnServer
from jianlu.core.errors import InvalidError

_TURN = re.compile(r"(?P<scheme>turns?):(?P<host>[^:?\s]+)(?::(?P<port>\d{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?")
_CREDENTIALS_LIFE = timedelta(days=365)


class MediaServer:
    """Serves the rooms of shard `number` on sockets in `folder` (the home's `run`)."""

    def __init__(self, folder: Path, number: int, options: MediaOptions, *, lease_s: float = LEASE_S) -> None:
        self._shard = Shard(options, tap_socket(folder, number))
        self._calls = Calls(media_socket(folder, number), self._shard, is_edge=options.is_edge, lease_s=lease_s)

    @property
    def candidates(self) -> tuple[str, ...]:
        """Where peers reach it."""
        return self._shard.candidates

    async def start(self) -> None:
        """Listen for peers, recorders, and last for calls: who can call finds everything there."""
        await self._shard.start()
        await self._calls.start()

    async def stop(self) -> None:
        """Take no more calls, let peers and recorders go."""
        await self._calls.stop()
        await self._shard.stop()


def media_options(
    addresses: Sequence[str], udp_ports: str, number: int, turn: TurnServer | None = None, *, is_edge: bool = False
) -> MediaOptions:
    """Where shard `number` listens: on `addresses`, or on all of this machine's.

    An address that is none of this machine's (it is behind a translating gateway) is announced, and everything is listened on.
    Of a range of ports each shard takes one. InvalidError when there are fewer ports than shards, or an address is none.
    """
    port = 0
    if udp_ports:
        first, _, last = udp_ports.partition("-")
        port = int(first) + number
        if port > int(last):
            raise InvalidError("[media] udp_ports has fewer ports than there are media processes: widen it")
    if not addresses:
        return MediaOptions(hosts=_own_addresses(), port=port, turn=turn, is_edge=is_edge)
    try:
        for address in addresses:
            ipaddress.ip_address(address)
    except ValueError as error:
        raise InvalidError("[media] addresses are IP addresses: browsers are told them as they are") from error
    if all(_is_own(address) for address in addresses):
        return MediaOptions(hosts=tuple(addresses), port=port, turn=turn, is_edge=is_edge)
    if not port:
        raise InvalidError("[media] addresses behind a gateway need udp_ports: the gateway must know what to pass on")
    return MediaOptions(hosts=("0.0.0.0",), port=port, announced=tuple(addresses), turn=turn, is_edge=is_edge)  # noqa: S104


def turn_server(url: str, secret: bytes, now: datetime) -> TurnServer:
    """The TURN server at `url`, with credentials of its shared secret (draft-uberti-behave-turn-rest) that outlive the process.

    InvalidError for another scheme than turn and turns.
    """
    found = _TURN.fullmatch(url)
    if found is None:
        raise InvalidError("[turn] urls are like turn:turn.example.org:3478?transport=udp or turns:turn.example.org")
    is_tls = found["scheme"] == "turns"
    name = f"{int((now + _CREDENTIALS_LIFE).timestamp())}:media"
    password = base64.b64encode(hmac.digest(secret, name.encode(), "sha1")).decode()
    port = int(found["port"] or (5349 if is_tls else 3478))
    return TurnServer(found["host"], port, name, password, found["transport"] or ("tcp" if is_tls else "udp"), is_tls)


def media_socket(folder: Path, number: int) -> Path:
    """Where shard `number` takes calls."""
    return folder / f"media-{number}.sock"


def tap_socket(folder: Path, number: int) -> Path:
    """Where recorders read the rooms of shard `number`."""
    return folder / f"tap-{number}.sock"


def _own_addresses() -> tuple[str, ...]:
    found = get_host_addresses(use_ipv4=True, use_ipv6=True)
    usable = [address for address in found if not ipaddress.ip_address(address.partition("%")[0]).is_link_local]
    return (*(address for address in usable if _is_own(address)), "127.0.0.1")


def _is_own(address: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
