"""No module meets a cipher, a key or a keyed digest that the inventory (`docs/security/cryptography.md`) does not name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.tree import ROOT

SOURCE = ROOT / "src/jianlu"
PAGE = ROOT / "docs/security/cryptography.md"
LIBRARIES = {"cryptography", "argon2", "joserfc", "webauthn", "pkcs11", "hmac", "ssl"}
PLAIN = {"sha256", "file_digest"}
"""Of hashlib, what only names content."""

WORDS = {
    "AESGCM": "AES-",
    "SM4": "SM4",
    "HKDF": "HKDF",
    "HKDFExpand": "HKDF",
    "SM3": "SM3",
    "Ed25519PrivateKey": "Ed25519",
    "X25519PrivateKey": "X25519",
    "PasswordHasher": "argon2id",
    "hmac": "HMAC|comparison",
    "ssl": "TLS",
    "md5": "MD5",
    "blake2b": "BLAKE2b",
}
"""A name in the code, and what its row must say."""


def met_in(tree: ast.AST) -> Iterator[str]:
    """The names of what a module takes from the libraries, and its digests other than plain ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "hashlib":
            yield from (alias.name for alias in node.names if alias.name not in PLAIN)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in LIBRARIES)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_digest = node.value.id == "hashlib" and node.attr not in PLAIN
            if is_digest or (node.value.id == "algorithms" and node.attr == "SM4"):
                yield node.attr


@cache
def met() -> dict[str, set[str]]:
    """By module what it meets."""
    paths = sorted(SOURCE.rglob("*.py"))
    found = {path.relative_to(SOURCE).as_posix(): set(met_in(ast.parse(path.read_text(encoding="utf-8")))) for path in paths}
    return {place: names for place, names in found.items() if names}


@cache
def rows() -> dict[str, str]:
    """By module the rows that name it."""
    found: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        for place in re.findall(r"`([a-z0-9_/]+\.py)`", line) if line.startswith("| ") else ():
            found[place] = found.get(place, "") + line
    return found


def test_every_module_that_meets_cryptography_is_in_the_inventory_and_no_other() -> None:
    unlisted = {place: sorted(names) for place, names in met().items() if place not in rows()}
    assert unlisted == {}
    gone = {place for place in rows() if not (SOURCE / place).exists()}
    assert gone == set() and len(met()) > 30


@pytest.mark.parametrize("name", sorted(WORDS))
def test_the_row_of_a_module_says_what_it_uses(name: str) -> None:
    users = [place for place, names in met().items() if name in names]
    assert users, f"nobody uses {name}: take it out of this test"
    assert [place for place in users if not re.search(WORDS[name], rows().get(place, ""))] == []
