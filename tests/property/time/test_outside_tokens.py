"""Whatever bytes come as token, certificate or request to a witness: our own errors within bounds, and no altered token is accepted."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.cosignature import parse_add_checkpoint, parse_witness_key
from jianlu.core.formats.der import parse_der
from jianlu.core.formats.stamp import check_stamp, parse_stamp
from jianlu.core.formats.x509 import certificate_text, parse_certificate, parse_certificates
from jianlu.core.signatures import verify_signature
from tests.vectors.time.test_time_vectors import read

GOOD = [vector for vector in read() if vector["ok"]]
TOKENS = [bytes.fromhex(vector["token"]) for vector in GOOD]
CONTENT = bytes.fromhex(GOOD[0]["content"])
TRUSTED = [parse_certificates(vector["certificates"]) for vector in GOOD]


@given(content=st.binary(max_size=400))
def test_bytes_that_are_no_token_end_in_our_own_error(content: bytes) -> None:
    for parse in (parse_der, parse_stamp, parse_certificate, parse_add_checkpoint):
        with contextlib.suppress(InvalidError, IntegrityError):
            assert parse(content)


@given(which=st.integers(0, len(TOKENS) - 1), where=st.integers(0, 10_000), bits=st.integers(1, 255), cut=st.booleans())
def test_a_token_with_one_byte_changed_or_gone_says_the_same_or_is_refused(which: int, where: int, bits: int, cut: bool) -> None:
    token = TOKENS[which]
    at = where % len(token)
    changed = token[:at] + token[at + 1 :] if cut else token[:at] + bytes([token[at] ^ bits]) + token[at + 1 :]
    with contextlib.suppress(InvalidError, IntegrityError):
        found, original = check_stamp(changed, CONTENT, TRUSTED[which]), parse_stamp(token)
        assert (found.imprint, found.gen_at, found.signer) == (original.imprint, original.gen_at, original.signer)


@given(
    key=st.binary(max_size=120), signature=st.binary(max_size=80), algorithm=st.sampled_from(["1.2.840.113549.1.1.11", "1.2", ""])
)
def test_a_signature_of_nonsense_is_false_or_refused(key: bytes, signature: bytes, algorithm: str) -> None:
    for certificate in (TRUSTED[0][0], TRUSTED[1][0], TRUSTED[2][0]):
        with contextlib.suppress(InvalidError):
            assert not verify_signature(key, algorithm, signature, b"message")
            assert not verify_signature(certificate.key, certificate.algorithm, signature, b"message")


@given(text=st.text(max_size=200))
def test_a_witness_key_of_nonsense_is_refused(text: str) -> None:
    with contextlib.suppress(InvalidError):
        assert parse_witness_key(text).text == text


def test_certificates_survive_being_written_as_text() -> None:
    for chain in TRUSTED:
        assert parse_certificates("".join(certificate_text(each) for each in chain)) == chain
