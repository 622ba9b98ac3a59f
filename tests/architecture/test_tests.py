"""The tests themselves: their names are sentences, they assert, they never sleep, never time and never mock.

A test that cannot fail proves nothing, so a test without an assertion breaks the build.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import FunctionNode, Module, modules_under, show

KINDS = {
    "architecture", "unit", "contract", "property", "vectors", "fault", "interop", "packs", "cli", "e2e", "fakes", "samples",
}  # fmt: skip
WORDS_MIN = 4
PROOFS = {"raises", "warns", "fail"}
CLOCKS = {"time", "monotonic", "perf_counter", "process_time", "time_ns", "monotonic_ns", "perf_counter_ns"}
SENTENCE = re.compile(r"test_[a-z0-9]+(_[a-z0-9]+)*")


def _called(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            if isinstance(part.func, ast.Name):
                yield part.func.id
            elif isinstance(part.func, ast.Attribute):
                yield part.func.attr


def _is_failure(node: ast.AST) -> bool:
    """`raise AssertionError(...)`: what a property writes after the branch that must not be reached."""
    return isinstance(node, ast.Raise) and node.exc is not None and "AssertionError" in ast.unparse(node.exc)


def _proves(function: FunctionNode, local: dict[str, FunctionNode], seen: frozenset[str] = frozenset()) -> bool:
    if any(isinstance(node, ast.Assert) or _is_failure(node) for node in ast.walk(function)):
        return True
    called = set(_called(function)) - seen
    if called & PROOFS or any(name.startswith(("assert_", "expect_")) for name in called):
        return True
    return any(_proves(local[name], local, seen | called) for name in called if name in local)


def _tests(module: Module) -> Iterator[FunctionNode]:
    return (function for function in module.functions() if function.name.startswith("test_"))


def proof_complaints(module: Module) -> list[str]:
    local = {function.name: function for function in module.functions()}
    return [f"{module.path}:{test.lineno}: {test.name} asserts nothing" for test in _tests(module) if not _proves(test, local)]


def sentence_complaints(module: Module) -> list[str]:
    return [
        f"{module.path}:{test.lineno}: {test.name} is no sentence of {WORDS_MIN} words or more"
        for test in _tests(module)
        if not SENTENCE.fullmatch(test.name) or len(test.name.split("_")) - 1 < WORDS_MIN
    ]


def _imports(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def clock_complaints(module: Module) -> list[str]:
    found = [f"{module.path}: imports {name}: fakes, not mocks" for name in _imports(module) if name.startswith("unittest.mock")]
    if "sleep" in _called(module.tree):
        found.append(f"{module.path}: sleeps; a test that needs a clock takes a clock")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert) and CLOCKS & set(_called(node)):
            found.append(f"{module.path}:{node.lineno}: asserts on the time that something took")
    return found


def place_complaints(module: Module) -> list[str]:
    if module.path.parts[:1] != ("tests",) or module.path.name == "conftest.py":
        return []
    if len(module.path.parts) < 3 or module.path.parts[1] not in KINDS:
        return [f"{module.path}: the folder names the kind of proof: {', '.join(sorted(KINDS))}"]
    return []


RULES = [proof_complaints, sentence_complaints, clock_complaints, place_complaints]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_tests_keep_the_rules_of_tests(rule: object) -> None:
    assert callable(rule)
    complaints = [line for module in modules_under("tests") for line in rule(module)]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("def test_a_thing_that_proves_nothing(): seal()", proof_complaints),
        ("def look(): return 1\ndef test_a_thing_that_proves_nothing(): look()", proof_complaints),
        ("def test_seal(): assert 1", sentence_complaints),
        ("def test_Camel_case_is_no_sentence(): assert 1", sentence_complaints),
        ("import time\ntime.sleep(1)", clock_complaints),
        ("from unittest.mock import Mock", clock_complaints),
        ("assert perf_counter() - start < 1", clock_complaints),
        ("assert True", place_complaints),
    ],
)
def test_a_broken_test_is_complained_about(text: str, rule: object) -> None:
    assert callable(rule)
    assert rule(Module.of(text, "tests/other/test_example.py"))


def test_a_proof_in_a_function_that_the_test_calls_counts() -> None:
    assert not proof_complaints(Module.of("def same(a):\n    assert a\ndef test_it_is_the_same(): same(1)"))
