"""Logs: JSON lines with known keys; whatever else a careless line or a library says stays out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from jianlu.runtime.logging import configure_logging, logger


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging(stream)
    yield stream
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_what_when_and_which_process(lines: io.StringIO) -> None:
    logger("web").info("request", route="/api/v1/health", status=200, ms=3)
    (line,) = written(lines)
    assert line.pop("at").endswith("Z")
    assert line == {"event": "request", "level": "info", "process": "web", "route": "/api/v1/health", "status": 200, "ms": 3}


def test_keys_that_are_not_on_the_list_are_dropped_and_named(lines: io.StringIO) -> None:
    logger("web").warning("sign_in_refused", password="hunter2", customer="王梅", status=401)
    assert "hunter2" not in lines.getvalue() and "王梅" not in lines.getvalue()
    assert written(lines)[0]["dropped_keys"] == ["customer", "password"]


def test_an_error_is_its_class_and_a_long_text_is_cut(lines: io.StringIO) -> None:
    logger("web").error("failed", error=ValueError("王梅's number"), reason="x" * 1000)
    (line,) = written(lines)
    assert line["error"] == "ValueError"
    assert len(line["reason"]) == 200


def test_a_librarys_warning_comes_without_its_arguments(lines: io.StringIO) -> None:
    try:
        raise KeyError("王梅")
    except KeyError:
        logging.getLogger("some.library").exception("failed for %s", "王梅")
    logging.getLogger("some.library").info("chatter")
    (line,) = written(lines)
    assert line["name"] == "some.library" and line["error"] == "KeyError" and line["level_name"] == "ERROR"
    assert "王梅" not in lines.getvalue()


def test_a_full_disk_under_the_log_stops_nobody(lines: io.StringIO) -> None:
    class Full(io.StringIO):
        refused = 0

        def write(self, text: str) -> int:
            self.refused += 1
            raise OSError(28, "No space left on device")

    full = Full()
    configure_logging(full)
    logger("web").error("session_watch_failed", case="c1")
    logging.getLogger("library").warning("it is full")
    assert full.refused >= 2


def test_a_line_and_its_end_are_written_at_once() -> None:
    """Processes share the stream: of two that write in one instant, none ends the other's line."""
    pieces: list[str] = []

    class Shared(io.StringIO):
        def write(self, text: str) -> int:
            pieces.append(text)
            return len(text)

    configure_logging(Shared())
    logger("web").info("ready")
    logger("worker").warning("child_died", role="web", exit_code=-9)
    structlog.reset_defaults()
    assert len(pieces) == 2 and all(piece.endswith("}\n") for piece in pieces)
