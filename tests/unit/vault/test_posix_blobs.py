"""What only the POSIX store does: file modes, leftovers of crashed writers, erasing, several processes."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.backends.blobs.posix import PosixBlobs
from jianlu.core.errors import ConflictError


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    PosixBlobs(tmp_path).put("t/u/a", [b"x"])
    assert stat.S_IMODE((tmp_path / "t/u/a").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "t/u").stat().st_mode) == 0o700


def test_nothing_is_left_beside_the_blob(tmp_path: Path) -> None:
    blobs = PosixBlobs(tmp_path)
    blobs.put("a", [b"x"])
    with pytest.raises(ConflictError):
        blobs.put("a", [b"y"])
    assert list((tmp_path / ".incoming").iterdir()) == []
    assert (tmp_path / "a").stat().st_nlink == 1


def test_sweeping_removes_leftovers_of_the_dead_only(tmp_path: Path) -> None:
    blobs = PosixBlobs(tmp_path)
    assert blobs.sweep() == 0
    (tmp_path / ".incoming").mkdir()
    (tmp_path / ".incoming" / "dead").write_bytes(b"half")
    with (tmp_path / ".incoming" / "alive").open("wb") as alive:
        fcntl.flock(alive.fileno(), fcntl.LOCK_EX)
        assert blobs.sweep() == 1
        assert [path.name for path in (tmp_path / ".incoming").iterdir()] == ["alive"]
    assert list(blobs.names()) == []


def test_a_blob_is_invisible_until_it_is_whole(tmp_path: Path) -> None:
    blobs = PosixBlobs(tmp_path)
    seen: list[bool] = []

    def parts() -> Iterator[bytes]:
        yield b"half"
        seen.append(blobs.exists("t/a"))
        seen.append(list(blobs.names()) != [])
        yield b"rest"

    blobs.put("t/a", parts())
    assert seen == [False, False]
    assert blobs.get("t/a") == b"halfrest"


def test_erasing_overwrites_before_it_unlinks(tmp_path: Path) -> None:
    blobs = PosixBlobs(tmp_path, erases=True)
    blobs.put("key", [b"secret" * 1000])
    kept = tmp_path / "kept"
    os.link(tmp_path / "key", kept)
    blobs.delete("key")
    assert not (tmp_path / "key").exists()
    assert kept.read_bytes() == bytes(6000)


def test_a_folder_where_a_blob_should_be_is_no_blob(tmp_path: Path) -> None:
    blobs = PosixBlobs(tmp_path)
    blobs.put("a/b", [b"x"])
    assert not blobs.exists("a")


def test_long_blobs_are_written_whole(tmp_path: Path) -> None:
    blobs, part = PosixBlobs(tmp_path), bytes(range(256)) * 4096
    blobs.put("long", (part for _ in range(70)))
    assert blobs.size("long") == 70 << 20
    assert blobs.get("long", (33 << 20) + 5, 10) == part[5:15]
