"""Waiting for what another thread or process does: looked at again and again, a bounded number of times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE_S = 0.05


def eventually(look: Callable[[], T], what: str, *, looks: int = 6000) -> T:
    """The first true result of `look`; AssertionError naming `what` when none came."""
    pause = threading.Event()
    for _ in range(looks):
        found = look()
        if found:
            return found
        pause.wait(PAUSE_S)
    raise AssertionError(f"never came: {what}")
