"""The supervisor over children that are a line of Python each: backoff, giving up, and the order of stopping."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jianlu.entry.serve.children import Child, children_of
from jianlu.runtime.settings import ServeSettings, Settings
from jianlu.wiring import RECORDER_NAMES
from tests.fakes.serving.running import wait_for

READY = """
import json, os, pathlib, signal, sys
home = pathlib.Path(sys.argv[1]); (home / "run").mkdir(exist_ok=True)
signal.signal(signal.SIGTERM, lambda *_: (open(home / "order", "a").write("web "), os._exit(0)))
(home / "run" / "web.json").write_text(json.dumps({"url": "https://x", "supervisor": os.environ["JIANLU_SUPERVISED"]}))
signal.pause()
"""
WORKER = """
import os, pathlib, signal, sys
home = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: (open(home / "order", "a").write("worker "), os._exit(0)))
(home / "worker-ready").touch()
signal.pause()
"""
DIES = "import sys; sys.exit(7)"
CANNOT = "import sys; sys.exit(5)"

DRIVER = """
import sys
from pathlib import Path
from jianlu.entry.serve.children import Child
from jianlu.entry.serve.supervisor import Supervisor
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.logging import configure_logging

class Scripted(Child):
    def command(self, home):
        return [sys.executable, "-c", SCRIPTS[self.role], str(home)]

SCRIPTS = {scripts!r}
configure_logging()
tree = Supervisor(Path({home!r}), [Scripted("web"), Scripted("worker")], SystemClock())
sys.exit(tree.run(lambda url: print("ready", url, flush=True)))
"""


@dataclass
class Tree:
    process: subprocess.Popen[str]
    home: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.home / "log").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    trees: list[Tree] = []

    def run(**scripts: str) -> Tree:
        driver = textwrap.dedent(DRIVER).format(scripts=scripts, home=str(tmp_path))
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen([sys.executable, "-c", driver], stderr=log, stdout=subprocess.PIPE, text=True)
        trees.append(Tree(process, tmp_path))
        return trees[-1]

    yield run
    for tree in trees:
        if tree.process.poll() is None:
            tree.process.kill()
        tree.process.communicate()


def test_a_child_that_keeps_dying_is_tried_ever_more_slowly(start: Any) -> None:
    tree = start(web=READY, worker=DIES)

    def deaths() -> list[dict[str, Any]]:
        return [line for line in tree.lines if line["event"] == "child_died"]

    wait_for(lambda: len(deaths()) >= 4)
    assert [line["retry_ms"] for line in deaths()[:4]] == [200, 400, 800, 1600]
    assert {line["exit_code"] for line in deaths()} == {7} and {line["role"] for line in deaths()} == {"worker"}
    tree.process.send_signal(signal.SIGTERM)
    assert tree.process.wait(timeout=60) == 0


@pytest.mark.parametrize(("script", "code"), [(DIES, 7), (CANNOT, 5)])
def test_a_web_process_that_cannot_start_ends_the_tree_with_its_code(start: Any, script: str, code: int) -> None:
    tree = start(web=script, worker=WORKER)
    assert tree.process.wait(timeout=60) == code
    assert not (tree.home / "worker-ready").exists(), "nothing is started that web would have to serve"
    assert "web_cannot_start" in [line["event"] for line in tree.lines]


def test_others_stop_before_web(start: Any) -> None:
    tree = start(web=READY, worker=WORKER)
    wait_for((tree.home / "worker-ready").exists)
    tree.process.send_signal(signal.SIGINT)
    out, _ = tree.process.communicate(timeout=60)
    assert tree.process.returncode == 0 and out == "ready https://x\n"
    assert (tree.home / "order").read_text() == "worker web "


def test_the_settings_say_which_processes_there_are() -> None:
    few = children_of(Settings(serve=ServeSettings(shards=1, recorders=1)))
    many = children_of(Settings(serve=ServeSettings(shards=3, recorders=2)))
    assert [child.label for child in few] == ["web", "media-0", "worker", "recorder-a", "checker"]
    assert [child.label for child in many] == [
        "web",
        "media-0",
        "media-1",
        "media-2",
        "worker",
        "recorder-a",
        "recorder-b",
        "checker",
    ]
    assert [child.name for child in many[-3:-1]] == list(RECORDER_NAMES)
    assert "--shard" in Child("media", shard=2).command(Path("home")) and "--name" not in Child("worker").command(Path("home"))
