"""Being told to stop, however often and whenever: a handler that deadlocked with the loop it interrupts once held a service up."""

from __future__ import annotations

import signal
import subprocess
import sys

LOOP = """
import os
from jianlu.runtime.stop_signal import StopSignal
stop = StopSignal()
print("ready", flush=True)
while not stop.wait(0.0005):
    pass
assert stop.is_set()
print("stopped", flush=True)
os._exit(0)
"""


def test_a_busy_loop_always_stops_however_often_it_is_told() -> None:
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", LOOP], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            for _ in range(20):
                process.send_signal(signal.SIGTERM)
            assert process.stdout.read() == "stopped\n"
