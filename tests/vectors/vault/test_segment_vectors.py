"""`specs/vectors/segment`: our code gives and reads them; a second, naive reading of the spec agrees; the maker is still true."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.segment import object_context, open_bytes, seal_bytes
from jianlu.core.terms.suites import Suite
from tests.vectors.sm.textbook_gcm import gcm_seal
from tests.vectors.vault.make_segment_vectors import FOLDER, bad_vectors, good_vectors, pattern, render

GOOD: list[dict[str, Any]] = json.loads((FOLDER / "good.json").read_text())
BAD: list[dict[str, Any]] = json.loads((FOLDER / "bad.json").read_text())
GOOD_SM: list[dict[str, Any]] = json.loads((FOLDER / "good-sm.json").read_text())
BAD_SM: list[dict[str, Any]] = json.loads((FOLDER / "bad-sm.json").read_text())


def _context(vector: dict[str, Any], suite: Suite = Suite.INTERNATIONAL) -> bytes:
    place = {name: vector[name] for name in ("tenant", "unit", "object", "version")}
    return object_context(**place, form=vector.get("form", 0), suite=suite)


def _place(vector: dict[str, Any]) -> bytes:
    """What the page says, read again."""
    anew = f".r{vector['form']}" if "form" in vector else ""
    place = [vector["tenant"], vector["unit"], vector["object"], f"{vector['version']}{anew}"]
    return "\0".join(["jianlu/object@v1", *place]).encode()


def _plaintext(vector: dict[str, Any]) -> bytes:
    plain = vector["plain"]
    return pattern(plain["pattern"]) if "pattern" in plain else bytes.fromhex(plain["hex"])


def _naive_seal(key: bytes, salt: bytes, vector: dict[str, Any], plaintext: bytes) -> bytes:
    """`specs/sealed-segment.md` read again from the page, sharing no code with `core` but the AES-GCM primitive."""
    context = _place(vector) + b"\0\1"
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


def _naive_sm_seal(key: bytes, salt: bytes, vector: dict[str, Any], plaintext: bytes) -> bytes:
    """As `_naive_seal` for suite 2, with GCM read from its standard: of the library, SM3 and the bare block cipher alone."""
    context = _place(vector) + b"\0\2"
    expanded = b"jianlu/chunked-encryption@v1+AEAD_SM4_GCM+HKDF_SM3\0" + salt + context
    block, derived = b"", b""
    for counter in (1, 2):
        made = HMAC(key, SM3())
        made.update(block + expanded + bytes([counter]))
        block = made.finalize()
        derived += block
    base, commitment = derived[16:28], derived[28:60]
    encrypt = Cipher(algorithms.SM4(derived[:16]), modes.ECB()).encryptor().update  # noqa: S305 - the block cipher, for GCM
    sealed = b"JLSEAL\2\1" + salt + commitment
    for number in range(len(plaintext) // 16384 + 1):
        nonce = bytes(left ^ right for left, right in zip(base, number.to_bytes(12, "big"), strict=True))
        sealed += gcm_seal(encrypt, nonce, plaintext[number * 16384 : (number + 1) * 16384], b"")
    return sealed


@pytest.mark.parametrize("vector", GOOD_SM, ids=lambda vector: vector["name"])
def test_a_good_vector_of_the_second_suite_is_sealed_to_its_bytes_and_opens_again(vector: dict[str, Any]) -> None:
    key, salt, plaintext = bytes.fromhex(vector["key"]), bytes.fromhex(vector["salt"]), _plaintext(vector)
    context = _context(vector, Suite.SM)
    sealed = seal_bytes(key, context, plaintext, suite=Suite.SM, salt=salt)
    assert len(sealed) == vector["bytes"]
    assert (
        sealed.hex() == vector["sealed"] if "sealed" in vector else hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    )
    assert sealed == _naive_sm_seal(key, salt, vector, plaintext)
    assert open_bytes(key, context, sealed, suite=Suite.SM) == plaintext


@pytest.mark.parametrize("vector", BAD_SM, ids=lambda vector: vector["why"])
def test_a_bad_vector_of_the_second_suite_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises((InvalidError, IntegrityError)):
        open_bytes(bytes.fromhex(vector["key"]), _context(vector, Suite.SM), bytes.fromhex(vector["sealed"]), suite=Suite.SM)


@pytest.mark.parametrize("vectors", [GOOD, GOOD_SM], ids=["international", "sm"])
def test_no_object_opens_as_one_of_the_other_suite(vectors: list[dict[str, Any]]) -> None:
    suite, other = (Suite.INTERNATIONAL, Suite.SM) if vectors is GOOD else (Suite.SM, Suite.INTERNATIONAL)
    vector = vectors[1]
    key, sealed = bytes.fromhex(vector["key"]), bytes.fromhex(vector["sealed"])
    relabelled = sealed[:6] + bytes([other.number]) + sealed[7:]
    assert open_bytes(key, _context(vector, suite), sealed, suite=suite) == _plaintext(vector)
    for content, asked, place in [
        (sealed, other, other),
        (sealed, other, suite),
        (relabelled, other, other),
        (sealed, suite, other),
    ]:
        with pytest.raises(IntegrityError):
            open_bytes(key, _context(vector, place), content, suite=asked)


def test_the_published_vectors_are_what_their_maker_makes() -> None:
    assert (FOLDER / "good-sm.json").read_text() == render(good_vectors(Suite.SM))
    assert (FOLDER / "bad-sm.json").read_text() == render(bad_vectors(Suite.SM))
    assert (FOLDER / "good.json").read_text() == render(good_vectors())
    assert (FOLDER / "bad.json").read_text() == render(bad_vectors())
