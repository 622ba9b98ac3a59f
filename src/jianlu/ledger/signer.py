"""Ed25519 signing keys in files, for checkpoints and package manifests.

The file holds one line in the form that Go's `note` package uses, `PRIVATE+KEY+name+id+base64(type || seed)`, readable by
its owner alone. Verification is in `core.ed25519`; hardware keys will be another implementation of `ports.Signer`.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.formats.note import ED25519_TYPE, NoteSignature, VerifierKey, assemble_note, decode_base64, verifier_key
from jianlu.ledger.ports import SecondSigner, Signer
from jianlu.runtime.durable import sync_directory, write_whole

_MARK = "PRIVATE+KEY+"
_KEY_FILE_BYTES_MAX = 4096


class FileSigner:
    """A signing key held in memory, read from its file; see `ports.Signer`."""

    def __init__(self, name: str, seed: bytes) -> None:
        """The key with this 32-byte `seed`, signing as `name`."""
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._key = verifier_key(name, self._private.public_key().public_bytes_raw())

    @property
    def key(self) -> VerifierKey:
        """The public half; `key.text` is the vkey for `trust.json`."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `message`; safe in any thread."""
        return self._private.sign(message)


def create_signer_key(path: Path, name: str) -> VerifierKey:
    """Make a new key that signs as `name`, store it at `path` (mode 0600, durable), and return its public half.

    Raises ConflictError when `path` exists (a key is never overwritten), InvalidError for a name that a note cannot carry.
    """
    seed = os.urandom(32)
    key = FileSigner(name, seed).key
    line = f"{_MARK}{name}+{key.key_id.hex()}+{base64.b64encode(bytes([ED25519_TYPE]) + seed).decode()}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConflictError(f"a key exists at {path}: move it away first if it really is to be replaced") from error
    try:
        write_whole(handle, line.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_directory(path.parent)
    return key


def load_signer(path: Path) -> FileSigner:
    """The signer whose key `create_signer_key` stored at `path`.

    Raises NotFoundError when there is none, DeniedError when others than the owner may read it, InvalidError for another form.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_KEY_FILE_BYTES_MAX)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no signing key at {path}: run jianlu init, or give the right home") from error
    if stat.S_IMODE(mode) & 0o077:
        raise DeniedError(f"the signing key {path} can be read by others: run chmod 600 on it, and consider it exposed")
    try:
        parts = content.decode().removesuffix("\n").removeprefix(_MARK).split("+", 2)
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path} is not a signing key file") from error
    if not content.startswith(_MARK.encode()) or len(parts) != 3:
        raise InvalidError(f"{path} is not a signing key file")
    material = decode_base64(parts[2])
    if len(material) != 33 or material[0] != ED25519_TYPE:
        raise InvalidError(f"{path} does not hold an Ed25519 key")
    signer = FileSigner(parts[0], material[1:])
    if signer.key.key_id.hex() != parts[1]:
        raise InvalidError(f"{path} was damaged: its key id does not belong to its key")
    return signer


def sign_note(text: str, signer: Signer) -> bytes:
    """The note of `text` (with final newline) signed by `signer`, twice where it has two keys; InvalidError when no note can hold it."""
    key, message = signer.key, text.encode()
    lines = [NoteSignature(key.name, key.key_id, signer.sign(message))]
    if isinstance(signer, SecondSigner):
        lines.append(signer.second_line(message))
    return assemble_note(text, lines)
