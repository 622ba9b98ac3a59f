"""Processes of the service are killed: what is restarted, what stays signed in, what nobody loses; and how the tree ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes.serving.running import PASSWORD, Served, make_served_home, served, wait_for

pytestmark = pytest.mark.slow
SECOND_HALF = PASSWORD[8:] + '"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_served_home(tmp_path_factory.mktemp("killed") / "home")


@pytest.fixture
def running(made: Path) -> Iterator[Served]:
    with served(made) as tree:
        wait_for(lambda: any("ready" in line for line in tree.printed))
        yield tree


def pid_of(tree: Served, role: str) -> int:
    return int(tree.logged("child_started", role=role)[-1]["pid"])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].startswith(" Z")


def test_a_killed_web_process_comes_back_and_people_stay_signed_in(running: Served) -> None:
    others = {role: pid_of(running, role) for role in ("media-0", "worker", "recorder-a")}
    with running.client(signed_in="mei") as client:
        cookie = client.cookies["__Host-jianlu"]
        before = running.said["pid"]
        os.kill(pid_of(running, "web"), signal.SIGKILL)
        wait_for(lambda: running.logged("child_died", role="web"))
        wait_for(lambda: running.said.get("pid") not in (None, before))
    with running.client() as client:
        client.cookies.set("__Host-jianlu", cookie)
        assert client.get("/api/v1/me").json()["name"] == "mei"
        assert client.get("/api/v1/cases").status_code == 200
    died = running.logged("child_died", role="web")[0]
    assert died["exit_code"] == -signal.SIGKILL and died["retry_ms"] > 0
    assert {role: pid_of(running, role) for role in others} == others, "nobody else was disturbed"
    assert all(is_alive(pid) for pid in others.values())


@pytest.mark.parametrize(
    "role", ["worker", *(pytest.param(each, marks=pytest.mark.thorough) for each in ("media-0", "recorder-a"))]
)
def test_any_other_process_that_is_killed_is_started_again(running: Served, role: str) -> None:
    first = pid_of(running, role)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: running.logged("child_died", role=role))
    wait_for(lambda: pid_of(running, role) != first)
    with running.client() as client:
        assert client.get("/api/v1/health").status_code == 200
    assert not running.logged("child_died", role="web")


def test_no_process_outlives_a_killed_supervisor(running: Served) -> None:
    children = [int(line["pid"]) for line in running.logged("child_started")]
    assert len(children) >= 4
    running.process.kill()
    running.process.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in children))
    wait_for(lambda: running.logged("stopped", process="web"))
    wait_for(lambda: running.logged("supervisor_gone", process="web"))  # the log tells why it stopped


def takes_calls(client: httpx.Client) -> bool:
    """Whether the service takes new calls: it says 503 while it drains, and then listens no more."""
    try:
        return client.get("/api/v1/health").status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def half_sent(running: Served) -> Iterator[ssl.SSLSocket]:
    """A sign-in under way: the second half of its body, SECOND_HALF, is still to come."""
    first = json.dumps({"name": "mei", "password": PASSWORD}).removesuffix(SECOND_HALF)
    head = "POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nX-Jianlu: 1\r\nContent-Type: application/json\r\n"
    length = f"Content-Length: {len(first + SECOND_HALF)}\r\n\r\n"
    context = ssl.create_default_context(cafile=str(running.home / "tls" / "ca.crt"))
    with (
        socket.create_connection(("127.0.0.1", httpx.URL(running.url).port or 443), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sealed,
    ):
        sealed.sendall((head + length + first).encode())
        yield sealed


def test_a_signal_lets_running_requests_end(running: Served) -> None:
    with half_sent(running) as begun, running.client() as client:
        assert client.get("/api/v1/health").status_code == 200, "the server has the other request's beginning"
        running.process.send_signal(signal.SIGINT)
        wait_for(lambda: not takes_calls(client))
        begun.sendall(SECOND_HALF.encode())
        answer = b"".join(iter(lambda: begun.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200 "), "what had begun is answered"
    assert running.process.wait(timeout=60) == 0
    codes = {line["role"]: line["exit_code"] for line in running.logged("child_stopped")}
    assert set(codes.values()) <= {0, -signal.SIGTERM} and codes["web"] == 0
    order = list(codes)
    assert set(order) - {"checker"} == {"web", "media-0", "worker", "recorder-a"}
    assert order[-2:] == ["media-0", "web"], "who calls them stops before them"


def test_a_home_that_was_served_and_killed_opens_again(made: Path) -> None:
    with served(made, "--only", "web") as first:
        assert first.url
        first.process.kill()
        first.process.wait()
    with served(made, "--only", "web") as second, second.client() as client:
        assert client.get("/api/v1/health").status_code == 200
        assert second.stop() == 0
