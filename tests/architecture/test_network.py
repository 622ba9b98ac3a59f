"""The guard of tests/conftest.py bites: no test of this suite can reach beyond the machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.conftest import NetworkIsShutError, is_local

ELSEWHERE = "192.0.2.7"  # TEST-NET-1 of RFC 5737: nobody's address


def test_a_connection_beyond_this_machine_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(NetworkIsShutError):
        outward.connect((ELSEWHERE, 443))


def test_a_datagram_beyond_this_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outward, pytest.raises(NetworkIsShutError):
        outward.sendto(b"x", (ELSEWHERE, 53))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkIsShutError):
        socket.getaddrinfo("registry.example", 443)


def test_loopback_and_unix_sockets_stay_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        client.connect(str(tmp_path / "s"))
        assert client.getpeername() == str(tmp_path / "s")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "::", None, b"localhost"])
def test_an_address_of_this_machine_is_local(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "fe80::1", "example.org", "localhost.example.org"])
def test_any_other_address_is_not_local(host: object) -> None:
    assert not is_local(host)
