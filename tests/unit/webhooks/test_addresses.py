"""Where a webhook may go: never inside, whatever the URL, the name or the resolver says."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from jianlu.core.errors import DeniedError, InvalidError, UnavailableError
from jianlu.deliver.webhooks.addresses import Target, check_literal, is_public, parse_target, pin
from jianlu.deliver.webhooks.post import post
from tests.fakes.webhooks.receiver import Receiver, certificates, outside, receiving

INSIDE = (
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - refused
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.8",
    "192.0.0.170",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a00:1::",
)
OUTSIDE = ("1.1.1.1", "203.119.1.1", "2606:4700:4700::1111", "64:ff9b::101:101")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_as_a_literal_and_as_what_a_name_leads_to(address: str) -> None:
    target = parse_target(f"https://[{address}]/x" if ":" in address else f"https://{address}/x")
    with pytest.raises(DeniedError, match="not public"):
        check_literal(target, ())
    for answers in ([address], ["1.1.1.1", address]):
        with pytest.raises(DeniedError, match="not public"):
            pin(Target("bank.example", 443, "/"), outside(allowed=(), resolve=lambda host, port, found=answers: found))


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_taken(address: str) -> None:
    assert is_public(ip_address(address))
    assert pin(Target("bank.example", 443, "/"), outside(allowed=(), resolve=lambda host, port: [address])) == (address,)


def test_a_network_that_the_operator_allows_is_taken_and_nothing_beside_it() -> None:
    allowed = (ip_network("10.20.0.0/16"),)
    check_literal(parse_target("https://10.20.3.4/hook"), allowed)
    with pytest.raises(DeniedError):
        check_literal(parse_target("https://10.21.0.1/hook"), allowed)
    with pytest.raises(DeniedError):
        check_literal(parse_target("https://169.254.169.254/latest/meta-data"), allowed)


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/hook",
        "ftp://bank.example/",
        "https:///hook",
        "https://",
        "bank.example/hook",
        "https://user:password@bank.example/hook",
        "https://@bank.example/hook",
        "https://bank.example/hook#x",
        "https://bank.example:22/",
        "https://bank.example:25/",
        "https://bank.example:0/",
        "https://bank.example:99999/",
        "https://bank.example:x/",
        "https://银行.example/",
        "https://bank.example/ x",
        "https://bank.example\\@10.0.0.1/",
        "https://bank.example/\r\nHost: x",
        "https://[::1/",
        "file:///etc/passwd",
        "https://bank.example/" + "x" * 600,
    ],
)
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        parse_target(url)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "017700000001", "127.1", "localhost", "localhost."])
def test_another_spelling_of_an_address_is_judged_by_what_it_resolves_to(host: str) -> None:
    with pytest.raises(DeniedError):
        pin(parse_target(f"https://{host}/"), outside(allowed=(), resolve=lambda name, port: ["127.0.0.1"]))


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_looked_at(receiver: Receiver) -> None:
    """DNS rebinding: the second answer, which leads inside, is never asked for."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    answered = post(Target("localhost", receiver.port, "/hook"), {}, b"{}", outside=outside(resolve=rebinding))
    assert answered.status == 204 and asked == ["localhost"]


def test_an_address_that_does_not_answer_gives_way_to_the_next(receiver: Receiver) -> None:
    answered = post(
        Target("localhost", receiver.port, "/"), {}, b"{}", outside=outside(resolve=lambda host, port: ["::1", "127.0.0.1"])
    )
    assert answered.status == 204


def test_a_name_without_an_address_is_tried_later() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise socket.gaierror

    for resolve in (fails, lambda host, port: [], lambda host, port: ["no address"]):
        with pytest.raises(UnavailableError, match="name"):
            pin(Target("bank.example", 443, "/"), outside(resolve=resolve))


@pytest.mark.parametrize("what", ["silent", "stalls", "drips", "endless", "nonsense", "closes"])
def test_whatever_the_other_side_does_an_attempt_ends(what: str) -> None:
    """It would wait for ever, were the time not up: the test's own bound is minutes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates().certificate, certificates().private_key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_misbehave, args=(listening, context, what), daemon=True)
        thread.start()
        target = Target("localhost", listening.getsockname()[1], "/")
        if what == "endless":
            assert post(target, {}, b"{}", outside=outside(), within_s=5).status == 200, "what is too much is not read"
        else:
            with pytest.raises(UnavailableError, match="did not answer"):
                post(target, {}, b"{}", outside=outside(), within_s=0.5)
    thread.join(timeout=30)
    assert not thread.is_alive()


def _misbehave(listening: socket.socket, context: ssl.SSLContext, what: str) -> None:
    plain, _ = listening.accept()
    tick = threading.Event()
    try:
        with context.wrap_socket(plain, server_side=True) as peer:
            peer.recv(65_536)
            if what == "closes":
                return
            begun = {"endless": b"HTTP/1.1 200 OK\r\n\r\n", "nonsense": b"\x00" * 100 + b"\r\n\r\n", "silent": b""}
            peer.sendall(begun.get(what, b"HTTP/1.1 200 OK\r\n"))
            while True:
                tick.wait(0.02)
                if what == "drips":
                    peer.sendall(b"X: y\r\n"[:1])
                elif what == "endless":
                    peer.sendall(b"x" * 65_536)
                elif not peer.recv(1):
                    return
    except OSError:
        return
