"""Modules stay under 500 lines and functions under 70: what rots in admired codebases is the tail.

Not here: names, docstrings, imports.
"""

from __future__ import annotations

import pytest

from tests.architecture.tree import FunctionNode, Module, modules_under, show

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def _length(function: FunctionNode) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def size_complaints(module: Module) -> list[str]:
    lines = module.text.count("\n")
    found = [f"{module.path}: {lines} lines, at most {MODULE_LINES_MAX}"] if lines > MODULE_LINES_MAX else []
    for function in module.functions():
        if _length(function) > FUNCTION_LINES_MAX:
            found.append(f"{module.path}: {function.name} has {_length(function)} lines, at most {FUNCTION_LINES_MAX}")
    return found


def test_no_module_or_function_outgrows_its_limit() -> None:
    complaints = [
        line for module in modules_under("src", "tests", "benchmarks", "migrations") for line in size_complaints(module)
    ]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    "text",
    ["x = 1\n" * (MODULE_LINES_MAX + 1), "def long() -> None:\n" + "    pass\n" * FUNCTION_LINES_MAX],
    ids=["module", "function"],
)
def test_an_outgrown_example_is_complained_about(text: str) -> None:
    assert size_complaints(Module.of(text))
