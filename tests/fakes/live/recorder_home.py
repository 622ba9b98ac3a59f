"""A home with a real vault and desk, a tap with publishers, and recorder processes that can be killed: everything but the web process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jianlu.backends.recorders.client import RecorderClient
from jianlu.capture.sessions.recorders import RecordingStatus
from jianlu.core.errors import JianluError
from jianlu.core.terms.events import EventType
from jianlu.entry.serve.desk import desk_server
from jianlu.runtime.rpc import RpcServer
from jianlu.vault.case_log import CaseLog
from jianlu.vault.desk import CaseDesk
from jianlu.vault.ports import VaultPorts
from tests.fakes.eventually import eventually
from tests.fakes.live.publisher import Publisher
from tests.fakes.live.tap_server import TapServer
from tests.fakes.loops import Loop
from tests.fakes.vault.home import CASE, TENANT, create_home, open_home


@dataclass
class RecorderHome:
    """What a test of recorder processes has at hand."""

    path: Path
    vault: VaultPorts
    desk: CaseDesk
    loop: Loop
    tap: TapServer
    server: RpcServer
    client: RecorderClient
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self, *options: str, name: str = "a") -> subprocess.Popen[bytes]:
        """A recorder process; `wait_ready` tells when it answers."""
        command = [sys.executable, "-m", "jianlu.entry.serve.recorder", "--home", str(self.path), "--name", name, *options]
        log = (self.path / f"recorder-{name}.log").open("ab")
        process = subprocess.Popen(command, stderr=log, env={**os.environ, "PYTHONWARNINGS": "default"})
        log.close()
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL, and wait until it is gone."""
        process.send_signal(signal.SIGKILL)
        process.wait()

    def status(self) -> RecordingStatus | None:
        """The recording as the recorder sees it; None while it does not answer."""
        try:
            return self.client.status(CASE)
        except JianluError:
            return None

    def wait_ready(self) -> None:
        """Wait until the recorder answers."""
        eventually(lambda: self.status() is not None, "the recorder answers")

    def log(self) -> CaseLog:
        """The case's log."""
        return self.desk.log(TENANT, CASE)

    def sealed_until_ms(self) -> int:
        """The end of the last segment that the ledger has."""
        ends = [int(event.body["to_ms"]) for event in self.log().events if event.type is EventType.SEGMENT_SEALED]
        return max(ends, default=0)


@contextmanager
def recorder_home(path: Path, publishers: Sequence[Publisher]) -> Iterator[RecorderHome]:
    """A home at `path` whose desk and tap run until the block ends; recorder processes are killed then."""
    create_home(path)
    (path / "jianlu.toml").write_text(f'[tenant]\nid = "{TENANT}"\n', encoding="utf-8")
    loop = Loop()
    tap = TapServer(path / "run" / "tap-0.sock", publishers)
    with open_home(path) as vault:
        desk = CaseDesk(vault)
        server = desk_server(path / "run" / "desk.sock", desk, TENANT)
        client = RecorderClient(path / "run" / "recorder-a.sock")
        home = RecorderHome(path, vault, desk, loop, tap, server, client)
        try:
            loop.run(server.start())
            loop.run(tap.start())
            yield home
        finally:
            for process in home.processes:
                if process.poll() is None:
                    home.kill(process)
            client.close()
            loop.run(tap.stop())
            loop.run(home.server.stop())
            loop.close()
