"""A line to an S3 server that fails as a test wants: requests refused with 500, replies lost after the commit, answers cut or garbled."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["pass", "refuse", "lose", "cut", "garble"]
Plan = Callable[[str, str, int], Fault]
"""What happens to a request, by its method, its path with query, and how many requests came before it."""

_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}


class FaultyLine:
    """The line: `endpoint` to speak to, `plan` to set, `seen` the requests that came (method and path) with what happened to each."""

    def __init__(self, upstream: str) -> None:
        self.plan: Plan = lambda method, path, before: "pass"
        self.seen: list[tuple[str, str, Fault]] = []
        self.headers: list[str] = []
        self._upstream = urlsplit(upstream)
        self._lock = threading.Lock()

        class OneRequest(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing is printed."""

        for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
            setattr(OneRequest, f"do_{method}", partialmethod(_taken, self))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), OneRequest)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Do to one request what the plan says."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        with self._lock:
            fault = self.plan(request.command, request.path, len(self.seen))
            self.seen.append((request.command, request.path, fault))
            self.headers += [f"{name}: {value}" for name, value in request.headers.items()]
        if fault == "refuse":
            self._answer(request, 500, {}, b"<Error><Code>InternalError</Code><Message>test</Message></Error>")
            return
        status, headers, content = self._forward(request, body)
        if fault == "garble" and content:
            content = bytes([content[0] ^ 1]) + content[1:]
        if fault == "lose":
            request.close_connection = True
            request.connection.close()
        elif fault == "cut":
            self._answer(request, status, headers, content, sent=len(content) // 2)
            request.close_connection = True
        else:
            self._answer(request, status, headers, content)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=60)
        try:
            kept = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
            upstream.request(request.command, request.path, body=body, headers={**kept, "Content-Length": str(len(body))})
            answer = upstream.getresponse()
            content = answer.read()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            if request.command == "HEAD":
                headers["Content-Length"] = answer.getheader("Content-Length") or "0"
            return answer.status, headers, content
        finally:
            upstream.close()

    def _answer(
        self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], content: bytes, *, sent: int | None = None
    ) -> None:
        request.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content[:sent])


def _taken(request: BaseHTTPRequestHandler, line: FaultyLine) -> None:
    line.take(request)


@contextmanager
def faulty_line(upstream: str, context: ssl.SSLContext | None = None) -> Iterator[FaultyLine]:
    """The line while the block runs, by TLS with a `context`; everything passes until a plan is set."""
    line = FaultyLine(upstream)
    if context is not None:
        line.server.socket = context.wrap_socket(line.server.socket, server_side=True)
        line.endpoint = line.endpoint.replace("http://127.0.0.1", "https://localhost")
    thread = threading.Thread(target=line.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.server.shutdown()
        line.server.server_close()
        thread.join()
