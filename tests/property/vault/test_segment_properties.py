"""Properties of sealed objects and key records: any range is the slice, and outside bytes end in our errors."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.segment import (
    CHUNK_BYTES,
    HEAD_BYTES,
    HEADER,
    ChunkOpener,
    ChunkSealer,
    open_bytes,
    seal_bytes,
    sealed_length,
)
from jianlu.core.terms.suites import Suite
from jianlu.vault.keys import derive_wrapping_key, unwrap_key, wrap_key

KEY, CONTEXT = bytes(range(32)), b"place"
SUITES = pytest.mark.parametrize("suite", Suite)
WRAPPING = {suite: derive_wrapping_key(KEY, b"test", suite) for suite in Suite}
LENGTHS = st.one_of(st.integers(0, 300), st.integers(CHUNK_BYTES - 2, CHUNK_BYTES + 2), st.integers(0, 4 * CHUNK_BYTES))


@SUITES
@given(length=LENGTHS, first=st.integers(0, 1 << 20), second=st.integers(0, 1 << 20))
def test_any_range_is_the_slice_of_the_plaintext(suite: Suite, length: int, first: int, second: int) -> None:
    plain = bytes(number * 31 % 253 for number in range(length))
    sealed = seal_bytes(KEY, CONTEXT, plain, suite=suite)
    start, end = sorted((first % (length + 1), second % (length + 1)))
    opener = ChunkOpener(KEY, CONTEXT, sealed[:HEAD_BYTES], sealed_bytes=len(sealed), suite=suite)
    span = opener.span(start, end - start)
    chunks = opener.open_chunks(span, sealed[span.sealed_start : span.sealed_start + span.sealed_bytes])
    offset = start - span.first_chunk * CHUNK_BYTES
    assert chunks[offset : offset + end - start] == plain[start:end]


@SUITES
@given(batches=st.lists(st.integers(0, 3), max_size=4), tail=st.integers(0, 2 * CHUNK_BYTES))
def test_sealing_in_batches_gives_the_bytes_of_sealing_at_once(suite: Suite, batches: list[int], tail: int) -> None:
    plain = bytes(number % 255 for number in range(sum(batches) * CHUNK_BYTES + tail))
    sealer = ChunkSealer(KEY, CONTEXT, suite=suite, salt=bytes(24))
    sealed, start = bytearray(sealer.head), 0
    for end in (*batches, None):
        piece = memoryview(plain)[start:] if end is None else memoryview(plain)[start : start + end * CHUNK_BYTES]
        room = memoryview(bytearray(len(piece) + 16 * (len(piece) // CHUNK_BYTES + 1)))
        sealed += room[: sealer.seal_chunks(piece, room, is_last=end is None)]
        start += len(piece)
    assert sealed == seal_bytes(KEY, CONTEXT, plain, suite=suite, salt=bytes(24))
    assert len(sealed) == sealed_length(len(plain))


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda rest: HEADER + rest)))
def test_random_bytes_are_never_a_sealed_object(content: bytes) -> None:
    with pytest.raises((InvalidError, IntegrityError)):
        open_bytes(KEY, CONTEXT, content)


@SUITES
@given(draws=st.data())
def test_any_single_change_of_a_sealed_object_is_refused(suite: Suite, draws: st.DataObject) -> None:
    sealed = bytearray(seal_bytes(KEY, CONTEXT, draws.draw(st.binary(max_size=200)), suite=suite))
    place = draws.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= draws.draw(st.integers(1, 255))
    with pytest.raises((InvalidError, IntegrityError)):
        open_bytes(KEY, CONTEXT, bytes(sealed), suite=suite)


@given(
    st.one_of(
        st.binary(max_size=400),
        st.dictionaries(st.text(max_size=12), st.one_of(st.text(max_size=70), st.integers())).map(
            lambda it: json.dumps(it).encode()
        ),
    )
)
def test_random_bytes_are_never_a_key_record(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        unwrap_key(content, KEY, "unit/t/u")


@SUITES
@given(field=st.sampled_from(["format", "suite", "context", "wrapped_by", "nonce", "wrapped"]), value=st.text(max_size=100))
def test_a_key_record_with_any_changed_field_is_refused(suite: Suite, field: str, value: str) -> None:
    record = wrap_key(bytes(32), WRAPPING[suite], "unit/t/u", suite=suite)
    fields = json.loads(record)
    if fields[field] == value:
        return
    with pytest.raises(IntegrityError):
        unwrap_key(
            json.dumps({**fields, field: value}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
                errors="replace"
            ),
            WRAPPING[suite],
            "unit/t/u",
            suite=suite,
        )
    assert canonical_bytes(fields) == record
    assert unwrap_key(record, WRAPPING[suite], "unit/t/u", suite=suite) == bytes(32)
