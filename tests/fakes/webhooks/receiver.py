"""A receiver of webhooks: a real HTTPS server on loopback, whose certificate the home's development authority signed.

It answers as a test says and keeps what it got, in order.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from tempfile import mkdtemp

from jianlu.deliver.webhooks.model import Outside
from jianlu.runtime.tls import TlsFiles, create_authority, issue_certificate

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What a receiver got, and how it answers the next: `answers` are taken from the front, `status` is for those after."""

    port: int = 0
    status: int = 204
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[Received] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook"

    def next_status(self) -> int:
        return self.answers.pop(0) if self.answers else self.status


@cache
def certificates() -> TlsFiles:
    """An authority and a certificate for localhost, made once a run."""
    folder = Path(mkdtemp(prefix="receiver-"))
    files = TlsFiles(folder / "ca.crt", folder / "ca.key", folder / "server.crt", folder / "server.key")
    create_authority(files, datetime.now(UTC))
    issue_certificate(files, (), datetime.now(UTC))
    return files


def outside(**changes: object) -> Outside:
    """Loopback allowed, the receiver's authority trusted, names resolved to loopback."""
    usual = {
        "allowed": LOOPBACK,
        "context": ssl.create_default_context(cafile=str(certificates().authority)),
        "resolve": lambda host, port: ["127.0.0.1"],
    }
    return Outside(**{**usual, **changes})  # type: ignore[arg-type]


@contextmanager
def receiving(files: TlsFiles | None = None) -> Iterator[Receiver]:
    """A receiver until the block ends."""
    held, receiver = files or certificates(), Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(held.certificate, held.private_key)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            receiver.got.append(Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            receiver.before_answer()
            self.send_response(receiver.next_status())
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that gives up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
