"""The witness as a process: `add-checkpoint` of c2sp.org/tlog-witness over HTTP, for whoever runs it beside no part of Jianlu.

What is cosigned, and what never, is `ledger/anchors/witness.py`. Requests need no sign-in: the checkpoint's own signature decides. TLS
where a certificate is given; behind a proxy of the house's without.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.formats.cosignature import REQUEST_BYTES_MAX
from jianlu.ledger.anchors.witness import Witness
from jianlu.runtime.logging import logger

AT_ONCE = 64
"""Connections that are served at one time; others are told to come back."""

DRAIN_S = 10


def witness_application(
    witness: Witness, lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None
) -> Starlette:
    """The witness's two routes: `POST /add-checkpoint`, and `GET /` which says in words whose it is and by which key it signs."""
    log = logger("witness")

    async def add_checkpoint(request: Request) -> Response:
        content = b""
        async for part in request.stream():
            content += part
            if len(content) > REQUEST_BYTES_MAX:
                return PlainTextResponse("the request is longer than any that a witness is asked\n", 413)
        try:
            answer = await asyncio.to_thread(witness.add, content)
        except JianluError as error:
            log.critical("witness_cannot_cosign", error=error)
            return PlainTextResponse("the witness cannot cosign now\n", 503 if isinstance(error, UnavailableError) else 500)
        log.info("witness_asked", status=answer.status)
        return Response(answer.body, answer.status, media_type=answer.kind)

    async def about(_: Request) -> Response:
        text = (
            f"见证者 / witness: {witness.key.name}\n公钥 / key: {witness.key.text}\n"
            "只为延续此前历史的检查点副署 / it cosigns checkpoints that extend what it saw: POST /add-checkpoint (c2sp.org/tlog-witness)\n"
        )
        return PlainTextResponse(text)

    routes = [Route("/add-checkpoint", add_checkpoint, methods=["POST"]), Route("/", about)]
    return Starlette(routes=routes, lifespan=lifespan)


def run_witness(
    witness: Witness,
    listening: socket.socket,
    *,
    certificate: Path | None,
    private_key: Path | None,
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None,
) -> None:
    """Serve `witness` on a socket that is bound already, until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        witness_application(witness, lifespan),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=AT_ONCE,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(private_key) if private_key else None,
    )
    _Server(config).run(sockets=[listening])


def listen_at(address: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. UnavailableError when the port is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise UnavailableError(
            f"the witness cannot listen on {address}:{port}: give another port, or stop whoever has it"
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Uvicorn, which returns instead of dying of its signal."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
