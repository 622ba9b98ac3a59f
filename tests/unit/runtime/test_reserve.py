"""The reserve: written when the disk takes nothing new, and never half."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jianlu.core.errors import InvalidError, UnavailableError
from jianlu.runtime.reserve import SLOT_BYTES, Reserve
from tests.cli.disks import files_of_at_most


def test_what_is_written_is_there_for_the_next_process_and_the_last_counts(tmp_path: Path) -> None:
    first = Reserve(tmp_path / "reserve")
    assert first.read() == b""
    for content in (b"one", b"two", b"three"):
        first.write(content)
        assert first.read() == content == Reserve(tmp_path / "reserve").read()


def test_a_disk_that_takes_nothing_new_takes_it_all_the_same(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    blocks = os.stat(tmp_path / "reserve").st_blocks
    assert blocks * 512 >= 2 * SLOT_BYTES, "its place is taken, not promised"
    with files_of_at_most(0), pytest.raises(OSError):
        (tmp_path / "new").write_bytes(b"anything")
    with files_of_at_most(2 * SLOT_BYTES):
        for number in range(5):
            reserve.write(b"%d" % number * 1_000)
    assert Reserve(tmp_path / "reserve").read() == b"4" * 1_000
    assert os.stat(tmp_path / "reserve").st_blocks == blocks


def test_a_write_that_was_cut_short_leaves_the_one_before(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.write(b"whole")
    reserve.write(b"torn")
    with (tmp_path / "reserve").open("r+b") as file:
        file.seek(0)  # the second write went into the first slot
        file.write(b"\xff" * 20)
    assert Reserve(tmp_path / "reserve").read() == b"whole"
    (tmp_path / "reserve").write_bytes(b"\xff" * 2 * SLOT_BYTES)
    assert Reserve(tmp_path / "reserve").read() == b""


def test_more_than_fits_is_refused_and_the_last_stays(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.write(b"kept")
    with pytest.raises(InvalidError, match="leave some out"):
        reserve.write(bytes(SLOT_BYTES))
    assert Reserve(tmp_path / "reserve").read() == b"kept"


def test_a_disk_without_room_for_it_says_so(tmp_path: Path) -> None:
    with files_of_at_most(SLOT_BYTES), pytest.raises(UnavailableError, match="no room"):
        Reserve(tmp_path / "reserve")
