"""Sealing and opening through the ports: lengths around every batch border, ranges, flat buffers, errors of the store."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.core.formats.segment import CHUNK_BYTES, HEAD_BYTES, SEALED_CHUNK_BYTES, sealed_length
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.vault._checked import checked
from jianlu.vault.case_log import open_case_log
from jianlu.vault.keys import create_unit_key
from jianlu.vault.model import Draft, Place, Plaintext
from jianlu.vault.open import open_range, open_stream, open_whole
from jianlu.vault.pipeline import BATCH_BYTES
from jianlu.vault.ports import Buffer, Ranged, VaultPorts
from jianlu.vault.seal import seal
from tests.fakes.vault.home import CASE, TENANT
from tests.fakes.vault.memory import MemoryBlobs

PLACE = Place(tenant_id(TENANT), CASE, object_id("big"), 1)
LENGTHS = [
    0,
    1,
    CHUNK_BYTES,
    2 * BATCH_BYTES,
    2 * BATCH_BYTES + 1,
    3 * BATCH_BYTES - 1,
    3 * BATCH_BYTES,
    5 * BATCH_BYTES + CHUNK_BYTES + 3,
]


def content_of(length: int) -> bytes:
    return (bytes(range(256)) * (length // 256 + 1))[:length]


class DribblingStream(io.RawIOBase):
    """A stream that returns less than asked for, as pipes and sockets do."""

    def __init__(self, content: bytes) -> None:
        self._rest = memoryview(content)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), 100_003, len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO, DribblingStream])
@pytest.mark.parametrize("length", LENGTHS)
def test_every_kind_of_plaintext_of_every_length_is_sealed_alike(small_vault: VaultPorts, kind: type, length: int) -> None:
    content = content_of(length)
    plaintext: Plaintext = kind(content)
    sealed = seal(Draft(PLACE, plaintext), using=small_vault)
    stored = small_vault.blobs.get(PLACE.blob_name)
    assert (sealed.plain_bytes, sealed.sealed_bytes) == (length, sealed_length(length)) == (length, len(stored))
    assert sealed.plain_digest == hashlib.sha256(content).hexdigest()
    assert sealed.sealed_digest == hashlib.sha256(stored).hexdigest()
    assert open_whole(PLACE, using=small_vault, sealed_digest=sealed.sealed_digest) == content
    assert max((len(part) for part in open_stream(PLACE, using=small_vault)), default=0) <= BATCH_BYTES


def test_a_range_reads_only_the_chunks_that_it_needs(small_vault: VaultPorts) -> None:
    class CountingBlobs(MemoryBlobs):
        read_bytes = 0

        def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
            found = super().get(name, start, length)
            self.read_bytes += len(found)
            return found

    blobs = CountingBlobs()
    using = replace(small_vault, blobs=blobs)
    content = content_of(2 * BATCH_BYTES)
    seal(Draft(PLACE, content), using=using)
    assert open_range(PLACE, 5 * CHUNK_BYTES + 10, 100, using=using) == content[5 * CHUNK_BYTES + 10 :][:100]
    assert blobs.read_bytes == HEAD_BYTES + CHUNK_BYTES + 16


def test_ranges_at_the_edges(small_vault: VaultPorts) -> None:
    content = content_of(3 * CHUNK_BYTES)
    seal(Draft(PLACE, content), using=small_vault)
    assert open_range(PLACE, 0, using=small_vault) == content
    assert open_range(PLACE, len(content), using=small_vault) == b""
    assert open_range(PLACE, CHUNK_BYTES - 1, 2, using=small_vault) == content[CHUNK_BYTES - 1 : CHUNK_BYTES + 1]
    assert open_range(PLACE, 7, 0, using=small_vault) == b""
    for start, length in ((-1, 1), (0, len(content) + 1), (len(content) + 1, 0), (len(content) + 1, None)):
        with pytest.raises(InvalidError):
            open_range(PLACE, start, length, using=small_vault)


class NotingBlobs(MemoryBlobs):
    """As a bucket: every range comes with the blob's head as it was noted, here as the test wants it, and its length."""

    is_far = True

    def __init__(self, note: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self.note, self.asked = note, list[str]()

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        self.asked.append("head")
        return super().get(name, 0, length), self.size(name)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        self.asked.append("get")
        return super().get(name, start, length)

    def ranged(self, name: str, start: int, length: int) -> Ranged:
        self.asked.append("ranged")
        whole = self._found(name)
        if start >= len(whole):
            return Ranged(b"", b"", 0)
        return Ranged(whole[start : start + length], self.note(whole[:HEAD_BYTES]), len(whole))


NOTES: dict[str, Callable[[bytes], bytes]] = {
    "right": lambda head: head,
    "none": lambda head: b"",
    "cut": lambda head: head[:-1],
    "of another suite": lambda head: head[:6] + b"\x02" + head[7:],
    "another salt": lambda head: head[:8] + bytes([head[8] ^ 1]) + head[9:],
    "no head": lambda head: bytes(HEAD_BYTES),
}


@pytest.mark.parametrize("note", NOTES)
def test_a_far_range_comes_in_one_request_and_a_wrong_note_costs_another(small_vault: VaultPorts, note: str) -> None:
    plain, blobs = content_of(5 * CHUNK_BYTES + 3), NotingBlobs(NOTES[note])
    using = replace(small_vault, blobs=blobs)
    seal(Draft(PLACE, plain), using=using)
    ends = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 5 * CHUNK_BYTES, len(plain)]
    for start, end in ((start, end) for start in ends for end in ends if start < end):
        blobs.asked.clear()
        assert open_range(PLACE, start, end - start, using=using) == plain[start:end]
        assert blobs.asked == (["ranged"] if note == "right" else ["ranged", "head"])
    with pytest.raises(InvalidError):
        open_range(PLACE, len(plain), 1, using=using)


