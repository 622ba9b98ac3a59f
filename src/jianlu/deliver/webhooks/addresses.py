"""Where a webhook may go: https to a public address, never into our own network, whatever a name resolves to today.

A name is resolved once for an attempt, every address that it has is looked at, and the connection goes to the address that was looked at:
a name that answers differently a moment later (DNS rebinding) changes nothing. Addresses inside others (IPv4 in IPv6, 6to4, NAT64,
Teredo) are unpacked before they are judged. OWASP, Server-Side Request Forgery Prevention.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from jianlu.core.errors import DeniedError, InvalidError, UnavailableError
from jianlu.deliver.webhooks.model import Network, Outside

URL_CHARACTERS_MAX = 500
_HTTPS = 443
_UNPRIVILEGED = 1024
"""Below it only 443: mail, shells and databases of whoever registers an address are not for us to knock at."""

_NAT64 = ip_network("64:ff9b::/96")
_NEVER = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "fec0::/10",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
    )
)
"""Azure's wire server, public by its number yet a cloud's inside; and what IANA reserves that Python 3.11's own tables take for public."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL says: `host` is a name or an address without brackets, `path` with its query."""

    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As the Host header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """The target of `url`; InvalidError unless it is https, in ASCII, with a host, on a port that we use, and nothing more."""
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidError(
            f"an endpoint is an https URL of at most {URL_CHARACTERS_MAX} ASCII characters: write names as xn--..."
        )
    try:
        parts = urlsplit(url)
        port = _HTTPS if parts.port is None else parts.port
    except ValueError as error:
        raise InvalidError("the endpoint's URL is malformed: write https://name/path") from error
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise InvalidError("an endpoint is https://name/path, without user, password or fragment")
    if port != _HTTPS and port < _UNPRIVILEGED:
        raise InvalidError(f"an endpoint listens on port {_HTTPS} or from {_UNPRIVILEGED} on")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.hostname.rstrip("."), port, path)


def check_literal(target: Target, allowed: Iterable[Network]) -> None:
    """DeniedError when the host is an address that nothing may be sent to; a name is judged when it is resolved."""
    try:
        address = ip_address(target.host)
    except ValueError:
        return
    _require(address, tuple(allowed))


def pin(target: Target, outside: Outside) -> tuple[str, ...]:
    """The addresses to connect to now, the preferred first.

    DeniedError when any address of the name is not allowed, UnavailableError when it has none.
    """
    try:
        found = [ip_address(each.partition("%")[0]) for each in outside.resolve(target.host, target.port)]
    except (OSError, ValueError, UnicodeError) as error:
        raise UnavailableError("the endpoint's name cannot be resolved: check it, or wait") from error
    if not found:
        raise UnavailableError("the endpoint's name has no address: check it, or wait")
    for address in found:
        _require(address, outside.allowed)
    return tuple(str(address) for address in found)


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of the name, by the system's resolver."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: Address) -> bool:
    """Whether the address is somebody's on the internet, and not a cloud's inside."""
    bare = unpacked(address)
    return bare.is_global and not bare.is_multicast and not any(bare in network for network in _NEVER)


def unpacked(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def _require(address: Address, allowed: Sequence[Network]) -> None:
    if is_public(address) or any(unpacked(address) in network for network in allowed):
        return
    raise DeniedError("the endpoint leads to an address that is not public: an operator may allow its network in [webhooks]")
