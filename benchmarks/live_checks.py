"""How long a look at one step takes during a call, and what it says of a lawful sale: every demand met, or it raises false alarms.

`python benchmarks/live_checks.py`. The sample's talk on film, recorded segment by segment into a vault; then each step is looked at
once, with the real engines. In a call there is added the sealing of the step's last segment, and up to half a second between two
questions to the web process. Printed with the machine's load, without which a time says nothing.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from jianlu.entry.live_check import look_at_step, take_case
from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT
from jianlu.judge.live_turns import Attempt
from jianlu.runtime.logging import configure_logging
from jianlu.runtime.settings import Settings
from jianlu.wiring import inspect_ports
from tests.fakes.playback.live_recording import Feed
from tests.fakes.sessions.filmed import FilmedRecorder
from tests.fakes.sessions.world import session_world
from tests.fakes.vault.home import TENANT

TARGET_MS = 3_000
LINES = (1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1)
"""How many lines of the sample each step of the script has, in their order."""


def main() -> None:
    configure_logging()
    loaded = time.monotonic()
    engines = inspect_ports(Settings())
    print(f"engines loaded in {time.monotonic() - loaded:.1f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder, session_world(is_checked=True) as world:
        path = Path(folder) / "sale.mp4"
        lines = assemble(DEFAULT, path).lines
        feeds = [Feed(f"{seat}-picture", path, "video") for seat in ("agent", "customer")]
        feeds += [Feed(seat, path, "audio", number) for number, seat in enumerate(("agent", "customer"))]
        recorder = FilmedRecorder(world.using.desk, TENANT, world.clock, feeds)
        world.using.recorders["a"] = world.recorder = recorder  # type: ignore[index]
        case = world.live()
        world.beat(case, 1_000, times=lines[-1].to_ms // 1_000 + 10)
        steps = [str(step["id"]) for step in world.view(case)["steps"]]
        at_hand, took, at = take_case(world.vault, TENANT, case), [], 0
        for step, count in zip(steps, LINES, strict=True):
            first, last = lines[at], lines[at + count - 1]
            at += count
            attempt = Attempt(case, step, 1, True, first.from_ms - 300, last.to_ms + 300, last.to_ms + 1_000)
            wall, cpu = time.monotonic(), time.process_time()
            look, _ = look_at_step(at_hand, attempt, engines)
            took.append((time.monotonic() - wall) * 1000)
            lacking = [f"{found.key} {found.state.value} {found.reason}" for found in look.found if found.state.value != "met"]
            length_s = (attempt.to_ms - attempt.from_ms) / 1000
            busy_ms = (time.process_time() - cpu) * 1000
            print(
                f"{step:20} {length_s:5.1f} s of talk  {took[-1]:6.0f} ms  {busy_ms:6.0f} ms of processor  {'; '.join(lacking) or 'met'}"
            )
    load = os.getloadavg()[0]
    print(f"a look: median {statistics.median(took):.0f} ms, longest {max(took):.0f} ms, aim {TARGET_MS} ms; load {load:.1f}")


if __name__ == "__main__":
    main()
