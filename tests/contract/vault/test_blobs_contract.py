"""The contract of `vault.ports.Blobs`, held by folders, buckets of a real S3 server and the in-memory fake, checked or not."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError
from jianlu.vault._checked import checked
from jianlu.vault.ports import Blobs
from tests.fakes.vault.buckets import BucketServer
from tests.fakes.vault.memory import MemoryBlobs

MAKERS: dict[str, Callable[[Path], Blobs]] = {
    "posix": PosixBlobs,
    "posix that erases": lambda root: PosixBlobs(root, erases=True),
    "memory": lambda root: MemoryBlobs(),
    "checked posix": lambda root: checked(PosixBlobs(root)),
    "checked memory": lambda root: checked(MemoryBlobs()),
}
BAD_NAMES = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/../b",
    "a/..",
    ".a",
    "a/.b",
    "A",
    "a b",
    "a\\b",
    "a\n",
    "a\x00b",
    "é",
    "a" * 101,
    "a/" * 8 + "a",
    "a..b",
]


BUCKETS = {"a plain bucket": "plain", "a locking bucket": "locking"}
_stores = itertools.count()


@pytest.fixture(params=[*MAKERS, *BUCKETS])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param in MAKERS:
        return MAKERS[request.param](tmp_path)
    server: BucketServer = request.getfixturevalue("seaweed")
    return checked(server.blobs(BUCKETS[request.param], f"contract/{next(_stores)}"))


@pytest.fixture(params=["posix", "memory", *BUCKETS])
def one_of_each(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """As `blobs`, for what takes a while."""
    server = request.getfixturevalue("seaweed") if request.param in BUCKETS else None
    return server.blobs(BUCKETS[request.param], f"long/{next(_stores)}") if server else MAKERS[request.param](tmp_path)


def test_what_was_put_in_parts_comes_back_whole_and_by_range(blobs: Blobs) -> None:
    blobs.put("t/u/a.v1.sealed", [b"hello ", bytearray(b"evidence"), memoryview(b"!")])
    assert blobs.get("t/u/a.v1.sealed") == b"hello evidence!"
    assert blobs.get("t/u/a.v1.sealed", 6, 8) == b"evidence"
    assert blobs.get("t/u/a.v1.sealed", 14) == b"!"
    assert blobs.size("t/u/a.v1.sealed") == 15
    assert blobs.exists("t/u/a.v1.sealed")


def test_a_range_beyond_the_end_is_cut_at_the_end(blobs: Blobs) -> None:
    blobs.put("a", [b"0123"])
    assert blobs.get("a", 2, 100) == b"23"
    assert blobs.get("a", 4, 1) == b""
    assert blobs.get("a", 100, 1) == b""
    assert blobs.get("a", 0, 0) == b""


def test_a_head_comes_with_the_length_of_the_whole(blobs: Blobs) -> None:
    blobs.put("a", [b"0123456789"])
    assert checked(blobs).head("a", 4) == (b"0123", 10)
    assert checked(blobs).head("a", 100) == (b"0123456789", 10)
    blobs.put("empty", [])
    assert checked(blobs).head("empty", 4) == (b"", 0)
    with pytest.raises(NotFoundError):
        checked(blobs).head("b", 4)


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    blobs.put("empty", [])
    assert blobs.exists("empty")
    assert blobs.size("empty") == 0
    assert blobs.get("empty") == b""


def test_putting_the_same_content_again_changes_nothing(blobs: Blobs) -> None:
    blobs.put("a", [b"same", b""])
    blobs.put("a", [b"sa", b"me"])
    assert blobs.get("a") == b"same"


@pytest.mark.parametrize("other", [b"other", b"", b"sam", b"same and more"])
def test_a_blob_is_never_overwritten(blobs: Blobs, other: bytes) -> None:
    blobs.put("a", [b"same"])
    with pytest.raises(ConflictError):
        blobs.put("a", [other])
    assert blobs.get("a") == b"same"


def test_parts_that_fail_leave_nothing(blobs: Blobs) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise InvalidError("the source broke")

    with pytest.raises(InvalidError):
        blobs.put("t/a", broken())
    assert not blobs.exists("t/a")
    assert list(blobs.names()) == []
    blobs.put("t/a", [b"whole"])
    assert blobs.get("t/a") == b"whole"


def test_a_buffer_may_be_reused_between_parts(blobs: Blobs) -> None:
    buffer = bytearray(4)

    def parts() -> Iterator[memoryview]:
        for number in range(3):
            buffer[:] = bytes([number]) * 4
            yield memoryview(buffer)

    blobs.put("a", parts())
    assert blobs.get("a") == bytes([0] * 4 + [1] * 4 + [2] * 4)


def test_an_absent_blob_is_not_found(blobs: Blobs) -> None:
    blobs.put("a", [b"x"])
    for name in ("b", "a/b", "t/u/v"):
        assert not blobs.exists(name)
        with pytest.raises(NotFoundError):
            blobs.get(name)
        with pytest.raises(NotFoundError):
            blobs.size(name)


def test_deleting_is_idempotent_and_frees_the_name(blobs: Blobs) -> None:
    blobs.put("t/a", [b"x"])
    blobs.delete("t/a")
    blobs.delete("t/a")
    blobs.delete("never/was")
    assert not blobs.exists("t/a")
    blobs.put("t/a", [b"y"])
    assert blobs.get("t/a") == b"y"


def test_names_are_sorted_and_chosen_by_prefix(blobs: Blobs) -> None:
    for name in ("b/x", "a/y.v2", "a/y.v10", "ab/z", "c"):
        blobs.put(name, [name.encode()])
    assert list(blobs.names()) == ["a/y.v10", "a/y.v2", "ab/z", "b/x", "c"]
    assert list(blobs.names("a")) == ["a/y.v10", "a/y.v2", "ab/z"]
    assert list(blobs.names("a/")) == ["a/y.v10", "a/y.v2"]
    assert list(blobs.names("a/y.v1")) == ["a/y.v10"]
    assert list(blobs.names("nothing/here/")) == []


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_other_names_are_accepted(blobs: Blobs, name: str) -> None:
    with pytest.raises(InvalidError):
        blobs.put(name, [b"x"])
    for use in (blobs.get, blobs.size, blobs.exists, blobs.delete):
        with pytest.raises(InvalidError):
            use(name)
    assert list(blobs.names()) == []


@pytest.mark.parametrize("prefix", ["../", "/", "a/../../"])
def test_a_prefix_does_not_lead_out(blobs: Blobs, prefix: str) -> None:
    with pytest.raises(InvalidError):
        list(blobs.names(prefix))


def test_of_many_writers_of_one_name_exactly_one_wins(blobs: Blobs) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            blobs.put("t/contested", [bytes([number]) * 1000])
            outcomes.append("won")
        except ConflictError:
            outcomes.append("lost")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    assert len(set(blobs.get("t/contested"))) == 1


def long_parts() -> Iterator[bytes]:
    """12 MiB and a bit: three parts of the smallest size, in buffers of another size."""
    for number in range(49):
        yield bytes([number]) * ((256 << 10) + (7 if number == 48 else 0))


def test_a_long_blob_comes_back_whole_and_by_range(one_of_each: Blobs) -> None:
    one_of_each.put("t/long", long_parts())
    content = b"".join(long_parts())
    assert one_of_each.size("t/long") == len(content)
    assert hashlib.sha256(one_of_each.get("t/long")).digest() == hashlib.sha256(content).digest()
    assert one_of_each.get("t/long", (5 << 20) - 3, 7) == content[(5 << 20) - 3 : (5 << 20) + 4]
    one_of_each.put("t/long", [content])
    with pytest.raises(ConflictError):
        one_of_each.put("t/long", [content, b"!"])
    assert one_of_each.get("t/long", len(content) - 7) == bytes([48]) * 7


def test_of_many_long_writers_of_one_name_exactly_one_wins(one_of_each: Blobs) -> None:
    """A server may acknowledge two of them when both end in one instant: whoever reads back what another wrote has not won either."""
    outcomes: dict[int, str] = {}
    start = threading.Barrier(3)

    def write(number: int) -> None:
        start.wait()
        try:
            one_of_each.put("t/contested", (bytes([number]) * (1 << 20) for _ in range(6)))
            outcomes[number] = "won"
        except (ConflictError, IntegrityError):
            outcomes[number] = "lost"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.values()) == ["lost", "lost", "won"]
    (winner,) = [number for number, outcome in outcomes.items() if outcome == "won"]
    assert set(one_of_each.get("t/contested")) == {winner}


def test_long_parts_that_fail_leave_nothing(one_of_each: Blobs) -> None:
    def broken() -> Iterator[bytes]:
        yield from long_parts()
        raise InvalidError("the source broke")

    with pytest.raises(InvalidError):
        one_of_each.put("t/a", broken())
    assert not one_of_each.exists("t/a")
    assert list(one_of_each.names()) == []
