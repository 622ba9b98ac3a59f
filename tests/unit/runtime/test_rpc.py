"""Calls between processes: answers, blobs, errors by family, a peer that leaves, frames that are too large or no frames."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import ConflictError, InvalidError, JianluError, UnavailableError
from jianlu.runtime.rpc import BlockingRpcClient, RpcClient, RpcServer
from tests.fakes.loops import Loop, serving


async def double(fields: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    return {"twice": fields["number"] * 2}, blob + blob


async def refuse(fields: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    raise ConflictError("somebody else has it")


async def hang(fields: dict[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    await asyncio.Event().wait()
    return {}, b""


METHODS = {"double": double, "refuse": refuse, "hang": hang}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "calls.sock"


@pytest.fixture
def loop(path: Path) -> Iterator[Loop]:
    with serving(RpcServer(path, METHODS)) as running:
        yield running


def test_a_call_brings_fields_and_a_blob_both_ways(path: Path, loop: Loop) -> None:
    client = BlockingRpcClient(path)
    blob = bytes(range(256)) * 9_000
    assert client.call("double", {"number": 21}, blob) == ({"twice": 42}, blob + blob)
    other = RpcClient(path)
    assert loop.run(other.call("double", {"number": 4})) == ({"twice": 8}, b"")
    loop.run(other.close())
    client.close()


def test_the_socket_is_closed_to_other_users(path: Path, loop: Loop) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_error_crosses_with_its_family_and_words(path: Path, loop: Loop) -> None:
    client = BlockingRpcClient(path)
    with pytest.raises(ConflictError, match="somebody else has it"):
        client.call("refuse", {})
    with pytest.raises(InvalidError, match="no such method"):
        client.call("absent", {})
    with pytest.raises(InvalidError, match="lacks a field"):
        client.call("double", {})
    assert client.call("double", {"number": 1})[0] == {"twice": 2}, "the connection survives an error"
    client.close()


def test_a_method_that_hangs_is_given_up_and_the_next_call_goes_through(path: Path, loop: Loop) -> None:
    client = BlockingRpcClient(path)
    with pytest.raises(UnavailableError):
        client.call("hang", {}, timeout_s=0.05)
    assert client.call("double", {"number": 3})[0] == {"twice": 6}
    patient = RpcClient(path)
    with pytest.raises(UnavailableError):
        loop.run(patient.call("hang", {}, timeout_s=0.05))
    assert loop.run(patient.call("double", {"number": 5}))[0] == {"twice": 10}
    loop.run(patient.close())
    client.close()


def test_a_server_that_was_restarted_is_found_again(path: Path) -> None:
    client = BlockingRpcClient(path)
    with serving(RpcServer(path, METHODS)):
        assert client.call("double", {"number": 1})[0] == {"twice": 2}
    with pytest.raises(UnavailableError, match="does not answer"):
        client.call("double", {"number": 1})
    with serving(RpcServer(path, METHODS)):
        assert client.call("double", {"number": 2})[0] == {"twice": 4}
    client.close()


def test_many_threads_call_at_once(path: Path, loop: Loop) -> None:
    client, answers = BlockingRpcClient(path), []

    def call(number: int) -> None:
        answers.append(client.call("double", {"number": number})[0]["twice"])
        client.close()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [number * 2 for number in range(12)]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">I", 1 << 31),
        struct.pack(">I", 3) + b"[1]" + struct.pack(">I", 0),
        struct.pack(">I", 2) + b"{]" + struct.pack(">I", 0),
        struct.pack(">I", 2) + b"{}" + struct.pack(">I", (64 << 20) + 1),
        b"\x00",
    ],
)
def test_bytes_that_are_no_call_end_the_connection_and_nothing_else(path: Path, loop: Loop, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(str(path))
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        while stranger.recv(4096):
            pass
    client = BlockingRpcClient(path)
    assert client.call("double", {"number": 7})[0] == {"twice": 14}
    client.close()


def test_a_call_larger_than_allowed_is_refused_before_it_is_sent(path: Path, loop: Loop) -> None:
    client = BlockingRpcClient(path)
    with pytest.raises(JianluError):
        client.call("double", {"number": 1, "text": "x" * (1 << 20)})
    assert client.call("double", {"number": 1})[0] == {"twice": 2}
    client.close()
