"""What commands print: JSON on request, else text; progress on a terminal only, on standard error.

Nothing about a case is decided here, and no text of a command lives here.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from jianlu.core.errors import InvalidError, UnavailableError

HOME_VARIABLE = "JIANLU_HOME"

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Print the result as JSON.")]
HomePath = Annotated[Path | None, Parameter(name="--home", help=f"The home; {HOME_VARIABLE} where not given.")]


def home_path(given: Path | None) -> Path:
    """The home that the caller means; raises InvalidError when nothing names one."""
    if given is not None:
        return given
    named = os.environ.get(HOME_VARIABLE, "")
    if not named:
        raise InvalidError(f"which home? Give --home or set {HOME_VARIABLE}; `jianlu init HOME` makes one")
    return Path(named)


def read_password(file: Path | None) -> str:
    """The password in `file`, or the one that is typed when none is named; UnavailableError when the file cannot be read."""
    if file is None:
        return getpass("password: ")
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError("the file with the password cannot be read: check its name and rights") from error


def show(document: Any, text: str, *, as_json: bool) -> None:
    """Print `document` as JSON or `text` as it is; raises UnavailableError when standard output does not take it."""
    try:
        print(json.dumps(document, ensure_ascii=False, indent=2) if as_json else text.rstrip("\n"), flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter tries again as it ends
        raise UnavailableError(f"the work is done, but the result cannot be written: {error.strerror}") from error


class Stages:
    """Progress of a long command: a line per stage, with a bar where its length is known."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def at(self, stage: str, done: int, due: int | None) -> None:
        """`done` of `due` units of `stage`; may be called from several threads."""
        if self._progress is None:
            return
        with self._lock:
            if stage not in self._tasks:
                self._tasks[stage] = self._progress.add_task(stage, total=due)
        self._progress.update(self._tasks[stage], completed=done, total=due)

    def finished(self, stage: str) -> None:
        """`stage` is done."""
        self.at(stage, 1, 1)


@contextmanager
def stages() -> Iterator[Stages]:
    """Progress on standard error when it is a terminal, nothing otherwise."""
    if not sys.stderr.isatty():
        yield Stages(None)
        return
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Stages(progress)
