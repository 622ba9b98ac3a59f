"""Witnesses behind real HTTP servers: one that keeps the protocol, and ones that lie. Not a test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from jianlu.core.formats.cosignature import WitnessKey
from jianlu.entry.witness import witness_application
from jianlu.ledger.anchors.witness import Witness, create_witness, trust_ledger
from jianlu.ledger.ports import WitnessAnswer
from jianlu.runtime.clock import SystemClock


def make_witness(folder: Path, name: str, *ledgers: str) -> WitnessKey:
    """A witness in `folder` that knows the `ledgers` (vkeys)."""
    key = create_witness(folder, name)
    for vkey in ledgers:
        trust_ledger(folder, vkey)
    return key


@contextmanager
def open_witness(folder: Path) -> Iterator[Witness]:
    """The witness in `folder`."""
    with Witness(folder, SystemClock()) as witness:
        yield witness


@contextmanager
def serving(application: Starlette) -> Iterator[str]:
    """The application behind a real server; its address."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def serving_witness(folder: Path) -> Iterator[str]:
    """The address of the witness in `folder`, run as its process runs it."""
    with open_witness(folder) as witness, serving(witness_application(witness)) as address:
        yield address


class ToldWitness:
    """`ledger.ports.Witness` that answers what it is told to, given the request."""

    def __init__(self, key: WitnessKey, answer: Callable[[bytes], WitnessAnswer]) -> None:
        self.key = key
        self.answer = answer
        self.asked: list[bytes] = []

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """As the port."""
        self.asked.append(request)
        return self.answer(request)
