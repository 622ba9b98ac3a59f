"""Spool and state of a recorder as files: written aside, synced, renamed. Media on the disk is always encrypted.

Every case's spool has a key of its own (AES-256-GCM), wrapped by the home's key keeper and kept beside the entries; it is deleted with the
last of them, after which what the disk may still hold of them is noise. An entry's number and case are authenticated with it, so none
can be moved. The form is in `specs/live-recording.md`.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.runtime.durable import replace_file
from jianlu.vault.ports import Keys

_KEY_FILE = "key"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_FOLDER_MODE = 0o700


class FileSpool:
    """`ports.Spool` of `case` in the folder `path`."""

    def __init__(self, path: Path, case: str, keys: Keys) -> None:
        """Look at what an earlier process left."""
        self._path = path
        self._case = case
        self._keys = keys
        self._cipher: AESGCM | None = None
        names = path.glob("*.spool") if path.is_dir() else ()
        self._numbers = deque(sorted(int(name.stem) for name in names))
        self._next = self._numbers[-1] + 1 if self._numbers else 1

    def append(self, content: bytes) -> None:
        """As the port."""
        try:
            cipher = self._cipher or self._new_cipher()
            nonce = secrets.token_bytes(_NONCE_BYTES)
            sealed = nonce + cipher.encrypt(nonce, content, self._place(self._next))
            replace_file(self._file(self._next), sealed)
        except OSError as error:
            raise _full(error) from error
        self._numbers.append(self._next)
        self._next += 1

    def first(self) -> bytes | None:
        """As the port."""
        if not self._numbers:
            return None
        try:
            sealed = self._file(self._numbers[0]).read_bytes()
            cipher = self._cipher or self._old_cipher()
        except OSError as error:
            raise _full(error) from error
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._place(self._numbers[0]))
        except InvalidTag as error:
            raise IntegrityError("an entry of the spool was altered: keep the folder, and page a person") from error

    def drop_first(self) -> None:
        """As the port."""
        try:
            self._file(self._numbers[0]).unlink(missing_ok=True)
            self._numbers.popleft()
            if not self._numbers:
                (self._path / _KEY_FILE).unlink(missing_ok=True)
                self._cipher = None
                self._path.rmdir()
        except OSError as error:
            raise _full(error) from error

    @property
    def count(self) -> int:
        """As the port."""
        return len(self._numbers)

    def _new_cipher(self) -> AESGCM:
        if self._numbers:
            return self._old_cipher()
        self._path.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        key = secrets.token_bytes(_KEY_BYTES)
        replace_file(self._path / _KEY_FILE, self._keys.wrap(key, self._context))
        self._cipher = AESGCM(key)
        return self._cipher

    def _old_cipher(self) -> AESGCM:
        self._cipher = AESGCM(self._keys.unwrap((self._path / _KEY_FILE).read_bytes(), self._context))
        return self._cipher

    @property
    def _context(self) -> bytes:
        return spool_key_context(self._case)

    def _place(self, number: int) -> bytes:
        return b"jianlu/spool@v1\0" + self._case.encode() + number.to_bytes(8)

    def _file(self, number: int) -> Path:
        return self._path / f"{number:08d}.spool"


def spool_key_context(case: str) -> bytes:
    """What the wrapped key of the case's spool is bound to."""
    return b"jianlu/spool-key@v1\0" + case.encode()


class FileStates:
    """`ports.StateStore`: one file a case in `folder`, named for the recorder."""

    def __init__(self, folder: Path, name: str) -> None:
        """Nothing is made before something is saved."""
        self._folder = folder
        self._prefix = f"recording-{name}-"

    def save(self, case: str, text: str) -> None:
        """As the port."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
            replace_file(self._file(case), text.encode())
        except OSError as error:
            raise _full(error) from error

    def load_all(self) -> dict[str, str]:
        """As the port."""
        try:
            files = sorted(self._folder.glob(f"{self._prefix}*.json"))
            return {file.stem.removeprefix(self._prefix): file.read_text(encoding="utf-8") for file in files}
        except (OSError, UnicodeDecodeError) as error:
            raise UnavailableError("the states of recordings cannot be read: check the home's run folder") from error

    def remove(self, case: str) -> None:
        """As the port."""
        try:
            self._file(case).unlink(missing_ok=True)
        except OSError as error:
            raise _full(error) from error

    def free_bytes(self) -> int:
        """As the port."""
        try:
            found = os.statvfs(self._folder if self._folder.is_dir() else self._folder.parent)
        except OSError as error:
            raise _full(error) from error
        return found.f_bavail * found.f_frsize

    def _file(self, case: str) -> Path:
        return self._folder / f"{self._prefix}{case}.json"


def _full(error: OSError) -> UnavailableError:
    return UnavailableError(f"the recorder's disk refused ({error.strerror}): free some space")
