"""The parts of the demonstration that could hurt or mislead: what it deletes, and what it sabotages.

That the whole of it runs is proved by the README's blocks, which CI runs.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from jianlu.entry import demo


def _package(path: Path, media: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("README.txt", "x")
        archive.writestr(demo.MEDIA_ENTRY, media)
    return path


def test_sabotage_changes_exactly_one_bit_and_only_of_the_recording(tmp_path: Path) -> None:
    original = _package(tmp_path / "a.jlp", bytes(range(200)))
    offset = demo.flip_a_bit(original, tmp_path / "b.jlp")
    before, after = original.read_bytes(), (tmp_path / "b.jlp").read_bytes()
    assert [at for at in range(len(before)) if before[at] != after[at]] == [offset]
    assert before[offset] ^ after[offset] == 1
    assert before[offset] == 100


def test_a_folder_that_is_not_the_demonstrations_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(SystemExit):
        demo.main([str(tmp_path)])
    assert (tmp_path / "thesis.txt").read_text() == "ten years of work"