def test_a_right_note_beside_altered_bytes_opens_none_of_them(small_vault: VaultPorts) -> None:
    plain, blobs = content_of(3 * CHUNK_BYTES), NotingBlobs(lambda head: head)
    using = replace(small_vault, blobs=blobs)
    seal(Draft(PLACE, plain), using=using)
    whole = bytearray(blobs.contents[PLACE.blob_name])
    whole[HEAD_BYTES + SEALED_CHUNK_BYTES + 7] ^= 1
    blobs.contents[PLACE.blob_name] = bytes(whole)
    with pytest.raises(IntegrityError):
        open_range(PLACE, CHUNK_BYTES - 10, 20, using=using)
    assert open_range(PLACE, 5, 20, using=using) == plain[5:25]
    blobs.contents[PLACE.blob_name] = bytes(whole[:-1])  # and one that is shorter than any of its length is refused
    with pytest.raises(IntegrityError):
        open_range(PLACE, 2 * CHUNK_BYTES, CHUNK_BYTES, using=using)


def test_a_cut_object_is_noticed_where_the_length_matters(small_vault: VaultPorts) -> None:
    assert isinstance(small_vault.blobs, MemoryBlobs)
    seal(Draft(PLACE, content_of(3 * CHUNK_BYTES + 9)), using=small_vault)
    stored = small_vault.blobs.contents[PLACE.blob_name]
    small_vault.blobs.contents[PLACE.blob_name] = stored[: -(16 + 9)] + stored[-(16 + 9) : -1]
    assert len(open_range(PLACE, 0, 100, using=small_vault)) == 100, "these bytes are authentic, whatever the length"
    with pytest.raises(IntegrityError):
        open_range(PLACE, 0, 100, using=small_vault, checks_length=True)
    with pytest.raises(IntegrityError):
        open_range(PLACE, 3 * CHUNK_BYTES, using=small_vault)
    with pytest.raises(IntegrityError):
        next(open_stream(PLACE, using=small_vault))


