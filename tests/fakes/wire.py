"""A network of the tests' own: each client host is a network namespace behind a wire that can lose, delay and be cut.

The wire is two TUN devices and a process between them (`python -m tests.fakes.wire`), since not every kernel has netem. The server
side is this machine's own namespace at SERVER. Needs root and /dev/net/tun; whoever asks without them is told so by `why_not`.
"""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import json
import os
import random
import selectors
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.eventually import eventually

SERVER = "10.77.0.1"
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x0001 | 0x1000
_PACKET_BYTES_MAX = 65_535
_LOOKS = 10_000


def why_not() -> str:
    """Why hosts cannot be made here; "" when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "this kernel has no /dev/net/tun"
    return "" if shutil.which("ip") else "iproute2 is not installed: apt-get install iproute2"


@dataclass
class Host:
    """One client host: its namespace, its address and its wire."""

    name: str
    namespace: str
    address: str
    process: subprocess.Popen[str]

    def shape(self, *, loss_percent: float = 0.0, delay_ms: float = 0.0, is_cut: bool = False) -> None:
        """What the wire does from now on, in each direction; on return it is in force."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"loss": loss_percent, "delay": delay_ms, "cut": is_cut}) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().strip() == "ok"

    def command(self, *words: str) -> list[str]:
        """`words` as a command that runs on this host."""
        return ["ip", "netns", "exec", self.namespace, *words]


@contextmanager
def hosts(*names: str) -> Iterator[dict[str, Host]]:
    """Client hosts by these names, each behind its own wire; taken down at the end whatever happened."""
    with _alone():
        yield from _made(names)


@contextmanager
def _alone() -> Iterator[None]:
    """Names and addresses of wires are this machine's: another test process that has some ends first."""
    with (Path(tempfile.gettempdir()) / "jianlu-test-wires.lock").open("w") as lock:
        eventually(lambda: _is_locked(lock.fileno()), "the end of another test's wires", looks=_LOOKS)
        yield


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _made(names: tuple[str, ...]) -> Iterator[dict[str, Host]]:
    made: dict[str, Host] = {}
    _ip("addr", "add", f"{SERVER}/32", "dev", "lo", check=False)
    try:
        for number, name in enumerate(names, 1):
            made[name] = _make_host(name, number)
        yield made
    finally:
        for host in made.values():
            host.process.kill()
            host.process.wait()
            for stream in (host.process.stdin, host.process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
            _ip("netns", "del", host.namespace, check=False)
        _ip("addr", "del", f"{SERVER}/32", "dev", "lo", check=False)


def _make_host(name: str, number: int) -> Host:
    namespace, near, far = f"jl-{os.getpid()}-{name}", f"jln{number}", f"jlf{number}"
    near_address, address = f"10.77.{number}.1", f"10.77.{number}.2"
    _ip("netns", "del", namespace, check=False)
    _ip("netns", "add", namespace)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.wire", near, far],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    host = Host(name, namespace, address, process)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "up"
    _ip("link", "set", far, "netns", namespace)
    _ip("addr", "add", near_address, "peer", address, "dev", near)
    _ip("link", "set", near, "up")
    inside = ("netns", "exec", namespace, "ip")
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "addr", "add", address, "peer", near_address, "dev", far)
    _ip(*inside, "link", "set", far, "up")
    _ip(*inside, "route", "add", "default", "via", near_address, "dev", far)
    return host


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=not check)


# -- the wire's own process ------------------------------------------------------------------------------------------------


def _open_tun(name: str) -> int:
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN_NO_PI))
    return handle


def _carry(near: str, far: str) -> None:
    """Carry packets both ways until the standard input ends."""
    sides = (_open_tun(near), _open_tun(far))
    shape = {"loss": 0.0, "delay": 0.0, "cut": False}
    chance = random.Random(7)
    waiting: list[tuple[float, int, int, bytes]] = []
    count = 0
    selector = selectors.DefaultSelector()
    for handle in (*sides, sys.stdin.fileno()):
        selector.register(handle, selectors.EVENT_READ)
    print("up", flush=True)
    while True:
        due = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for key, _ in selector.select(due):
            if key.fd == sys.stdin.fileno():
                line = sys.stdin.readline()
                if not line:
                    return
                shape = json.loads(line)
                print("ok", flush=True)
                continue
            for packet in _packets(key.fd):
                if shape["cut"] or chance.random() * 100 < shape["loss"]:
                    continue
                count += 1
                other = sides[1] if key.fd == sides[0] else sides[0]
                heapq.heappush(waiting, (time.monotonic() + float(shape["delay"]) / 1000, count, other, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, other, packet = heapq.heappop(waiting)
            with contextlib.suppress(OSError):  # a full queue drops, as a wire does
                os.write(other, packet)


def _packets(handle: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(handle, _PACKET_BYTES_MAX)
        except OSError:
            return


if __name__ == "__main__":
    _carry(sys.argv[1], sys.argv[2])
