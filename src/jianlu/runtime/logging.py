"""Logs for operators: one JSON object a line on standard error, with known keys only.

What a key may hold is decided here, once: codes, numbers, references. A key that is not on the list is dropped and its name said, so that
a careless line cannot carry personal data, tokens or texts of a case into a log. Evidence is in the ledger, never here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

KEYS = frozenset(
    {
        "event", "level", "at", "process", "pid",
        "account", "admission", "attempt", "bytes", "call", "case", "code", "count", "decision", "error", "exit_code", "family", "feed",
        "fingerprint", "from_ms", "job", "kbps", "lag_ms", "level_name", "method", "ms", "name", "no", "port", "reason", "recorder",
        "retry_ms", "role", "room", "route", "seat", "segment", "shard", "sign_in", "signal", "since_ms", "size", "stage", "state",
        "status", "step", "tenant", "to_ms", "track", "where", "url", "version", "viewers", "workers",
    }
)  # fmt: skip
_TEXT_CHARACTERS_MAX = 200


def logger(process: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines say which process wrote them."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(process=process)
    return bound


def configure_logging(stream: TextIO | None = None) -> None:
    """Write JSON lines to `stream` (standard error), each with its end at once: the processes of a home share it, and no line is torn.

    Libraries' warnings come the same way, without their arguments.

    A stream that cannot be written to, because its disk is full, loses lines and stops nobody.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            keep_known,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Lossy(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)


def keep_known(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop keys that are not on the list and say which; cut long texts; an error is its class, never its message."""
    kept = {key: _plain(value) for key, value in line.items() if key in KEYS}
    dropped = sorted(key for key in line if key not in KEYS)
    return {**kept, "dropped_keys": dropped} if dropped else kept


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    return str(value)[:_TEXT_CHARACTERS_MAX]


class _Lossy:
    """A stream whose failures are nobody's: what is lost is a line for operators, never what the line was about."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


class _Foreign(logging.Handler):
    """A library's warning as one of our lines: which library, which level, which kind of error; its text could hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().warning("library_warned", name=record.name, level_name=record.levelname, error=error)
