"""Blobs as files of a POSIX directory tree: write aside, fsync, link into place, fsync the directory.

Unfinished files lie in `.incoming`, locked by their writer; `sweep` removes those whose writer is gone. Only whole blobs
ever have their name. Files are 0600, directories 0700.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from jianlu.core.errors import ConflictError, NotFoundError
from jianlu.runtime.durable import sync_directory, write_whole
from jianlu.vault.blob_names import check_blob_name, folder_of_prefix
from jianlu.vault.ports import Buffer

NAME = "posix"
VERSION = "1"
_INCOMING = ".incoming"
_WRITEBACK_BYTES = 32 << 20
_COMPARE_BYTES = 1 << 20


class PosixBlobs:
    """`vault.ports.Blobs` below one directory, which must exist.

    `erases`: overwrite a file before it is unlinked (for key records). That is a best effort: copy-on-write and flash
    storage keep old blocks, so a key that must be provably destroyed belongs in hardware.
    """

    def __init__(self, root: Path, *, erases: bool = False) -> None:
        self._root = root
        self._erases = erases

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        """As the port: exclusive, idempotent, durable on return."""
        target = self._path(name)
        incoming = self._root / _INCOMING
        incoming.mkdir(mode=0o700, exist_ok=True)
        unfinished = incoming / secrets.token_hex(16)
        fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            _write_parts(fd, parts)
            os.fsync(fd)
            self._make_folder(target.parent)
            try:
                os.link(unfinished, target)
            except FileExistsError:
                _require_same(unfinished, target)
            sync_directory(target.parent)
        finally:
            os.close(fd)
            unfinished.unlink(missing_ok=True)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """As the port."""
        try:
            fd = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _absent() from error
        try:
            size = os.fstat(fd).st_size
            wanted = max(0, size - start if length is None else min(length, size - start))
            pieces: list[bytes] = []
            while wanted > 0 and (piece := os.pread(fd, wanted, start)):
                pieces.append(piece)
                start, wanted = start + len(piece), wanted - len(piece)
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        finally:
            os.close(fd)

    def size(self, name: str) -> int:
        """As the port."""
        try:
            return self._path(name).stat().st_size
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _absent() from error

    def exists(self, name: str) -> bool:
        """As the port."""
        return self._path(name).is_file()

    def names(self, prefix: str = "") -> Iterator[str]:
        """As the port; walks only the folder that the prefix names."""
        folder = self._root / folder_of_prefix(prefix)
        found: list[str] = []
        for path, folders, files in os.walk(folder, onerror=_raise_unless_absent):
            folders[:] = [each for each in folders if each != _INCOMING]
            relative = Path(path).relative_to(self._root)
            found.extend((relative / each).as_posix() for each in files)
        yield from sorted(each for each in found if each.startswith(prefix))

    def delete(self, name: str) -> None:
        """As the port; with `erases` the bytes are overwritten first, as far as the storage lets us."""
        target = self._path(name)
        if self._erases:
            with suppress(FileNotFoundError, NotADirectoryError):
                _overwrite(target)
        with suppress(FileNotFoundError, NotADirectoryError):
            target.unlink()
            sync_directory(target.parent)

    def sweep(self) -> int:
        """Remove what crashed writers left unfinished; returns how many files. Writers at work are not disturbed."""
        removed = 0
        incoming = self._root / _INCOMING
        for unfinished in sorted(incoming.iterdir()) if incoming.is_dir() else []:
            with suppress(FileNotFoundError), unfinished.open("rb") as opened, suppress(BlockingIOError):
                fcntl.flock(opened.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                unfinished.unlink()
                removed += 1
        return removed

    def _path(self, name: str) -> Path:
        return self._root / check_blob_name(name)

    def _make_folder(self, folder: Path) -> None:
        """Make `folder` and its parents up to the root, each durable: a name survives a crash only if its folder does."""
        missing: list[Path] = []
        while folder != self._root and not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir(mode=0o700, exist_ok=True)
            sync_directory(each.parent)


def _write_parts(fd: int, parts: Iterable[Buffer]) -> None:
    """Write all parts; long blobs are sent to the disk on the way, so that the last sync has little left to wait for."""
    written = started = 0
    for part in parts:
        write_whole(fd, part)
        written += len(part)
        if written - started >= _WRITEBACK_BYTES:
            os.posix_fadvise(fd, started, written - started, os.POSIX_FADV_DONTNEED)
            started = written


def _require_same(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb") as ours, target.open("rb") as theirs:
        while True:
            left, right = ours.read(_COMPARE_BYTES), theirs.read(_COMPARE_BYTES)
            if left != right:
                raise ConflictError("a blob of that name with other content is there: blobs are never overwritten")
            if not left:
                return


def _overwrite(target: Path) -> None:
    fd = os.open(target, os.O_WRONLY | os.O_CLOEXEC)
    try:
        rest = os.fstat(fd).st_size
        while rest > 0:
            rest -= os.write(fd, bytes(min(rest, _COMPARE_BYTES)))
        os.fsync(fd)
    finally:
        os.close(fd)


def _raise_unless_absent(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _absent() -> NotFoundError:
    return NotFoundError("there is no such blob: check the name, or restore it from a replica")
