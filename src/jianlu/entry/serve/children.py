"""The processes of the service by role: which there are, how each is started, what each runs.

Who restarts them is `supervisor.py`. A role's own code is in the module named here and is loaded only in its own process.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jianlu.core.errors import InvalidError
from jianlu.runtime.logging import logger
from jianlu.runtime.settings import Settings
from jianlu.wiring import RECORDER_NAMES

Role = Literal["web", "media", "recorder", "worker", "checker", "notifier", "anchors"]
SUPERVISED = "JIANLU_SUPERVISED"
"""Set by the supervisor: the child ends when its standard input does, so that none outlives a supervisor that was killed."""

_PACKAGE = "jianlu.entry.serve"


@dataclass(frozen=True, slots=True)
class Child:
    """One process: its role, and which of its kind it is."""

    role: Role
    shard: int = 0
    name: str = ""

    @property
    def label(self) -> str:
        """How logs and people call it: `web`, `media-0`, `recorder-a`, `worker`."""
        return {"media": f"media-{self.shard}", "recorder": f"recorder-{self.name}"}.get(self.role, self.role)

    @property
    def has_socket(self) -> bool:
        """Whether other processes call it, at `run/<label>.sock`."""
        return self.role in ("media", "recorder")

    def command(self, home: Path) -> list[str]:
        """The command that runs it."""
        program = [sys.executable, "-m", "jianlu.entry.cli.main", "serve", str(home), "--only", self.role]
        if self.role == "media":
            program += ["--shard", str(self.shard)]
        return [*program, "--name", self.name] if self.role == "recorder" else program


def children_of(settings: Settings) -> tuple[Child, ...]:
    """Every process that the settings ask for, in the order in which they start; they stop in reverse."""
    media = [Child("media", shard=shard) for shard in range(settings.serve.shards)]
    recorders = [Child("recorder", name=name) for name in RECORDER_NAMES[: settings.serve.recorders]]
    checkers = [Child("checker")] if settings.inspect.during_call else []
    notifiers = [Child("notifier")] if settings.webhooks.is_on else []
    anchors = [Child("anchors")] if settings.time.authorities or settings.witnesses.witnesses else []
    wanted = [Child("web"), *media, Child("worker"), *recorders, *checkers, *notifiers, *anchors]
    return tuple(child for child in wanted if importlib.util.find_spec(f"{_PACKAGE}.{child.role}") is not None)


def run_child(child: Child, home: Path, settings: Settings) -> int:
    """Run it in this process until it is told to stop; returns its exit code. InvalidError for one that the settings do not have."""
    if child not in children_of(settings):
        raise InvalidError(f"there is no {child.label} by the settings of this home: see [serve] in its jianlu.toml")
    if os.environ.get(SUPERVISED):
        threading.Thread(target=_end_with_supervisor, args=(child.label,), daemon=True).start()
    module = importlib.import_module(f"{_PACKAGE}.{child.role}")
    run: Callable[..., int] = getattr(module, f"run_{child.role}")
    which: tuple[object, ...] = {"media": (child.shard,), "recorder": (child.name,)}.get(child.role, ())
    return run(home, settings, *which)


def _end_with_supervisor(label: str) -> None:
    """The log tells this end from one that was asked for: nobody but the operating system ended the supervisor."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    logger(label).warning("supervisor_gone")
    os.kill(os.getpid(), signal.SIGTERM)
