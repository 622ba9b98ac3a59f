"""`core.formats.segment`: chunk arithmetic, ranges, headers and contexts at their edges."""

from __future__ import annotations

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.segment import (
    CHUNK_BYTES,
    HEAD_BYTES,
    TAG_BYTES,
    ChunkOpener,
    ChunkSealer,
    object_context,
    open_bytes,
    plain_length,
    seal_bytes,
    sealed_length,
)
from jianlu.core.terms.suites import Suite

KEY = bytes(range(32))
CONTEXT = object_context(tenant="bank-a", unit="c" + "a2" * 13, object="seg-000001", version=1)
EDGES = [
    0,
    1,
    TAG_BYTES,
    CHUNK_BYTES - 1,
    CHUNK_BYTES,
    CHUNK_BYTES + 1,
    2 * CHUNK_BYTES - 1,
    2 * CHUNK_BYTES,
    3 * CHUNK_BYTES + 7,
]


def plaintext_of(length: int) -> bytes:
    return bytes(number * 7 % 251 for number in range(length))


@pytest.mark.parametrize("length", EDGES)
def test_every_edge_length_opens_to_itself_with_the_computed_size(length: int) -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(length))
    assert len(sealed) == sealed_length(length)
    assert plain_length(len(sealed)) == length
    assert open_bytes(KEY, CONTEXT, sealed) == plaintext_of(length)


def test_two_sealings_of_one_plaintext_share_nothing() -> None:
    first, second = seal_bytes(KEY, CONTEXT, bytes(100)), seal_bytes(KEY, CONTEXT, bytes(100))
    assert first[:8] == second[:8]
    assert not any(first[at : at + 16] == second[at : at + 16] for at in range(8, len(first) - 16))


@pytest.mark.parametrize("length", EDGES)
def test_cutting_anywhere_near_a_chunk_border_is_refused(length: int) -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(length))
    for keep in {0, 7, 8, HEAD_BYTES - 1, HEAD_BYTES, len(sealed) - 1, len(sealed) - TAG_BYTES, len(sealed) - TAG_BYTES - 1}:
        if keep < len(sealed):
            with pytest.raises((IntegrityError, InvalidError)):
                open_bytes(KEY, CONTEXT, sealed[:keep])


def test_dropping_whole_chunks_is_refused() -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(3 * CHUNK_BYTES + 7))
    for chunks in (0, 1, 2, 3):
        with pytest.raises(IntegrityError):
            open_bytes(KEY, CONTEXT, sealed[: HEAD_BYTES + chunks * (CHUNK_BYTES + TAG_BYTES)])


@pytest.mark.parametrize("length", EDGES)
def test_an_extended_object_is_refused(length: int) -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(length))
    for extra in (1, TAG_BYTES, CHUNK_BYTES, CHUNK_BYTES + TAG_BYTES):
        with pytest.raises(IntegrityError):
            open_bytes(KEY, CONTEXT, sealed + bytes(extra))
        with pytest.raises(IntegrityError):
            open_bytes(KEY, CONTEXT, sealed + sealed[-extra:])


def test_swapped_chunks_are_refused() -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(3 * CHUNK_BYTES))
    width = CHUNK_BYTES + TAG_BYTES
    first, second = sealed[HEAD_BYTES : HEAD_BYTES + width], sealed[HEAD_BYTES + width : HEAD_BYTES + 2 * width]
    with pytest.raises(IntegrityError, match="chunk 0"):
        open_bytes(KEY, CONTEXT, sealed[:HEAD_BYTES] + second + first + sealed[HEAD_BYTES + 2 * width :])


def test_every_flipped_bit_of_a_small_object_is_refused() -> None:
    sealed = seal_bytes(KEY, CONTEXT, b"evidence")
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises((IntegrityError, InvalidError)):
            open_bytes(KEY, CONTEXT, bytes(altered))


def test_an_altered_chunk_is_named() -> None:
    sealed = bytearray(seal_bytes(KEY, CONTEXT, plaintext_of(5 * CHUNK_BYTES)))
    sealed[HEAD_BYTES + 3 * (CHUNK_BYTES + TAG_BYTES) + 100] ^= 1
    with pytest.raises(IntegrityError, match="chunk 3 "):
        open_bytes(KEY, CONTEXT, bytes(sealed))


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "bank-b"},
        {"unit": "c" + "b3" * 13},
        {"object": "seg-000002"},
        {"version": 2},
        {"suite": Suite.SM},
    ],
)
def test_an_object_opens_only_at_its_place(other: dict[str, object]) -> None:
    place: dict[str, object] = {"tenant": "bank-a", "unit": "c" + "a2" * 13, "object": "seg-000001", "version": 1}
    sealed = seal_bytes(KEY, CONTEXT, b"evidence")
    moved = object_context(**{**place, **other})  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match="swapped"):
        open_bytes(KEY, moved, sealed)


