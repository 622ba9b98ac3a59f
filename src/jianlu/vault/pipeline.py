"""The sealing pipeline: read and encrypt, hash the plaintext, hash the ciphertext, and the caller's write, side by side.

SHA-256 is the slowest step and both digests are needed, so each has a thread; hashing, reading and writing release the
interpreter. Buffers are few and reused. Small objects are sealed in place, without threads.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from jianlu.core.formats.segment import CHUNK_BYTES, SEALED_CHUNK_BYTES, ChunkSealer
from jianlu.core.terms.suites import Suite
from jianlu.vault.ports import Buffer

BATCH_BYTES = 256 * CHUNK_BYTES
"""4 MiB: two milliseconds of hashing, so that handing over between threads costs next to nothing."""

_SLOTS = 4
_INLINE_BYTES_MAX = 2 * BATCH_BYTES


class ReadableInto(Protocol):
    """A binary stream, as files opened for reading without text decoding are."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the front of `buffer`; 0 at the end."""
        ...


class _Slot:
    """One batch on its way: plaintext, its ciphertext, and the hashing that still reads them."""

    def __init__(self) -> None:
        self.plain_buffer = memoryview(bytearray(BATCH_BYTES))
        self.sealed = memoryview(bytearray(SEALED_CHUNK_BYTES * (BATCH_BYTES // CHUNK_BYTES + 1)))
        self.sealed_bytes = 0
        self.is_last = False
        self.plain_hashed: Future[None] = Future()


class SealedStream:
    """Iterating once yields the sealed object's bytes in order, in buffers that are reused; afterwards the digests are known.

    `content` is consumed once. An exception of its `readinto` passes through. Digests and sizes are valid only after the last part.
    """

    def __init__(self, key: bytes, context: bytes, content: Buffer | ReadableInto, *, suite: Suite = Suite.INTERNATIONAL) -> None:
        self._sealer = ChunkSealer(key, context, suite=suite)
        self._content = content
        self._plain_hash = hashlib.sha256()
        self._sealed_hash = hashlib.sha256()
        self._has_ended = False
        self.plain_bytes = 0
        self.sealed_bytes = 0

    @property
    def plain_digest(self) -> str:
        """SHA-256 of the plaintext, hexadecimal."""
        return self._plain_hash.hexdigest()

    @property
    def sealed_digest(self) -> str:
        """SHA-256 of the sealed object, hexadecimal."""
        return self._sealed_hash.hexdigest()

    def __iter__(self) -> Iterator[Buffer]:
        self._sealed_hash.update(self._sealer.head)
        self.sealed_bytes = len(self._sealer.head)
        yield self._sealer.head
        if isinstance(self._content, Buffer):
            content = memoryview(self._content).cast("B")
            if len(content) <= _INLINE_BYTES_MAX:
                yield self._seal_inline(content)
                return
        yield from self._seal_piped()

    def _seal_inline(self, plain: memoryview) -> Buffer:
        sealed = memoryview(bytearray(SEALED_CHUNK_BYTES * (len(plain) // CHUNK_BYTES + 1)))
        written = self._sealer.seal_chunks(plain, sealed, is_last=True)
        self._plain_hash.update(plain)
        self._sealed_hash.update(sealed[:written])
        self.plain_bytes, self.sealed_bytes = len(plain), self.sealed_bytes + written
        return sealed[:written]

    def _seal_piped(self) -> Iterator[Buffer]:
        with ThreadPoolExecutor(1) as feeder, ThreadPoolExecutor(1) as plain_hasher, ThreadPoolExecutor(1) as sealed_hasher:
            coming = deque(feeder.submit(self._fill, _Slot(), plain_hasher) for _ in range(_SLOTS))
            is_last = False
            while not is_last:
                slot = coming.popleft().result()
                sealed = slot.sealed[: slot.sealed_bytes]
                sealed_hashed = sealed_hasher.submit(self._sealed_hash.update, sealed)
                self.sealed_bytes += len(sealed)
                yield sealed
                sealed_hashed.result()
                slot.plain_hashed.result()
                is_last = slot.is_last
                coming.append(feeder.submit(self._fill, slot, plain_hasher))

    def _fill(self, slot: _Slot, plain_hasher: ThreadPoolExecutor) -> _Slot:
        """Take the next batch into `slot`; after the last one, nothing (slots are filled ahead of need)."""
        if self._has_ended:
            return slot
        plain = self._next_batch(slot.plain_buffer)
        slot.is_last = self._has_ended = len(plain) < BATCH_BYTES
        slot.plain_hashed = plain_hasher.submit(self._plain_hash.update, plain)
        slot.sealed_bytes = self._sealer.seal_chunks(plain, slot.sealed, is_last=slot.is_last)
        self.plain_bytes += len(plain)
        return slot

    def _next_batch(self, buffer: memoryview) -> memoryview:
        """The next `BATCH_BYTES` of the content, fewer only at its end: a slice of it, or what a stream wrote into `buffer`."""
        if isinstance(self._content, Buffer):
            return memoryview(self._content).cast("B")[self.plain_bytes : self.plain_bytes + BATCH_BYTES]
        filled = 0
        while filled < BATCH_BYTES and (count := self._content.readinto(buffer[filled:])):
            filled += count
        return buffer[:filled]
