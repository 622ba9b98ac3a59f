"""Our SM3 and SM2 agree with OpenSSL's for any message, and one altered bit of key, signature or message is refused by both."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SM3, Hash
from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core import sm2
from jianlu.core.errors import InvalidError
from jianlu.core.sm3 import sm3
from tests.vectors.sm.write_vectors import der_signature

SECRETS = st.integers(1, sm2.CURVE.n - 2)
MESSAGES = st.binary(max_size=300)


def textbook_sign(secret: int, nonce: int, message: bytes) -> tuple[bytes, bytes]:
    """Public key and signature as GB/T 32918.2 section 6.1 has them, for tests: it hides nothing of the key it is given."""
    x, y = sm2.CURVE.times(secret, sm2.CURVE.base) or (0, 0)
    public_key = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    first, _ = sm2.CURVE.times(nonce, sm2.CURVE.base) or (0, 0)
    r = (sm2.digest_number(public_key, message) + first) % sm2.CURVE.n
    s = pow(1 + secret, -1, sm2.CURVE.n) * (nonce - r * secret) % sm2.CURVE.n
    return public_key, der_signature(r, s)


@given(st.binary(max_size=400))
def test_sm3_gives_the_digest_that_openssl_gives(content: bytes) -> None:
    theirs = Hash(SM3())
    theirs.update(content)
    assert sm3(content) == theirs.finalize()


@settings(max_examples=15, deadline=None)
@given(SECRETS, SECRETS, MESSAGES)
def test_an_honest_signature_is_accepted(secret: int, nonce: int, message: bytes) -> None:
    public_key, signature = textbook_sign(secret, nonce, message)
    assert sm2.verify(public_key, signature, message)


@settings(max_examples=25, deadline=None)
@given(SECRETS, SECRETS, st.binary(min_size=1, max_size=60), st.integers(min_value=0))
def test_one_flipped_bit_is_refused(secret: int, nonce: int, message: bytes, bit: int) -> None:
    public_key, signature = textbook_sign(secret, nonce, message)
    whole = bytearray(public_key + signature + message)
    at = bit % (8 * len(whole))
    whole[at // 8] ^= 1 << at % 8
    key_end, signature_end = len(public_key), len(public_key) + len(signature)
    assert not sm2.verify(bytes(whole[:key_end]), bytes(whole[key_end:signature_end]), bytes(whole[signature_end:]))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=70), st.binary(max_size=80))
def test_outside_bytes_are_refused_without_an_error(public_key: bytes, signature: bytes) -> None:
    assert not sm2.verify(public_key, signature, b"message")
    with pytest.raises(InvalidError):
        sm2.check_public_key(public_key)


@settings(max_examples=6, deadline=None)
@given(SECRETS, SECRETS, MESSAGES)
def test_the_openssl_program_accepts_what_the_page_says(
    tmp_path_factory: pytest.TempPathFactory, secret: int, nonce: int, message: bytes
) -> None:
    public_key, signature = textbook_sign(secret, nonce, message)
    folder = tmp_path_factory.mktemp("sm2")
    assert openssl_verifies(folder, public_key, signature, message)
    assert not openssl_verifies(folder, public_key, signature, message + b".")


def openssl_verifies(folder: Path, public_key: bytes, signature: bytes, message: bytes) -> bool:
    (folder / "key.der").write_bytes(bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + public_key)
    (folder / "signature").write_bytes(signature)
    asked = ["openssl", "dgst", "-sm3", "-keyform", "DER", "-verify", str(folder / "key.der"), "-sigopt"]
    asked += [f"distid:{sm2.IDENTITY.decode()}", "-signature", str(folder / "signature")]
    return subprocess.run(asked, input=message, capture_output=True).returncode == 0
