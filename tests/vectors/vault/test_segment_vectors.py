"""`specs/vectors/segment`: our code gives and reads them; a second, naive reading of the spec agrees; the maker is still true."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.segment import object_context, open_bytes, seal_bytes
from tests.vectors.vault.make_segment_vectors import FOLDER, bad_vectors, good_vectors, pattern, render

GOOD: list[dict[str, Any]] = json.loads((FOLDER / "good.json").read_text())
BAD: list[dict[str, Any]] = json.loads((FOLDER / "bad.json").read_text())


def _context(vector: dict[str, Any]) -> bytes:
    return object_context(**{name: vector[name] for name in ("tenant", "unit", "object", "version")})


def _plaintext(vector: dict[str, Any]) -> bytes:
    plain = vector["plain"]
    return pattern(plain["pattern"]) if "pattern" in plain else bytes.fromhex(plain["hex"])


def _naive_seal(key: bytes, salt: bytes, vector: dict[str, Any], plaintext: bytes) -> bytes:
    """`specs/sealed-segment.md` read again from the page, sharing no code with `core` but the AES-GCM primitive."""
    place = [vector["tenant"], vector["unit"], vector["object"], str(vector["version"])]
    context = "\0".join(["jianlu/object@v1", *place]).encode() + b"\0\1"
    expanded = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    block, derived = b"", b""
    for counter in (1, 2):
        block = hmac.digest(key, block + expanded + bytes([counter]), "sha512")
        derived += block
    message_key, base, commitment = derived[:32], derived[32:44], derived[44:76]
    sealed = b"JLSEAL\1\1" + salt + commitment
    for number in range(len(plaintext) // 16384 + 1):
        nonce = bytes(left ^ right for left, right in zip(base, number.to_bytes(12, "big"), strict=True))
        sealed += AESGCM(message_key).encrypt(nonce, plaintext[number * 16384 : (number + 1) * 16384], b"")
    return sealed


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector["name"])
def test_a_good_vector_is_sealed_to_its_bytes_and_opens_again(vector: dict[str, Any]) -> None:
    key, salt, plaintext = bytes.fromhex(vector["key"]), bytes.fromhex(vector["salt"]), _plaintext(vector)
    sealed = seal_bytes(key, _context(vector), plaintext, salt=salt)
    assert len(sealed) == vector["bytes"]
    assert (
        sealed.hex() == vector["sealed"] if "sealed" in vector else hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    )
    assert sealed == _naive_seal(key, salt, vector, plaintext)
    assert open_bytes(key, _context(vector), sealed) == plaintext


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector["why"])
def test_a_bad_vector_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises((InvalidError, IntegrityError)):
        open_bytes(bytes.fromhex(vector["key"]), _context(vector), bytes.fromhex(vector["sealed"]))


def test_the_published_vectors_are_what_their_maker_makes() -> None:
    assert (FOLDER / "good.json").read_text() == render(good_vectors())
    assert (FOLDER / "bad.json").read_text() == render(bad_vectors())
