"""Waiting, for a bounded while, until an entry is covered by the anchors that are to be had: for a package, never for a recording.

Whoever makes anchors is told by a file that somebody waits; if nobody makes them, the time passes and the package says "not evidenced".
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jianlu.core.errors import UnavailableError
from jianlu.ledger.anchors.folder import anchor_sizes, read_anchor
from jianlu.runtime.clock import Clock

LOOK_EVERY_MS = 200


@dataclass(frozen=True, slots=True)
class Awaited:
    """Tokens of which authorities, how many witnesses on one anchor, which file tells that somebody waits, and how long."""

    authorities: Sequence[str]
    witnesses: int
    hurry_file: Path
    within_s: int


def is_vouched_for(directory: Path, position: int, authorities: Sequence[str], witnesses: int) -> bool:
    """Whether each of `authorities` has a token that covers the entry at `position`, and `witnesses` cosigned one anchor that does.

    Nothing is checked: it is asked for patience, not for evidence.
    """
    anchors = [read_anchor(directory, size) for size in anchor_sizes(directory) if size > position]
    stamped = {name for anchor in anchors if anchor is not None for name in anchor.stamps}
    cosigned = max((anchor.cosignatures.count(b"\n") for anchor in anchors if anchor is not None), default=0)
    return stamped.issuperset(authorities) and cosigned >= witnesses


def await_anchors(directory: Path, position: int, asked: Awaited, clock: Clock) -> bool:
    """Wait until `is_vouched_for` as `asked`, or until its time is over; returns which. UnavailableError when the disk fails.

    The checkpoint must cover the entry before this is called.
    """
    ends_ms, pause = clock.monotonic_ms() + asked.within_s * 1_000, threading.Event()
    is_told = not asked.authorities and not asked.witnesses
    while not is_vouched_for(directory, position, asked.authorities, asked.witnesses):
        if clock.monotonic_ms() >= ends_ms:
            return False
        if not is_told:
            _touch(asked.hurry_file)
            is_told = True
        pause.wait(LOOK_EVERY_MS / 1_000)
    return True


def _touch(file: Path) -> None:
    try:
        file.touch()
    except OSError as error:
        raise UnavailableError(f"{file.name} cannot be made ({error.strerror}): check the home's run folder") from error