def test_a_long_cut_object_yields_not_even_its_beginning(small_vault: VaultPorts) -> None:
    assert isinstance(small_vault.blobs, MemoryBlobs)
    seal(Draft(PLACE, content_of(2 * BATCH_BYTES + 5)), using=small_vault)
    stored = small_vault.blobs.contents[PLACE.blob_name]
    for cut in (stored[:-1], stored[: -(16 + 5)], stored[: len(stored) // 2]):
        small_vault.blobs.contents[PLACE.blob_name] = cut
        with pytest.raises(IntegrityError):
            next(open_stream(PLACE, using=small_vault))


def test_an_object_whose_key_cannot_be_stored_is_not_reported_as_sealed(small_vault: VaultPorts) -> None:
    create_unit_key(small_vault, PLACE.tenant, PLACE.unit)

    class ReadOnlyBlobs(MemoryBlobs):
        def put(self, name: str, parts: Iterable[Buffer]) -> None:
            raise OSError(errno.EROFS, "read-only")

    assert isinstance(small_vault.key_blobs, MemoryBlobs)
    read_only = ReadOnlyBlobs()
    read_only.contents = small_vault.key_blobs.contents
    with pytest.raises(UnavailableError, match="EROFS"):
        seal(Draft(PLACE, b"x"), using=replace(small_vault, key_blobs=read_only))
    log = open_case_log(replace(small_vault, key_blobs=read_only), TENANT, CASE)
    with pytest.raises(UnavailableError):
        log.seal_and_append(EventType.PLAN_FROZEN, "plan", b"plan", {"packs": []})
    assert (log.events, small_vault.ledger.size) == ((), 0)


def test_an_absent_object_is_not_found(small_vault: VaultPorts) -> None:
    with pytest.raises(NotFoundError):
        open_whole(PLACE, using=small_vault)
    seal(Draft(PLACE, b"x"), using=small_vault)
    small_vault.blobs.delete(PLACE.blob_name)
    with pytest.raises(NotFoundError):
        open_whole(PLACE, using=small_vault)


def test_a_place_is_sealed_once(small_vault: VaultPorts) -> None:
    seal(Draft(PLACE, b"first"), using=small_vault)
    with pytest.raises(ConflictError):
        seal(Draft(PLACE, b"first"), using=small_vault)
    assert open_whole(PLACE, using=small_vault) == b"first"


def test_a_source_that_breaks_leaves_no_object(small_vault: VaultPorts) -> None:
    class BreakingStream(DribblingStream):
        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            return super().readinto(buffer) or self._break()

        def _break(self) -> int:
            raise OSError(errno.EIO, "the source broke")

    with pytest.raises(UnavailableError):
        seal(Draft(PLACE, BreakingStream(content_of(3 * BATCH_BYTES))), using=small_vault)
    assert not small_vault.blobs.exists(PLACE.blob_name)
    seal(Draft(PLACE, b"second try"), using=small_vault)
    assert open_whole(PLACE, using=small_vault) == b"second try"


class FailingBlobs(MemoryBlobs):
    """A store whose every use fails with one error."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        raise self._error

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        raise self._error

    def size(self, name: str) -> int:
        raise self._error

    def exists(self, name: str) -> bool:
        raise self._error

    def names(self, prefix: str = "") -> Iterator[str]:
        raise self._error

    def delete(self, name: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EIO, "EIO"), (errno.EACCES, "EACCES"), (errno.EROFS, "EROFS")],
)
def test_every_stray_error_of_a_store_becomes_ours_with_the_next_step(number: int, message: str) -> None:
    store = checked(FailingBlobs(OSError(number, "device")))
    uses: list[Callable[[], object]] = [
        lambda: store.put("a", []),
        lambda: store.get("a"),
        lambda: store.size("a"),
        lambda: store.exists("a"),
        lambda: list(store.names()),
        lambda: store.delete("a"),
    ]
    for use in uses:
        with pytest.raises(UnavailableError, match=message) as caught:
            use()
        assert "try again" in str(caught.value)


def test_a_store_that_lies_about_lengths_is_not_believed() -> None:
    class LyingBlobs(MemoryBlobs):
        def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
            return b"0123456789"

    store = checked(LyingBlobs())
    with pytest.raises(IntegrityError):
        store.get("a", 0, 5)
    with pytest.raises(IntegrityError):
        store.get_exactly("a", 0, 11)
    for start, length in ((-1, 1), (0, -1)):
        with pytest.raises(InvalidError):
            store.get("a", start, length)


def test_wrapping_a_store_twice_changes_nothing() -> None:
    store = checked(MemoryBlobs())
    assert checked(store) is store
    with pytest.raises(JianluError):
        store.get("absent")
