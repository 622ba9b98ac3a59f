"""The application on a real socket of this process, for streams: a test client that runs an application to its end cannot read them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from tests.fakes.api.world import PROGRAM, ApiWorld
from tests.fakes.serving.running import wait_for


@dataclass
class Stream:
    """Server-sent events as they arrive."""

    response: httpx.Response
    lines: Iterator[str]
    pending: list[dict[str, Any]] = field(default_factory=list)

    def next(self) -> dict[str, Any]:
        """The next event: `event`, `id`, `data` as JSON; comments and `retry` are passed over."""
        found: dict[str, Any] = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            if line == "" and "event" in found:
                return found
            if name == "data":
                found["data"] = json.loads(value)
            elif name in ("event", "id"):
                found[name] = value
        return {"event": "closed"}

    def until(self, event: str) -> dict[str, Any]:
        """The next event of that name."""
        while (found := self.next())["event"] not in (event, "closed"):
            pass
        return found


@dataclass(frozen=True)
class Listening:
    """A base URL and the world behind it."""

    api: ApiWorld
    url: str

    @contextmanager
    def get(self, path: str, cookies: str, **headers: str) -> Iterator[Stream]:
        """Any stream, for whoever holds the cookies."""
        sent = {"Cookie": cookies, "User-Agent": PROGRAM, **headers}
        with (
            httpx.Client(timeout=30) as client,
            client.stream("GET", f"{self.url}{path}", headers=sent) as response,
        ):
            yield Stream(response, response.iter_lines())

    @contextmanager
    def stream(self, case: str, cookies: str, **headers: str) -> Iterator[Stream]:
        """The case's stream, for whoever holds the cookies."""
        with self.get(f"/api/v1/cases/{case}/stream", cookies, **headers) as found:
            yield found


def cookie_header(client: Any) -> str:
    """The cookies of a test client, as a header."""
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


@contextmanager
def listening(api: ApiWorld) -> Iterator[Listening]:
    """Serve the application on loopback until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(api.app, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield Listening(api, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            api.deps.is_draining.set()
            server.should_exit = True
            thread.join()
