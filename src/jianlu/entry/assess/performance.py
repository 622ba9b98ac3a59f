"""How fast this machine is now at what a home does all day; figures only, since nobody promised one.

Short, beside a running service: a second or two each. Ratios to a peer are in `PERFORMANCE.md`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.segment import object_context, open_bytes, seal_bytes
from jianlu.entry.assess.model import Answer, Examined, Found, Question, met_if

WRITES, WRITE_BYTES = 64, 4_096
SEALED_BYTES = 32 * 1024 * 1024
FREE_PERCENT_MIN = 10


def durable_writes(home: Examined) -> Found:
    """Writes of 4 KiB, each forced to the disk that has the ledger: what bounds how soon an event is acknowledged."""
    times: list[int] = []
    try:
        with tempfile.TemporaryFile(dir=home.path / home.settings.ledger.path) as file:
            for _ in range(WRITES):
                began = time.monotonic_ns()
                os.write(file.fileno(), bytes(WRITE_BYTES))
                os.fsync(file.fileno())
                times.append((time.monotonic_ns() - began) // 1_000)
    except OSError as error:
        raise UnavailableError(f"the ledger's disk takes no writes ({error.strerror}): check it") from error
    times.sort()
    return Found(Answer.MEASURED, {"writes": WRITES, "p50_us": times[WRITES // 2], "p99_us": times[-1]})


def sealing(home: Examined) -> Found:
    """Sealing and opening 32 MiB with the home's suite, on one core."""
    key, plain, suite = secrets.token_bytes(32), secrets.token_bytes(SEALED_BYTES), home.settings.vault.sealing_suite
    context = object_context(tenant=home.tenant, unit="assess", object="speed", version=1, suite=suite)
    kept: list[bytes] = []
    sealed_mb_s = _mb_s(lambda: kept.append(seal_bytes(key, context, plain, suite=suite)))
    opened_mb_s = _mb_s(lambda: open_bytes(key, context, kept[0], suite=suite))
    return Found(Answer.MEASURED, {"suite": home.settings.vault.suite, "sealed_mb_s": sealed_mb_s, "opened_mb_s": opened_mb_s})


def _mb_s(act: Callable[[], object]) -> int:
    began = time.monotonic_ns()
    act()
    return SEALED_BYTES * 1_000 // max(1, time.monotonic_ns() - began)


def room_is_left(home: Examined) -> Found:
    """On the disk of the home; a session does not begin on a full one."""
    usage = shutil.disk_usage(home.path)
    percent = usage.free * 100 // usage.total
    reason = f"less than {FREE_PERCENT_MIN} % of the disk is free: make room, or sessions stop"
    return met_if(percent >= FREE_PERCENT_MIN, reason, free_percent=percent, free_bytes=usage.free)


QUESTIONS = (
    Question("performance.durable-writes", "落盘写入用时", "time of a durable write", durable_writes),
    Question("performance.sealing", "加密与解密速度", "speed of sealing and opening", sealing),
    Question("performance.room", "磁盘余量", "room on the disk", room_is_left),
)
