"""A circuit breaker around calls to another process: one that hangs costs its callers one wait, not one each.

Used by the clients of recorders and media processes, which are asked each second for every live session.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from jianlu.core.errors import UnavailableError

T = TypeVar("T")
REST_S = 2.0
"""How long a process that let a call time out is not called again: a beat or two of the watch."""


class Breaker:
    """Passes calls on until one times out; then refuses at once for `rest_s`, and tries again. Safe for threads."""

    def __init__(self, *, rest_s: float = REST_S, now: Callable[[], float] = time.monotonic) -> None:
        self._rest_s, self._now = rest_s, now
        self._rests_until = float("-inf")

    def call(self, ask: Callable[[], T], *, is_quick: bool = True) -> T:
        """What `ask` returns or raises; UnavailableError without asking while the process is left alone.

        A call that may take long for reasons of its own (not `is_quick`) tells nothing of the process when it times out.
        """
        if self._now() < self._rests_until:
            raise UnavailableError("the other process did not answer a moment ago: see that it runs, then try again")
        try:
            return ask()
        except UnavailableError as error:
            if is_quick and isinstance(error.__cause__, TimeoutError):
                self._rests_until = self._now() + self._rest_s
            raise
