"""The vectors of witnesses hold, and are what their writer writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.cosignature import parse_add_checkpoint, parse_witness_key, verify_cosignatures
from tests.vectors.witness.write_vectors import VECTORS, cosignatures, requests


def read(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return vectors


def test_the_vectors_are_those_of_their_writer() -> None:
    assert read("cosignatures") == cosignatures() and read("requests") == requests()


@pytest.mark.parametrize("vector", read("cosignatures"), ids=lambda vector: vector["why"])
def test_a_cosignature_counts_or_is_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    note, keys = vector["note"].encode(), [parse_witness_key(vector["key"])]
    if vector["counted"] is None:
        with pytest.raises((InvalidError, IntegrityError)):
            verify_cosignatures(note, keys)
    else:
        assert len(verify_cosignatures(note, keys)) == vector["counted"]


@pytest.mark.parametrize("vector", read("requests"), ids=lambda vector: vector["why"])
def test_a_request_is_read_or_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    body = vector["body"].encode()
    if vector["asks"] is None:
        with pytest.raises(InvalidError):
            parse_add_checkpoint(body)
    else:
        asked = parse_add_checkpoint(body)
        assert [asked.old_size, len(asked.hashes)] == vector["asks"] and asked.content == body
