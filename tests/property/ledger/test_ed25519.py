"""Our verification accepts every honest signature, and nothing that OpenSSL refuses; where libraries differ it is strict."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.ed25519 import verify
from tests.property.ledger import textbook_curve as curve

SEEDS = st.binary(min_size=32, max_size=32)
MESSAGES = st.binary(max_size=200)
SEED = bytes(range(1, 33))
SECRET = curve.secret_scalar(SEED)
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()


def openssl_accepts(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@given(SEEDS, MESSAGES)
def test_an_honest_signature_is_accepted(seed: bytes, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    assert verify(private.public_key().public_bytes_raw(), private.sign(message), message)


@given(SEEDS, MESSAGES, st.integers(0, 8 * 96 - 1))
def test_one_flipped_bit_of_key_or_signature_is_refused(seed: bytes, message: bytes, bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    both = bytearray(private.public_key().public_bytes_raw() + private.sign(message))
    both[bit // 8] ^= 1 << bit % 8
    assert not verify(bytes(both[:32]), bytes(both[32:]), message)
    assert not openssl_accepts(bytes(both[:32]), bytes(both[32:]), message)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64), MESSAGES)
def test_random_bytes_are_no_signature(public_key: bytes, signature: bytes, message: bytes) -> None:
    assert not verify(public_key, signature, message)


@given(st.binary(max_size=40), st.binary(max_size=70))
def test_wrong_lengths_are_refused_without_an_error(public_key: bytes, signature: bytes) -> None:
    assert not verify(public_key, signature, b"message") or (len(public_key), len(signature)) == (32, 64)


@given(MESSAGES, st.integers(1, 15))
def test_a_signature_with_s_above_the_order_is_refused(message: bytes, times: int) -> None:
    signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(message)
    s = int.from_bytes(signature[32:], "little") + times * curve.ORDER
    if s < 2**256:
        assert not verify(PUBLIC, signature[:32] + s.to_bytes(32, "little"), message)


@settings(max_examples=30)
@given(st.integers(0, 7), st.integers(1, curve.ORDER - 1), MESSAGES)
def test_a_key_of_small_order_verifies_nothing(which: int, nonce: int, message: bytes) -> None:
    key = curve.encode(curve.SMALL_ORDER[which])
    assert not verify(key, curve.forge(0, key, nonce, message), message)


@settings(max_examples=30)
@given(st.integers(0, 7), MESSAGES)
def test_a_commitment_of_small_order_is_refused(which: int, message: bytes) -> None:
    assert not verify(PUBLIC, curve.forge(SECRET, PUBLIC, 0, message, curve.SMALL_ORDER[which]), message)


@settings(max_examples=30)
@given(st.integers(1, 7), st.integers(1, curve.ORDER - 1), MESSAGES)
def test_a_commitment_with_a_small_part_is_refused_as_openssl_does(which: int, nonce: int, message: bytes) -> None:
    signature = curve.forge(SECRET, PUBLIC, nonce, message, curve.SMALL_ORDER[which])
    assert not verify(PUBLIC, signature, message)
    assert not openssl_accepts(PUBLIC, signature, message)


@settings(max_examples=30)
@given(st.integers(1, 7), st.integers(1, curve.ORDER - 1), MESSAGES)
def test_a_key_with_a_small_part_is_judged_as_openssl_does(which: int, nonce: int, message: bytes) -> None:
    mixed = curve.encode(curve.add(curve.times(SECRET, curve.BASE), curve.SMALL_ORDER[which]))
    signature = curve.forge(SECRET, mixed, nonce, message)
    assert verify(mixed, signature, message) == openssl_accepts(mixed, signature, message)


@settings(max_examples=40)
@given(st.integers(0, 18), st.booleans(), st.integers(1, curve.ORDER - 1), MESSAGES)
def test_a_key_that_is_not_canonically_encoded_is_refused(above: int, has_sign: bool, nonce: int, message: bytes) -> None:
    key = (curve.P + above | has_sign << 255).to_bytes(32, "little")
    assert not verify(key, curve.forge(0, key, nonce, message), message)


def test_a_commitment_that_is_not_canonically_encoded_is_refused() -> None:
    message = b"message"
    for above in (0, 1):
        encoded_r = (curve.P + above).to_bytes(32, "little")
        s = curve.challenge(encoded_r, PUBLIC, message) * SECRET % curve.ORDER
        assert not verify(PUBLIC, encoded_r + s.to_bytes(32, "little"), message)


def test_the_forger_used_above_also_makes_good_signatures() -> None:
    assert verify(PUBLIC, curve.forge(SECRET, PUBLIC, 12345, b"message"), b"message")
    assert curve.encode(curve.times(SECRET, curve.BASE)) == PUBLIC
    assert len(set(curve.SMALL_ORDER)) == 8


@pytest.mark.parametrize("sign", [0, 1])
def test_negative_zero_is_no_encoding(sign: int) -> None:
    for y in (1, curve.P - 1):
        assert not verify((y | sign << 255).to_bytes(32, "little"), bytes(64), b"")
