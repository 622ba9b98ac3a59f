"""Words that say nothing are not names: no `utils`, no `data`, no `service`.

Folders and modules are held to one list, the identifiers that a module defines to another. Names that others chose (keyword
arguments of a library, fields of a foreign format) are not ours to change: only definitions are looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.tree import FunctionNode, Module, modules_under, show

EMPTY_PLACES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "shared"}
EMPTY_WORDS = {"data", "info", "obj", "tmp", "handler", "service", "utils", "util", "helper", "helpers", "misc", "manager"}
GIVEN = {"tmp_path", "tmp_path_factory"}  # fixtures that pytest named
# The field's standard word wins over our list: module, word, whose word it is.
FIELD_WORDS = {
    ("src/jianlu/capture/uploads/_mp4_layout.py", "handler"): "the hdlr box of ISO/IEC 14496-12",
    ("src/jianlu/capture/recording/movie.py", "handler"): "the hdlr box of ISO/IEC 14496-12",
    ("src/jianlu/capture/uploads/read.py", "data"): "the side data of a packet, FFmpeg",
    ("src/jianlu/core/formats/segment.py", "info"): "the info of HKDF, RFC 5869",
    ("tests/fakes/identity/provider.py", "info"): "the generate_user_info of Authlib's server, which calls it by this name",
    ("tests/fakes/identity/provider.py", "data"): "the data of a payload, Authlib",
    ("tests/unit/reports/test_html.py", "data"): "the handle_data of html.parser, which calls it by this name",
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(identifier: str) -> set[str]:
    """`caseData_v2` is the words case, data, v, 2; `metadata` is one word."""
    return {word.lower() for part in identifier.split("_") for word in WORD.findall(part)}


def _targets(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        yield node.attr
    elif isinstance(node, ast.Tuple | ast.List):
        for element in node.elts:
            yield from _targets(element)
    elif isinstance(node, ast.Starred):
        yield from _targets(node.value)


def defined_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that the module names itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | FunctionNode):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Assign):
            yield from ((node.lineno, name) for target in node.targets for name in _targets(target))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For | ast.AsyncFor):
            yield from ((node.lineno, name) for name in _targets(node.target))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield from ((node.optional_vars.lineno, name) for name in _targets(node.optional_vars))


def name_complaints(module: Module) -> list[str]:
    places = {part.removesuffix(".py").lstrip("_") for part in module.path.parts}
    found = [f"{module.path}: the place is called {place}" for place in sorted(places & EMPTY_PLACES)]
    for line, name in defined_names(module.tree):
        empty = {word for word in words_of(name) & EMPTY_WORDS if (str(module.path), word) not in FIELD_WORDS}
        if empty and name not in GIVEN:
            found.append(f"{module.path}:{line}: {name} says {', '.join(sorted(empty))}: say what it is")
    return found


def test_no_place_and_no_identifier_has_an_empty_name() -> None:
    complaints = [line for module in modules_under("src", "tests", "benchmarks") for line in name_complaints(module)]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "src/jianlu/vault/utils.py"),
        ("", "src/jianlu/shared/seal.py"),
        ("class CaseService: ...", "src/jianlu/vault/seal.py"),
        ("def read(raw_data: bytes) -> None: ...", "src/jianlu/vault/seal.py"),
        ("for tmp in []: pass", "src/jianlu/vault/seal.py"),
        ("self.obj, x = 1, 2", "src/jianlu/vault/seal.py"),
        ("with open(p) as handler: pass", "src/jianlu/vault/seal.py"),
    ],
)
def test_an_empty_name_is_complained_about(text: str, path: str) -> None:
    assert name_complaints(Module.of(text, path))


def test_words_that_only_contain_an_empty_word_are_fine() -> None:
    assert not name_complaints(Module.of("metadata = database = 1\nclass InformedConsent: ..."))
