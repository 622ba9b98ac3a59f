"""What stamping and cosigning have to say: events that wait, in order, until the ledger takes them, and complaints for operators.

The ledger's keeper may be away for a while; what waits is bounded, and lost with the process: tokens and cosignatures lie in files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.terms.events import EventType

Declare = Callable[[EventType, Mapping[str, Any]], None]
"""Records an event in the ledger, durable; raises UnavailableError when the ledger is away."""

Complain = Callable[[str, JianluError], None]
"""Tells operators what is wrong, and with whom (an authority's or witness's name, `clock`, `ledger`, `quorum`)."""

PENDING_MAX = 1_000


@dataclass(slots=True)
class Outbox:
    """Events on their way to `declare`. One thread at a time."""

    declare: Declare
    _pending: list[tuple[EventType, Mapping[str, Any]]] = field(default_factory=list)

    def note(self, kind: EventType, body: Mapping[str, Any]) -> None:
        """Have this declared with the next `flush`; beyond `PENDING_MAX` it is dropped."""
        if len(self._pending) < PENDING_MAX:
            self._pending.append((kind, body))

    def flush(self) -> None:
        """Declare what waits, in order, as far as the ledger takes it."""
        while self._pending:
            try:
                self.declare(*self._pending[0])
            except UnavailableError:
                return
            self._pending.pop(0)
