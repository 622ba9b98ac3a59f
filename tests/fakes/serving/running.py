"""A served home in processes of its own, as `jianlu serve` runs it, and a client that trusts its authority."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from jianlu.core.terms.ids import tenant_id
from jianlu.wiring import open_identity
from tests.fakes.identity import worlds
from tests.fakes.quiet_home import make_quiet_home

PATIENCE_S = 300.0
PASSWORD = "correct horse battery"


def wait_for(condition: Callable[[], Any], *, every_s: float = 0.05, patience_s: float = PATIENCE_S) -> Any:
    """What `condition` returns as soon as it is true; fails after `patience_s`."""
    tick = threading.Event()
    for _ in range(int(patience_s / every_s)):
        if found := condition():
            return found
        tick.wait(every_s)
    raise AssertionError(f"nothing happened in {patience_s} s")


def make_served_home(
    path: Path, *, accounts: Sequence[str] = ("mei:agent", "chen:supervisor,compliance"), **serve: object
) -> Path:
    """A quiet home that takes a free port, with accounts whose password is `PASSWORD`."""
    home = make_quiet_home(path)
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8").replace("\nport = 8443", "\nport = 0")
    for key, value in {"recorders": 1, **serve}.items():
        before, _, after = text.partition(f"\n{key} = ")
        assert after, key
        text = f"{before}\n{key} = {json.dumps(value)}\n{after.partition(chr(10))[2]}"
    settings.write_text(text, encoding="utf-8")
    for account in accounts:
        name, _, roles = account.partition(":")
        add_account(home, name, roles)
    return home


def add_account(home: Path, name: str, roles: str, password: str = PASSWORD) -> None:
    """Make an account whose owner has set this password."""
    with open_identity(home) as (settings, identity):
        worlds.add_account(identity, tenant_id(settings.tenant.id), name, password, roles=roles.split(","))


@dataclass
class Served:
    """A running service: its first process, what it printed, its log lines."""

    home: Path
    process: subprocess.Popen[str]
    started_ns: int
    lines: list[dict[str, Any]] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    @property
    def said(self) -> dict[str, Any]:
        """What the web process says of itself once it listens; empty before, whatever a killed one left."""
        try:
            if (self.home / "run" / "web.json").stat().st_mtime_ns < self.started_ns:
                return {}
            found: dict[str, Any] = json.loads((self.home / "run" / "web.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    @property
    def url(self) -> str:
        """Where it listens, once it does."""
        return str(wait_for(self._url_or_dead))

    @contextmanager
    def client(self, *, signed_in: str = "") -> Iterator[httpx.Client]:
        """A client that trusts the home's authority and marks its calls as its own; signed in as an account on request."""
        context = ssl.create_default_context(cafile=str(self.home / "tls" / "ca.crt"))
        with httpx.Client(base_url=self.url, verify=context, headers={"X-Jianlu": "1"}, timeout=30) as client:
            if signed_in:
                answer = client.post("/api/v1/sign-in", json={"name": signed_in, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
            yield client

    def logged(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """Log lines of that event with those fields, so far."""
        return [line for line in list(self.lines) if line.get("event") == event and fields.items() <= line.items()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the first process and wait for its end; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def _url_or_dead(self) -> str:
        if url := self.said.get("url"):
            return str(url)
        assert self.process.poll() is None, (
            f"the service ended with {self.process.returncode}: {self.lines[-5:]} {self.printed[-5:]}"
        )
        return ""


@contextmanager
def served(home: Path, *arguments: str) -> Iterator[Served]:
    """`jianlu serve HOME`, killed with its children at the end if it still runs."""
    command = [sys.executable, "-m", "jianlu.entry.cli.main", "serve", str(home), *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    started_ns = time.time_ns()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment
    )
    running = Served(home, process, started_ns)
    readers = [
        threading.Thread(target=_read_lines, args=(process.stderr, running), daemon=True),
        threading.Thread(target=lambda: running.printed.extend(process.stdout or ()), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for reader in readers:
            reader.join(timeout=5)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _read_lines(stream: Any, running: Served) -> None:
    for line in stream:
        try:
            running.lines.append(json.loads(line))
        except ValueError:
            running.printed.append(line)
