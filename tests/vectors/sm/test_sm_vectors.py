"""`specs/vectors/sm`: the examples of the standards' own appendices and of RFC 8998, and signatures that must be refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from jianlu.core import sm2
from jianlu.core.sm3 import sm3
from tests.vectors.sm.write_vectors import FOLDER, PUBLISHED, SIGNED, bad_vectors, der_signature, render

BAD: list[dict[str, str]] = json.loads((FOLDER / "sm2-bad.json").read_text())


@pytest.mark.parametrize("vector", PUBLISHED["sm3"], ids=lambda vector: vector["source"])
def test_sm3_gives_the_digest_of_the_standard(vector: dict[str, Any]) -> None:
    assert sm3(bytes.fromhex(vector["message"])).hex() == vector["digest"]


@pytest.mark.parametrize("vector", PUBLISHED["sm2"], ids=lambda vector: vector["source"])
def test_sm2_accepts_the_signature_of_the_standard(vector: dict[str, Any]) -> None:
    key, message = bytes.fromhex(vector["public_key"]), bytes.fromhex(vector["message"])
    assert vector["identity"].encode() == sm2.IDENTITY
    assert sm2.digest_number(key, message) == int(vector["e"], 16)
    assert sm2.verify(key, der_signature(int(vector["r"], 16), int(vector["s"], 16)), message)


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector["why"])
def test_sm2_refuses_what_is_no_signature(vector: dict[str, str]) -> None:
    parts = (bytes.fromhex(vector[name]) for name in ("public_key", "signature", "message"))
    assert not sm2.verify(*parts)


def test_the_refused_ones_are_what_the_maker_says_and_all_different_from_the_good_one() -> None:
    assert render(BAD) == render(bad_vectors()) == (FOLDER / "sm2-bad.json").read_text()
    good = (SIGNED["public_key"], SIGNED["message"], der_signature(int(SIGNED["r"], 16), int(SIGNED["s"], 16)).hex())
    assert good not in {(vector["public_key"], vector["message"], vector["signature"]) for vector in BAD}


def test_the_library_that_seals_gives_the_published_sm4() -> None:
    (block,) = PUBLISHED["sm4"]
    cipher = Cipher(algorithms.SM4(bytes.fromhex(block["key"])), modes.ECB()).encryptor()  # noqa: S305 - one block, of the standard
    assert cipher.update(bytes.fromhex(block["plain"])).hex() == block["sealed"]


def test_the_library_that_seals_gives_the_sm4_gcm_of_rfc_8998_and_refuses_it_altered() -> None:
    (vector,) = PUBLISHED["sm4_gcm"]
    key, nonce, aad, plain, sealed, tag = (
        bytes.fromhex(vector[name]) for name in ("key", "nonce", "aad", "plain", "sealed", "tag")
    )
    sealer = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(aad)
    assert sealer.update(plain) + sealer.finalize() == sealed
    assert sealer.tag == tag
    for wrong_tag, wrong_aad in [(bytes([tag[0] ^ 1]) + tag[1:], aad), (tag, aad[:-1]), (tag, b"")]:
        opener = Cipher(algorithms.SM4(key), modes.GCM(nonce, wrong_tag)).decryptor()
        opener.authenticate_additional_data(wrong_aad)
        opener.update(sealed)
        with pytest.raises(InvalidTag):
            opener.finalize()
