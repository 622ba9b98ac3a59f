"""A whole service for tests: a fresh home, accounts, and `jianlu serve` as its users start it, in processes of its own.

Stopped at the end by SIGTERM, as an operator would. What it logged stays in `home/serve.log` beside the test's files.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jianlu.core.terms.ids import tenant_id
from jianlu.entry.http_caller import HttpCaller
from jianlu.wiring import open_identity
from tests.fakes.eventually import eventually
from tests.fakes.identity.worlds import add_account

PASSWORD = "correct-horse-battery-7"
ACCOUNTS = {
    "lin": ("agent", "林经理"),
    "zhou": ("agent", "周经理"),
    "he": ("supervisor", "何主管"),
    "xu": ("compliance", "许合规"),
}
LIVE = {"port = 8443": "port = 0", "sample_devices = false": "sample_devices = true", "during_call = true": "during_call = false"}
"""What a service for tests has differently; checks during the call are on where a test is about them."""


@dataclass
class RunningHome:
    """A running service and its home."""

    home: Path
    process: subprocess.Popen[bytes]
    url: str
    clients: dict[str, HttpCaller] = field(default_factory=dict)

    @property
    def authority(self) -> Path:
        return self.home / "tls" / "ca.crt"

    def stranger(self) -> HttpCaller:
        """A caller who is not signed in."""
        return HttpCaller(self.url, self.authority)

    def as_staff(self, name: str) -> HttpCaller:
        """A caller signed in to one of ACCOUNTS; the same one each time."""
        if name not in self.clients:
            self.clients[name] = self.stranger()
            self.clients[name].call("POST", "/api/v1/sign-in", {"name": name, "password": PASSWORD})
        return self.clients[name]

    def export(self, name: str, case: str, path: Path, *, second: str = "xu") -> None:
        """The case's package, exported by `name` with the approval of a second person, both having proved just now who they are."""
        for each in (name, second):
            self.as_staff(each).call("POST", "/api/v1/me/step-up", {"password": PASSWORD})
        asked = {"kind": "approval", "action": "package.export", "case": case, "reason": "the package goes to the customer"}
        asked |= {"place": "CN", "recipient": "subject"}
        made = self.as_staff(name).call("POST", "/api/v1/access/requests", asked)
        self.as_staff(second).call("POST", f"/api/v1/access/requests/{made['request']}/approve")
        self.as_staff(name).download(f"/api/v1/cases/{case}/package", path)

    def children(self) -> dict[str, int]:
        """Process ids of the tree by role, as the operating system lists them."""
        found: dict[str, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"--only" in words and str(self.home).encode() in words:
                role = words[words.index(b"--only") + 1].decode()
                name = words[words.index(b"--name") + 1].decode() if b"--name" in words else ""
                found[f"{role}-{name}" if name else role] = int(entry.name)
        return found

    def log(self) -> str:
        return (self.home / "serve.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """SIGTERM to the tree, as an operator stops it; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


@contextmanager
def running_home(home: Path, *, replaced: Mapping[str, str] | None = None) -> Iterator[RunningHome]:
    """A service on a free port of this machine with ACCOUNTS, its settings changed as `replaced` (text to text) says."""
    make_live_home(home, replaced or {})
    running = start_home(home)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def approve_scripts(running: RunningHome) -> None:
    """The scripts that come with the program, proposed by one person and approved by another: without them no case can be made."""
    for script in running.as_staff("xu").call("POST", "/api/v1/scripts/shipped")["scripts"]:
        running.as_staff("he").call("POST", f"/api/v1/scripts/{script['script']}/versions/{script['version']}/approve")


def make_live_home(home: Path, replaced: Mapping[str, str]) -> None:
    """A home with ACCOUNTS and changed settings, not started."""
    _jianlu("init", str(home))
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    for known, wanted in {**LIVE, **replaced}.items():
        assert known in text, f"{known} is not in the settings"
        text = text.replace(known, wanted)
    settings.write_text(text, encoding="utf-8")
    with open_identity(home) as (read, identity):
        for name, (role, display) in ACCOUNTS.items():
            more = {"licences": ("insurance", "wealth"), "skills": ("life", "wealth")} if role == "agent" else {}
            words = {"roles": [role], "display": display, "languages": ["zh"], **more}
            add_account(identity, tenant_id(read.tenant.id), name, PASSWORD, **words)


def start_home(home: Path) -> RunningHome:
    """`jianlu serve` on an existing home; returns when it says where it listens."""
    with (home / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jianlu.entry.cli.main", "serve", str(home)],
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if not name.startswith("JIANLU_")},
        )
    ready = home / "run" / "web.json"
    before = ready.read_text(encoding="utf-8") if ready.exists() else ""

    def url() -> str:
        assert process.poll() is None, (home / "serve.log").read_text(encoding="utf-8", errors="replace")
        said = ready.read_text(encoding="utf-8") if ready.exists() else ""
        return str(json.loads(said).get("url", "")) if said and said != before else ""

    try:
        running = RunningHome(home, process, eventually(url, "the service listens"))
        eventually((home / "run" / "media-0.sock").exists, "the media process listens, without which no case is made")
    except BaseException:  # a test that is given up leaves nobody behind who slows the next one
        process.terminate()
        process.wait(timeout=120)
        raise
    return running


def _jianlu(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jianlu.entry.cli.main", *arguments],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
