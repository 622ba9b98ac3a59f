"""Every module says what lives in it; every public function of the heart says what it guarantees.

The heart is core, verify, ledger, govern, vault, and every port wherever it is. Whether a docstring is *true* is for people.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import FunctionNode, Module, modules_under, show

HEART = {"core", "verify", "ledger", "govern", "vault"}
LINES_MIN, LINES_MAX = 2, 10


def module_docstring_complaints(module: Module) -> list[str]:
    written = ast.get_docstring(module.tree)
    if written is None:
        return [f"{module.path}: no docstring: say in {LINES_MIN} to {LINES_MAX} lines what lives here and what does not"]
    lines = [line for line in written.splitlines() if line.strip()]
    least = 1 if module.path.name == "__init__.py" else LINES_MIN  # a surface has no code to explain
    if not least <= len(lines) <= LINES_MAX:
        return [f"{module.path}: the docstring has {len(lines)} lines, not {LINES_MIN} to {LINES_MAX}"]
    return []


def _is_private(name: str) -> bool:
    return name.startswith("_")


def _public_definitions(module: Module) -> Iterator[tuple[str, FunctionNode | ast.ClassDef]]:
    for node in module.tree.body:
        if isinstance(node, FunctionNode | ast.ClassDef) and not _is_private(node.name):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not _is_private(node.name) and module.path.stem == "ports":
            yield from (
                (f"{node.name}.{method.name}", method)
                for method in node.body
                if isinstance(method, FunctionNode) and not _is_private(method.name)
            )


def function_docstring_complaints(module: Module) -> list[str]:
    if _is_private(module.path.stem) or (module.concept not in HEART and module.path.stem != "ports"):
        return []
    return [
        f"{module.path}:{node.lineno}: {name} is public and says nothing of what it guarantees"
        for name, node in _public_definitions(module)
        if ast.get_docstring(node) is None
    ]


def test_every_module_says_what_lives_in_it() -> None:
    complaints = [line for module in modules_under("src", "benchmarks") for line in module_docstring_complaints(module)]
    assert not complaints, show(complaints)


def test_every_public_function_of_the_heart_says_what_it_guarantees() -> None:
    complaints = [line for module in modules_under("src") for line in function_docstring_complaints(module)]
    assert not complaints, show(complaints)


@pytest.mark.parametrize("text", ["x = 1", '"""One line."""', '"""' + "line\n" * 11 + '"""'], ids=["none", "short", "long"])
def test_a_module_that_says_too_little_or_too_much_is_complained_about(text: str) -> None:
    assert module_docstring_complaints(Module.of(text))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("def seal() -> None: ...", "src/jianlu/vault/seal.py"),
        ("class Tree: ...", "src/jianlu/ledger/tree.py"),
        ('class Blobs:\n    """A port."""\n    def read(self) -> None: ...', "src/jianlu/capture/ports.py"),
    ],
)
def test_a_silent_public_definition_is_complained_about(text: str, path: str) -> None:
    assert function_docstring_complaints(Module.of(text, path))
