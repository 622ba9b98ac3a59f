"""`jianlu` in a process that is killed by SIGKILL before its n-th sync, link or rename; run by `test_interrupted_seal`.

`python -m tests.cli.killed_seal N COMMAND...`; with N = 0 nobody is killed, and the number of such calls is printed at the end.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from jianlu.entry.cli.main import run

CALLS = ("fsync", "fdatasync", "link", "rename", "replace", "unlink")


def count_calls(deadly: int) -> list[int]:
    """Count the calls from now on; before number `deadly` the process dies."""
    counted = [0]

    def watched(real: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            counted[0] += 1
            if counted[0] == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return call

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    return counted


if __name__ == "__main__":
    calls = count_calls(int(sys.argv[1]))
    code = run(sys.argv[2:])
    print(calls[0], file=sys.stderr)
    sys.exit(code)
