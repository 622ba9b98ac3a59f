"""The vectors of time stamps hold: tokens that openssl made, good and bad."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.stamp import check_stamp
from jianlu.core.formats.x509 import parse_certificates
from tests.vectors.time.write_vectors import VECTORS


def read() -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((VECTORS / "stamps.json").read_text(encoding="utf-8"))
    return vectors


@pytest.mark.parametrize("vector", read(), ids=lambda vector: vector["why"])
def test_a_token_is_accepted_or_refused_as_the_vector_says(vector: dict[str, Any]) -> None:
    token, content = bytes.fromhex(vector["token"]), bytes.fromhex(vector["content"])
    trusted = parse_certificates(vector["certificates"])
    if vector["ok"]:
        assert check_stamp(token, content, trusted).signer.stamps_time
    else:
        with pytest.raises((InvalidError, IntegrityError)):
            check_stamp(token, content, trusted)
