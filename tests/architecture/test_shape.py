"""The anatomy of a package: `__init__` holds no code, private modules stay at home, errors come from six families.

Not here: which package may import which (test_imports.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import Module, modules_under, show

FOREIGN_ERRORS = {
    "ArithmeticError", "AttributeError", "BaseException", "EOFError", "Exception", "IOError", "IndexError", "JianluError",
    "KeyError", "LookupError", "MemoryError", "OSError", "PermissionError", "RuntimeError", "TimeoutError", "TypeError",
    "UnicodeDecodeError", "ValueError",
}  # fmt: skip


def _is_surface(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
    return isinstance(target, ast.Name) and target.id.startswith("__")


def surface_complaints(module: Module) -> list[str]:
    if module.path.name != "__init__.py":
        return []
    return [f"{module.path}:{node.lineno}: code in a package's surface" for node in module.tree.body if not _is_surface(node)]


def _imported(module: Module) -> Iterator[tuple[int, str]]:
    package = list(module.path.with_suffix("").parts[1:])
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = ".".join(package[: len(package) - node.level]) if node.level else ""
            source = ".".join(part for part in (origin, node.module or "") if part)
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def privacy_complaints(module: Module) -> list[str]:
    """A module or package whose name starts with `_` is imported only from its own folder (and below it)."""
    found = []
    for line, name in _imported(module):
        parts = name.split(".")
        if parts[0] != "jianlu":
            continue
        private = next((at for at, part in enumerate(parts) if part.startswith("_") and not part.startswith("__")), None)
        if private is not None and not module.path.is_relative_to(Path("src", *parts[:private])):
            found.append(f"{module.path}:{line}: {name} is private to {'/'.join(parts[:private])}")
    return found


def error_complaints(module: Module) -> list[str]:
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(raised, ast.Name) and raised.id in FOREIGN_ERRORS:
            found.append(f"{module.path}:{node.lineno}: raises {raised.id}; our errors are the six of jianlu.core.errors")
    return found


def test_a_package_surface_holds_no_code() -> None:
    complaints = [line for module in modules_under("src") for line in surface_complaints(module)]
    assert not complaints, show(complaints)


def test_private_modules_are_imported_only_from_their_own_folder() -> None:
    complaints = [line for module in modules_under("src") for line in privacy_complaints(module)]
    assert not complaints, show(complaints)


def test_only_the_six_error_families_are_raised() -> None:
    complaints = [line for module in modules_under("src") for line in error_complaints(module)]
    assert not complaints, show(complaints)


@pytest.mark.parametrize("text", ["def f() -> None: ...", "LIMIT = 3", "if True:\n    x = 1"])
def test_code_in_a_surface_is_complained_about(text: str) -> None:
    assert surface_complaints(Module.of(text, "src/jianlu/vault/__init__.py"))


@pytest.mark.parametrize(
    "text",
    ["from jianlu.ledger._records import read", "import jianlu.ledger._records", "from ..ledger import _records"],
)
def test_reaching_into_a_private_module_is_complained_about(text: str) -> None:
    assert privacy_complaints(Module.of(text, "src/jianlu/vault/seal.py"))


def test_the_own_folder_may_use_its_private_modules() -> None:
    assert not privacy_complaints(Module.of("from jianlu.ledger._records import read", "src/jianlu/ledger/append.py"))
    assert not privacy_complaints(Module.of("from jianlu.ledger._records import read", "src/jianlu/ledger/tiles/write.py"))


@pytest.mark.parametrize("text", ["raise ValueError('x')", "raise RuntimeError", "raise Exception('x') from None"])
def test_a_stray_error_is_complained_about(text: str) -> None:
    assert error_complaints(Module.of(text))
