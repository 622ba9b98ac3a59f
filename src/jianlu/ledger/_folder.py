"""Files of a ledger folder, read within bounds and written so that they survive a power cut.

What is written is first complete and synced under another name, then renamed, then the directory is synced. Every error
of the operating system leaves here as it is: the callers know whether it stops the ledger or only a reader.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.tile import ENTRY_BYTES_MAX, TILE_WIDTH
from jianlu.core.limits import NOTE_BYTES_MAX
from jianlu.runtime.durable import sync_directory, write_whole

CHECKPOINT = "checkpoint"
JOURNAL = "journal"
LOCK = "lock"
UNFINISHED = ".unfinished"
_FILES_OPEN_MAX = 64
BUNDLE_BYTES_MAX = TILE_WIDTH * (ENTRY_BYTES_MAX + 2)


def make_directories(directory: Path) -> None:
    """Make `directory` and its parents exist, durably."""
    if directory.is_dir():
        return
    make_directories(directory.parent)
    directory.mkdir(exist_ok=True)
    sync_directory(directory.parent)


def put_files(root: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write `files` (path below `root`, content), replacing older ones; durable and each whole or absent at any moment."""
    rest = iter(files)
    while some := list(islice(rest, _FILES_OPEN_MAX)):
        targets = [root / path for path, _ in some]
        written = [target.with_name(f".{target.name}{UNFINISHED}") for target in targets]
        with ExitStack() as opened:
            handles = []
            for target, unfinished, (_, content) in zip(targets, written, some, strict=True):
                make_directories(target.parent)
                handles.append(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644))
                opened.callback(os.close, handles[-1])
                write_whole(handles[-1], content)
            for handle in handles:  # after all writes: the first sync then carries most of the others' work
                os.fsync(handle)
        for unfinished, target in zip(written, targets, strict=True):
            unfinished.rename(target)
        for directory in sorted({target.parent for target in targets}):
            sync_directory(directory)


def read_within(path: Path, bytes_max: int) -> bytes | None:
    """The bytes of the file at `path`, None where there is none; raises IntegrityError when it is larger than `bytes_max`."""
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(content) > bytes_max:
        raise IntegrityError(f"{path.name} is larger than {bytes_max} bytes")
    return content


def read_part(root: Path, path: str) -> bytes | None:
    """The tile, bundle or checkpoint at `path` of the folder `root`, None where there is none."""
    return read_within(root / path, NOTE_BYTES_MAX if path == CHECKPOINT else BUNDLE_BYTES_MAX)
