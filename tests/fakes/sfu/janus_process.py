"""A real Janus of its own folder and ports, for as long as a block lasts."""

from __future__ import annotations

import fcntl
import http.client
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.fakes.eventually import eventually

_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x0001 | 0x1000
_DEVICE = "jlj0"
ADDRESS = "127.0.77.1"
"""Where Janus is reached, and where its peers must be."""

_FOLDERS = Path("/usr/lib/x86_64-linux-gnu/janus")


@contextmanager
def janus_process(program: str, folder: Path, *, on_loopback: bool) -> Iterator[str]:
    """The address of its HTTP interface; for media it uses ADDRESS (`on_loopback`) or this machine's own addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    (folder / "janus.jcfg").write_text(
        f"""general: {{
  configs_folder = "{folder}"
  plugins_folder = "{_FOLDERS}/plugins"
  transports_folder = "{_FOLDERS}/transports"
  debug_level = 4
  session_timeout = 60
}}
nat: {{ {f'ice_enforce_list = "{ADDRESS}"' if on_loopback else ""} }}
media: {{ no_media_timer = 1 }}
plugins: {{ disable = "{_others("plugins", "videoroom")}" }}
transports: {{ disable = "{_others("transports", "http")}" }}
""",
        encoding="utf-8",
    )
    (folder / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "compact" base_path = "/janus" http = true port = {port} interface = "lo" ip = "127.0.0.1" https = false }}\n',
        encoding="utf-8",
    )
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n", encoding="utf-8")
    with _loopback_that_is_none() if on_loopback else nullcontext(), (folder / "janus.log").open("w") as log:
        process = subprocess.Popen([program, "-F", str(folder)], stdout=log, stderr=log, cwd=folder)
        try:
            eventually(lambda: _answers(port) or process.poll() is not None, "Janus")
            yield f"http://127.0.0.1:{port}/janus"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # it waits for a peer's handshake at times
                process.kill()
                process.wait()


@contextmanager
def _loopback_that_is_none() -> Iterator[None]:
    """An address of 127/8 on a device that is not the loopback: Janus leaves loopback devices out, our tests every other address."""
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN_NO_PI))
        subprocess.run(["ip", "addr", "add", f"{ADDRESS}/32", "dev", _DEVICE], check=True)
        subprocess.run(["ip", "link", "set", _DEVICE, "up"], check=True)
        yield
    finally:
        os.close(handle)


def _others(kind: str, wanted: str) -> str:
    return ",".join(path.name for path in sorted((_FOLDERS / kind).glob("*.so")) if wanted not in path.name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/janus/info")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