def test_another_key_is_refused_before_any_chunk() -> None:
    sealed = seal_bytes(KEY, CONTEXT, b"evidence")
    with pytest.raises(IntegrityError, match="not sealed with this key"):
        ChunkOpener(bytes(32), CONTEXT, sealed[:HEAD_BYTES], sealed_bytes=len(sealed))


def test_a_range_needs_only_its_own_chunks() -> None:
    plain = plaintext_of(10 * CHUNK_BYTES + 5)
    sealed = seal_bytes(KEY, CONTEXT, plain)
    opener = ChunkOpener(KEY, CONTEXT, sealed[:HEAD_BYTES], sealed_bytes=len(sealed))
    span = opener.span(2 * CHUNK_BYTES + 1, CHUNK_BYTES)
    assert (span.first_chunk, span.chunk_count) == (2, 2)
    chunks = opener.open_chunks(span, sealed[span.sealed_start : span.sealed_start + span.sealed_bytes])
    assert chunks == plain[2 * CHUNK_BYTES : 4 * CHUNK_BYTES]


def test_a_range_that_touches_the_end_includes_the_last_chunk() -> None:
    sealed = seal_bytes(KEY, CONTEXT, plaintext_of(2 * CHUNK_BYTES))
    opener = ChunkOpener(KEY, CONTEXT, sealed[:HEAD_BYTES], sealed_bytes=len(sealed))
    assert opener.span(CHUNK_BYTES, CHUNK_BYTES).chunk_count == 2
    assert opener.span(CHUNK_BYTES, CHUNK_BYTES - 1).chunk_count == 1
    assert opener.last_span().sealed_bytes == TAG_BYTES


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, 11), (11, 0), (5, 6), (0, -1)])
def test_a_range_outside_the_object_is_refused(start: int, length: int) -> None:
    sealed = seal_bytes(KEY, CONTEXT, bytes(10))
    opener = ChunkOpener(KEY, CONTEXT, sealed[:HEAD_BYTES], sealed_bytes=len(sealed))
    with pytest.raises(InvalidError):
        opener.span(start, length)


@pytest.mark.parametrize(
    "head", [b"", b"JLSEAL", b"JLSEAX\x01\x01" + bytes(56), b"JLSEAL\x03\x01" + bytes(56), b"JLSEAL\x01\x02" + bytes(56)]
)
def test_foreign_headers_are_refused(head: bytes) -> None:
    with pytest.raises(InvalidError):
        ChunkOpener(KEY, CONTEXT, head, sealed_bytes=1000)


@pytest.mark.parametrize(
    "place",
    [
        {"tenant": "Bank"},
        {"tenant": ""},
        {"unit": "a\x00b"},
        {"unit": ""},
        {"object": "../x"},
        {"version": 0},
        {"version": 1 << 31},
    ],
)
def test_a_context_holds_only_well_formed_names(place: dict[str, object]) -> None:
    good: dict[str, object] = {"tenant": "bank-a", "unit": "u", "object": "o", "version": 1}
    with pytest.raises(InvalidError):
        object_context(**{**good, **place})  # type: ignore[arg-type]


def test_a_sealer_takes_whole_chunks_and_ends_once() -> None:
    sealer, room = ChunkSealer(KEY, CONTEXT), memoryview(bytearray(2 * CHUNK_BYTES))
    with pytest.raises(InvalidError):
        sealer.seal_chunks(memoryview(bytes(CHUNK_BYTES - 1)), room, is_last=False)
    sealer.seal_chunks(memoryview(b"end"), room, is_last=True)
    with pytest.raises(InvalidError):
        sealer.seal_chunks(memoryview(b""), room, is_last=True)


@pytest.mark.parametrize(("key", "salt"), [(bytes(31), bytes(24)), (bytes(32), bytes(23)), (bytes(32), b"")])
def test_keys_and_salts_have_their_lengths(key: bytes, salt: bytes) -> None:
    with pytest.raises(InvalidError):
        seal_bytes(key, CONTEXT, b"", salt=salt)
