"""The project as the architecture tests see it: its files, its Python modules, their syntax trees.

A rule is a function from a `Module` (or a text) to complaints. Each rule is held twice: against the whole project, and
against a small broken example, since a check that cannot fail is a defect. No rule lives here.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "jianlu"
NOT_OURS = {".git", ".venv", "node_modules", "demo", "build", "dist"}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root of the project, its text, its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @classmethod
    def of(cls, text: str, path: str = "src/jianlu/vault/example.py") -> Module:
        """A module that exists only as an example."""
        return cls(Path(path), text, ast.parse(text))

    @property
    def concept(self) -> str:
        """The top-level package under `jianlu` that the module belongs to, or an empty string."""
        parts = self.path.parts
        return parts[2] if parts[:2] == ("src", "jianlu") and len(parts) > 3 else ""

    def functions(self) -> Iterator[FunctionNode]:
        """Every function and method, nested ones included."""
        for node in ast.walk(self.tree):
            if isinstance(node, FunctionNode):
                yield node


def _walk() -> Iterator[Path]:
    for folder, names, files in os.walk(ROOT):
        names[:] = sorted(name for name in names if name not in NOT_OURS and not name.endswith(("_cache", "__pycache__")))
        yield from (Path(folder, name).relative_to(ROOT) for name in sorted(files))


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in version control; by walking where there is no git."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return tuple(_walk())
    paths = {Path(name) for name in listed.split("\0") if name}
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


@cache
def modules_under(*folders: str) -> tuple[Module, ...]:
    """The Python modules of the project below any of the folders (`src/jianlu/core`, `tests`, ...)."""
    wanted = [Path(folder) for folder in folders]
    found = (path for path in project_files() if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in wanted))
    return tuple(Module.of((ROOT / path).read_text(encoding="utf-8"), str(path)) for path in found)


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Every text file of the project with its content; files that are not UTF-8 are left out."""
    readable: list[tuple[Path, str]] = []
    for path in project_files():
        raw = (ROOT / path).read_bytes()
        if b"\0" in raw[:8192]:
            continue
        try:
            readable.append((path, raw.decode()))
        except UnicodeDecodeError:
            continue
    return tuple(readable)


def show(complaints: list[str]) -> str:
    """Complaints as one readable block for an assertion's message."""
    return "\n" + "\n".join(complaints)
