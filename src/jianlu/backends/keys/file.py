"""The root key as a file, for development: 32 random bytes in hexadecimal, readable by its owner alone.

Whoever reads the file reads everything; production keeps the root key in hardware or a key service behind the same port.
It wraps in either suite: which one is its version, and another key id.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from jianlu.core.terms.suites import Suite
from jianlu.vault.keys import cipher_of, derive_wrapping_key, key_id
from jianlu.vault.ports import KeysDescription

NAME = "file"
VERSIONS = {Suite.INTERNATIONAL: "1", Suite.SM: "2"}
_ROOT_BYTES = 32
_NONCE_BYTES = 12
_WRAPPED_BYTES_MIN = _NONCE_BYTES + 16 + 1


class FileKeys:
    """`vault.ports.Keys` with the root key in memory, read once from its file."""

    def __init__(self, root_key: bytes, suite: Suite = Suite.INTERNATIONAL) -> None:
        self._cipher = cipher_of(derive_wrapping_key(root_key, b"jianlu/root-wrapping@v1", suite), suite)
        self._description = KeysDescription(name=NAME, version=VERSIONS[suite], key_id=key_id(root_key, suite))

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """As the port: a 12-byte nonce, then the suite's AEAD with `context` authenticated."""
        if not 1 <= len(key) <= 64:
            raise InvalidError("a key to be wrapped has 1 to 64 bytes")
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """As the port."""
        if len(wrapped) < _WRAPPED_BYTES_MIN:
            raise IntegrityError("a wrapped key is cut short: restore the key store from its replica")
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except InvalidTag as error:
            raise IntegrityError(
                "a key does not unwrap with this root key: configure the right one, or restore the key store"
            ) from error

    def describe(self) -> KeysDescription:
        """As the port."""
        return self._description


def create_root_key(path: Path) -> None:
    """Make a new root key at `path`, 0600 and durable; ConflictError when something is there."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConflictError("there is a root key already: it is never replaced, choose another home") from error
    with os.fdopen(fd, "wb") as opened:
        opened.write(secrets.token_bytes(_ROOT_BYTES).hex().encode() + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_root_key(path: Path, suite: Suite = Suite.INTERNATIONAL) -> FileKeys:
    """The keeper of the root key at `path`, wrapping in `suite`.

    NotFoundError if it is absent, DeniedError when others than its owner may read or change it, InvalidError when it is no root key.
    """
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(2 * _ROOT_BYTES + 2)
    except FileNotFoundError as error:
        raise NotFoundError("there is no root key: run `jianlu init`, or restore the key from its escrow") from error
    except PermissionError as error:
        raise DeniedError("the root key cannot be read: run as the user who owns it") from error
    if stat.S_IMODE(mode) & 0o077:
        raise DeniedError("the root key can be reached by other users: run `chmod 600` on it, and consider it exposed")
    try:
        root_key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError as error:
        raise InvalidError("the root key file is damaged: restore it from its escrow") from error
    if len(root_key) != _ROOT_BYTES:
        raise InvalidError("the root key file is damaged: restore it from its escrow")
    return FileKeys(root_key, suite)
