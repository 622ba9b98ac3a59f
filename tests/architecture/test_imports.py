"""Imports point one way, and the verifier runs on the standard library alone.

The contracts are in pyproject.toml; import-linter checks them. Here they are run on the project, and then on small broken
copies of it, so that a contract which no longer bites is noticed.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT

LAYERS = [
    "entry", "wiring", "backends", "deliver", "operate", "judge", "capture", "process", "vault", "govern", "ledger", "runtime",
    "verify", "core",
]  # fmt: skip


def lint_imports(source: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter with the project's contracts, on the `jianlu` package found in `source`."""
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """An empty package of every layer, which keeps every contract."""
    for layer in LAYERS:
        package = tmp_path / "src" / "jianlu" / layer
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    (tmp_path / "src" / "jianlu" / "__init__.py").touch()
    formats = tmp_path / "src" / "jianlu" / "core" / "formats"
    formats.mkdir()
    (formats / "__init__.py").touch()
    (formats / "segment.py").write_text("import cryptography\n")
    (tmp_path / "src" / "jianlu" / "wiring" / "__init__.py").write_text("import jianlu.backends\n")
    return tmp_path


def test_the_project_keeps_its_import_contracts() -> None:
    done = lint_imports(ROOT / "src", ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_skeleton_keeps_the_contracts(skeleton: Path) -> None:
    done = lint_imports(skeleton / "src", skeleton)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("core", "jianlu.vault"),
        ("verify", "jianlu.ledger"),
        ("verify", "cryptography"),
        ("verify", "jianlu.core.formats.segment"),
        ("ledger", "jianlu.vault"),
        ("capture", "jianlu.process"),
        ("deliver", "jianlu.backends"),
        ("entry", "jianlu.backends"),
        ("core", "sqlalchemy"),
        ("core", "cryptography"),
        ("core", "numpy"),
    ],
)
def test_a_forbidden_import_breaks_the_contracts(skeleton: Path, importer: str, imported: str) -> None:
    (skeleton / "src" / "jianlu" / importer / "wrong.py").write_text(f"import {imported}\n")
    done = lint_imports(skeleton / "src", skeleton)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_a_package_without_a_place_breaks_the_contracts(skeleton: Path) -> None:
    homeless = skeleton / "src" / "jianlu" / "blockchain"
    homeless.mkdir()
    (homeless / "__init__.py").touch()
    assert lint_imports(skeleton / "src", skeleton).returncode != 0


# --- the verifier, alone -------------------------------------------------------------------------------------------


def _module_names(folder: Path) -> list[str]:
    paths = sorted(path for path in folder.rglob("*.py") if path.name != "__main__.py")
    return [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__") for path in paths]


def import_alone(names: list[str], source: Path) -> subprocess.CompletedProcess[str]:
    """Import the modules with the standard library and `source` only: no site-packages, no environment."""
    lines = ["import sys", f"sys.path.insert(0, {str(source)!r})", *(f"import {name}" for name in names)]
    return subprocess.run([sys.executable, "-I", "-S", "-c", "\n".join(lines)], capture_output=True, text=True, check=False)


def test_the_verifier_imports_with_the_standard_library_alone() -> None:
    names = _module_names(PACKAGE / "verify")
    assert names, "there is no verifier"
    done = import_alone(names, PACKAGE.parent)
    assert done.returncode == 0, done.stderr


def test_a_verifier_that_needs_a_library_is_noticed(skeleton: Path) -> None:
    (skeleton / "src" / "jianlu" / "verify" / "wrong.py").write_text("def f() -> None: ...\nimport numpy\n")
    assert import_alone(["jianlu.verify.wrong"], skeleton / "src").returncode != 0


def test_the_verifier_hides_no_late_import() -> None:
    """An import inside a function escapes a check by importing: list them all and hold them to the standard library."""
    allowed = sys.stdlib_module_names | {"jianlu"}
    late: list[tuple[str, str]] = []
    for path in sorted((PACKAGE / "verify").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                late += [(path.name, alias.name) for alias in node.names if alias.name.partition(".")[0] not in allowed]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                late += [(path.name, node.module or "")] if (node.module or "").partition(".")[0] not in allowed else []
    assert not late
