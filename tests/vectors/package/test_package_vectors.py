"""The package vectors hold: containers and manifests, good and bad."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jianlu.core.errors import InvalidError
from jianlu.core.formats.archive import read_directory
from jianlu.core.formats.package import manifest_bytes, parse_manifest
from tests.vectors.package.write_vectors import VECTORS, containers, manifests


def read(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return vectors


@pytest.mark.parametrize("vector", read("containers"), ids=lambda vector: vector["why"])
def test_a_container_is_read_or_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    content = bytes.fromhex(vector["hex"])
    if vector["entries"] is None:
        with pytest.raises(InvalidError):
            read_directory(lambda offset, length: content[offset : offset + length], len(content))
    else:
        found = read_directory(lambda offset, length: content[offset : offset + length], len(content))
        assert [entry.name for entry in found] == vector["entries"]


@pytest.mark.parametrize("vector", read("manifests"), ids=lambda vector: vector["why"])
def test_a_manifest_is_read_or_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    content = vector["text"].encode()
    if vector["ok"]:
        assert manifest_bytes(parse_manifest(content)) == content
    else:
        with pytest.raises(InvalidError):
            parse_manifest(content)


def test_the_vectors_are_those_that_their_script_writes() -> None:
    assert (read("containers"), read("manifests")) == (containers(), manifests())
