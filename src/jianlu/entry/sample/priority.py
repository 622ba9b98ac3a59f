"""Ordinary priority for every thread of this process, after an encoder helped itself to more.

SVT-AV1 (seen in the build of PyAV 18) gives its threads, and the thread that opens it, real-time priority where it may, as root, and never
gives it back. Such threads, and every program started from them, then starve the machine: a recorder beside them loses pictures.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


def restore_priority() -> None:
    """Every thread of this process is scheduled as an ordinary one; does nothing where the system has no such notion (not Linux)."""
    if not _TASKS.is_dir():
        return
    for task in _TASKS.iterdir():
        with suppress(ProcessLookupError):  # a thread that has ended meanwhile
            if os.sched_getscheduler(int(task.name)) != os.SCHED_OTHER:
                os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))
