"""The web process: HTTP over TLS 1.3, the desk and the ledger for the other processes, and the watch over live sessions.

It alone opens the home and so holds the ledger. SIGTERM drains: running requests are answered, streams end, then the home is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import uvicorn

from jianlu.core.errors import UnavailableError
from jianlu.deliver.api.deps import Deps
from jianlu.deliver.api.idempotency import forget_interrupted
from jianlu.entry.serve.access import Keeping
from jianlu.entry.serve.application import application, deps_of
from jianlu.entry.serve.checks import CHECKS_SOCKET, CheckDesk, checks_server
from jianlu.entry.serve.children import SUPERVISED
from jianlu.entry.serve.desk import desk_server
from jianlu.entry.serve.reviews import Reviewing
from jianlu.entry.serve.time_desk import TIME_SOCKET, time_server
from jianlu.entry.serve.watch import Watch
from jianlu.entry.stale_copy import require_newest
from jianlu.govern.identity.notes import carry_notes
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import Settings
from jianlu.runtime.tls import certificate_covers, server_context
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.vault.time_log import TimeLog
from jianlu.wiring import LEDGER_SOCKET, Home, ledger_socket_server, open_home

READY_FILE = Path("run/web.json")
DESK_SOCKET = Path("run/desk.sock")
_DRAIN_S = 10
_DESK_THREADS = 32
"""For recorders' and workers' calls, most of which wait for a disk; requests and streams have threads of their own."""

_KEEP_ALIVE_S = 30
_BACKLOG = 2048
"""Connections wait here from before `ready` is said until the server takes them."""


def run_web(home: Path, settings: Settings) -> int:
    """Serve `home` until SIGTERM; 0 when it was told to stop.

    UnavailableError when the port is taken, ConflictError when another process has the home, otherwise as `open_home` and `server_context`.
    """
    serve = settings.serve
    context = server_context(home / serve.certificate, home / serve.private_key)
    if not certificate_covers(home / serve.certificate, urlsplit(serve.public_url or "https://localhost").hostname or ""):
        logger("web").warning("certificate_does_not_cover_public_url", url=serve.public_url)
    with ExitStack() as stack:
        listening = [
            stack.enter_context(_listen(*each)) for each in ((serve.listen, serve.port), serve.administration_at) if each
        ]
        opened = stack.enter_context(open_home(home))
        ports = [each.getsockname()[1] for each in listening]
        url = serve.public_url or f"https://localhost:{ports[0]}"
        (home / READY_FILE).unlink(missing_ok=True)
        require_newest(opened)
        desk = CaseDesk(opened.vault)
        deps = deps_of(opened, desk, url, administration_port=(*ports, 0)[1])
        forget_interrupted(deps)
        app = application(opened, deps, lifespan=lambda _: _alive(opened, desk, deps))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ssl_context_factory=lambda *_: context,
            timeout_graceful_shutdown=_DRAIN_S,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        server = _Server(config, deps.is_draining)
        server.run(sockets=listening)
        if not server.started:
            raise UnavailableError("the service did not start: see what it logged before, and the home's run folder")
    logger("web").info("stopped", signal=server.signal)
    return 0


class _Server(uvicorn.Server):
    """Uvicorn, whose signals also tell streams and the guard that it drains, and which returns instead of dying of its signal."""

    def __init__(self, config: uvicorn.Config, is_draining: threading.Event) -> None:
        super().__init__(config)
        self._is_draining = is_draining
        self.signal = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.signal = sig
        self._is_draining.set()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


@asynccontextmanager
async def _alive(home: Home, desk: CaseDesk, deps: Deps) -> AsyncIterator[None]:
    """The sockets for the other processes, the watch over sessions, and word that we listen."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_DESK_THREADS, thread_name_prefix="desk"))
    servers = [
        desk_server(home.path / DESK_SOCKET, desk, home.settings.tenant.id),
        ledger_socket_server(home, home.path / LEDGER_SOCKET),
        checks_server(home.path / CHECKS_SOCKET, CheckDesk(deps.sessions, deps.changes.notify)),
        time_server(home.path / TIME_SOCKET, TimeLog(desk, deps.tenant, tenant_secret(home.vault, deps.tenant), deps.clock)),
    ]
    for server in servers:
        await server.start()
    said = {"url": deps.public_url, "pid": os.getpid(), "supervisor": os.environ.get(SUPERVISED, "")}
    said |= {"administration": deps.administration_url} if deps.administration_port else {}
    await asyncio.to_thread(_say_ready, home.path / READY_FILE, json.dumps(said), deps.administration_url)
    try:
        with (
            Keeping(deps.access, lambda: _carry(deps)),
            Watch(deps, is_lost=lambda: home.ledger.has_stopped),
            Reviewing(deps.reviews),
        ):
            yield
    finally:
        (home.path / READY_FILE).unlink(missing_ok=True)
        for server in servers:
            await server.stop()


def _carry(deps: Deps) -> int:
    """Notes of identity into the access log."""
    return carry_notes(deps.identity, deps.tenant, deps.access.log.change)


def _say_ready(path: Path, text: str, administration: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    logger("web").info("ready")
    if administration:
        logger("web").info("administration_ready", url=administration)


@contextlib.contextmanager
def _listen(address: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UnavailableError(
            f"the service cannot listen on port {port} ({error}): see [serve], or stop whoever has it"
        ) from error
    with listening:
        yield listening
