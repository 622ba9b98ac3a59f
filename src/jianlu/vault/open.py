"""Open: the plaintext of a sealed object, whole or by range, never more of it decrypted than asked for.

Nothing is returned that did not authenticate. What an event says of the object (digest, length, commitment) is checked by
`open_whole`; who may open it is for the caller to ask first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.segment import CHUNK_BYTES, HEAD_BYTES, SEALED_CHUNK_BYTES, ChunkOpener, Span
from jianlu.core.terms.suites import Suite
from jianlu.vault._checked import CheckedBlobs, checked
from jianlu.vault.keys import UnitKey, open_unit_key
from jianlu.vault.model import Place
from jianlu.vault.ports import Ranged, VaultPorts

BATCH_BYTES = 256 * CHUNK_BYTES
"""Plaintext that `open_stream` yields at a time: 4 MiB."""

_T = TypeVar("_T")
_BESIDE = ThreadPoolExecutor(8, thread_name_prefix="open-ahead")


def open_range(
    place: Place,
    start: int,
    length: int | None = None,
    *,
    using: VaultPorts,
    unit_key: UnitKey | None = None,
    checks_length: bool = False,
) -> bytes:
    """Plaintext [start, start+length) of the object at `place`, to its end without `length`.

    Only the chunks that hold the range are read and decrypted. The object's length is authenticated when the range touches the end
    or with `checks_length`. InvalidError for a range outside the object, NotFoundError when object or key is gone, IntegrityError when
    in every store that has it anything was altered, moved or cut.
    """
    ahead = _ask_ahead(place, start, length, using)
    key, suite = _object_key(place, using, unit_key)
    came = [ahead.result()] if ahead is not None else []

    def read(blobs: CheckedBlobs) -> bytes:
        return _read_range(place, (start, length), blobs, (key, suite), came.pop() if came else None, checks_length=checks_length)

    return _from_any(using, read)


def _read_range(
    place: Place,
    asked: tuple[int, int | None],
    blobs: CheckedBlobs,
    sealing: tuple[bytes, Suite],
    came: Ranged | None,
    *,
    checks_length: bool,
) -> bytes:
    (start, length), (key, suite) = asked, sealing
    opener = (_by_note(came, key, place.context(suite), suite) if came else None) or _opener(place, blobs, key, suite)
    wanted = opener.plain_bytes - start if length is None else length
    span = opener.span(start, max(wanted, 0))
    if checks_length and span.first_chunk + span.chunk_count <= opener.plain_bytes // CHUNK_BYTES:
        _open_span(blobs, place, opener, opener.last_span())
    offset = start - span.first_chunk * CHUNK_BYTES
    if came is not None and len(came.content) >= span.sealed_bytes:
        sealed = memoryview(came.content)[: span.sealed_bytes]
        return bytes(memoryview(opener.open_chunks(span, sealed))[offset : offset + max(wanted, 0)])
    return bytes(memoryview(_open_span(blobs, place, opener, span))[offset : offset + max(wanted, 0)])


def open_stream(
    place: Place, *, using: VaultPorts, unit_key: UnitKey | None = None, sealed_digest: str | None = None
) -> Iterator[bytes]:
    """The whole plaintext in parts of 4 MiB; the object's length is authenticated before the first.

    With `sealed_digest` the stored bytes are hashed on the way, and IntegrityError is raised after the last part if they are not the ones
    that were sealed. Errors as for `open_range`.
    """
    key, suite = _object_key(place, using, unit_key)

    def begun(blobs: CheckedBlobs) -> tuple[ChunkOpener, bytes]:
        opener = _opener(place, blobs, key, suite)
        _open_span(blobs, place, opener, opener.last_span())
        return opener, blobs.get_exactly(place.blob_name, 0, HEAD_BYTES)

    def part(span: Span, blobs: CheckedBlobs) -> tuple[bytes, bytes]:
        sealed = blobs.get_exactly(place.blob_name, span.sealed_start, span.sealed_bytes)
        return sealed, bytes(opener.open_chunks(span, sealed))

    opener, head = _from_any(using, begun)
    sealed_hash = hashlib.sha256(head)
    for start in range(0, max(opener.plain_bytes, 1), BATCH_BYTES):
        span = opener.span(start, min(BATCH_BYTES, opener.plain_bytes - start))
        sealed, plain = _from_any(using, partial(part, span))
        sealed_hash.update(sealed)
        yield plain
    if sealed_digest is not None and sealed_hash.hexdigest() != sealed_digest:
        raise IntegrityError("a stored object is not the one that was sealed: restore it from a replica")


def open_whole(place: Place, *, using: VaultPorts, unit_key: UnitKey | None = None, sealed_digest: str | None = None) -> bytes:
    """The whole plaintext in memory; as `open_stream`, and nothing is returned unless everything agreed."""
    return b"".join(open_stream(place, using=using, unit_key=unit_key, sealed_digest=sealed_digest))


def _from_any(using: VaultPorts, read: Callable[[CheckedBlobs], _T]) -> _T:
    """What `read` makes of the object where it is sealed or, where that was altered, of a copy that holds; the scrub mends the other.

    The first error where no copy holds.
    """
    try:
        return read(checked(using.blobs))
    except IntegrityError:
        for store in using.stores[1:]:
            with suppress(IntegrityError, NotFoundError, UnavailableError):
                return read(checked(store.blobs))
        raise


def _ask_ahead(place: Place, start: int, length: int | None, using: VaultPorts) -> Future[Ranged] | None:
    """The chunks of a range of a far object, asked for while its keys are opened: they lie where they lie whatever its head says.

    With them comes the head, where the store noted it when the object was put: then nothing else is asked of the store. The final chunk,
    which may be among them, is cut by the object's end. None where there is nothing to gain.
    """
    blobs = checked(using.blobs)
    if not blobs.is_far or start < 0 or length is None or not 0 < length <= BATCH_BYTES:
        return None
    first, last = start // CHUNK_BYTES, (start + length) // CHUNK_BYTES
    return _BESIDE.submit(
        blobs.ranged, place.blob_name, HEAD_BYTES + first * SEALED_CHUNK_BYTES, (last - first + 1) * SEALED_CHUNK_BYTES
    )


def _by_note(came: Ranged, key: bytes, context: bytes, suite: Suite) -> ChunkOpener | None:
    """The opener by the head that the store noted; None where it noted none, or one that this key does not open: the object's own counts.

    Only who has the key can make a head that fits it, and whatever it opens authenticates chunk by chunk.
    """
    if len(came.head) != HEAD_BYTES:
        return None
    try:
        return ChunkOpener(key, context, came.head, sealed_bytes=came.whole, suite=suite)
    except (InvalidError, IntegrityError):
        return None


def _object_key(place: Place, using: VaultPorts, unit_key: UnitKey | None) -> tuple[bytes, Suite]:
    key = unit_key or open_unit_key(using, place.tenant, place.unit)
    return key.open_sealing_key(place, using.key_blobs)


def _opener(place: Place, blobs: CheckedBlobs, key: bytes, suite: Suite) -> ChunkOpener:
    head, sealed_bytes = blobs.head(place.blob_name, HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        raise IntegrityError("a stored object is shorter than any sealed object: restore it from a replica")
    try:
        return ChunkOpener(key, place.context(suite), head, sealed_bytes=sealed_bytes, suite=suite)
    except InvalidError as error:
        raise IntegrityError("a stored object's header was altered, or a newer version wrote it: restore the object") from error


def _open_span(blobs: CheckedBlobs, place: Place, opener: ChunkOpener, span: Span) -> bytearray:
    return opener.open_chunks(span, blobs.get_exactly(place.blob_name, span.sealed_start, span.sealed_bytes))
