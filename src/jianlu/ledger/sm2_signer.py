"""SM2 signing keys in files, used by the openssl program: the second signature of a home in the suite SM4-GCM, SM3, SM2.

No library that we may rely on signs with SM2 (decision 0117), so the key is read and used by the program that every system has and keeps up
to date, in a process of its own; it never enters ours. What it made is verified here before anybody sees it.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

from jianlu.core import sm2
from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.note import NoteSignature, VerifierKey
from jianlu.core.formats.sm2_note import Sm2Key, sm2_key
from jianlu.ledger.ports import Signer
from jianlu.runtime.durable import sync_directory

_TIMEOUT_S = 10
_ANSWER_BYTES_MAX = 4096
_DISTINGUISHED = f"distid:{sm2.IDENTITY.decode()}"


class Sm2Signer:
    """An SM2 key in its PEM file, by which the openssl program signs."""

    def __init__(self, path: Path, key: Sm2Key) -> None:
        """The private key at `path` whose public half is `key`; `load_sm2_signer` makes it."""
        self._path = path
        self._key = key

    @property
    def key(self) -> Sm2Key:
        """The public half, for `trust.json`."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """The signature (DER) of `message` with SM3 and the default identity; takes milliseconds.

        UnavailableError when the program is missing, hangs or refuses, IntegrityError when what it made does not verify.
        """
        made = _openssl(["dgst", "-sm3", "-sign", str(self._path), "-sigopt", _DISTINGUISHED], message)
        if not sm2.verify(self._key.public_key, made, message):
            raise IntegrityError("an SM2 signature does not verify with the key that it was made by: have this machine looked at")
        return made


class TwoSigners:
    """A signer whose notes carry a second line, by an SM2 key of the same name; see `ports.SecondSigner`."""

    def __init__(self, first: Signer, second: Sm2Signer) -> None:
        """InvalidError when the two sign under different names: who checks one would not find the other."""
        if first.key.name != second.key.name:
            raise InvalidError("the SM2 key must sign under the name of the key that it stands beside")
        self._first, self._second = first, second

    @property
    def key(self) -> VerifierKey:
        """The first key, by which the signer is known."""
        return self._first.key

    def sign(self, message: bytes) -> bytes:
        """The first signature."""
        return self._first.sign(message)

    def second_line(self, message: bytes) -> NoteSignature:
        """The second signature; raises as `Sm2Signer.sign`."""
        return NoteSignature(self._second.key.name, self._second.key.key_id, self._second.sign(message))


def create_sm2_key(path: Path, name: str) -> Sm2Key:
    """Make a new SM2 key for `name` at `path` (PEM, mode 0600, durable) and return its public half.

    ConflictError when `path` exists (a key is never overwritten), UnavailableError when the program cannot make one.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConflictError(f"a key exists at {path}: move it away first if it really is to be replaced") from error
    try:
        _openssl(["genpkey", "-algorithm", "SM2"], b"", into=handle)
        os.fsync(handle)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(handle)
    sync_directory(path.parent)
    return load_sm2_signer(path, name).key


def load_sm2_signer(path: Path, name: str) -> Sm2Signer:
    """The signer whose SM2 key is the PEM file at `path`, signing as `name`.

    NotFoundError when there is none, DeniedError when others than the owner may reach it, InvalidError when it is no SM2 key,
    UnavailableError when the openssl program is missing or fails.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise NotFoundError(f"there is no SM2 key at {path}: restore it from its escrow, or give the right home") from error
    if stat.S_IMODE(mode) & 0o077:
        raise DeniedError(f"the SM2 key {path} can be read by others: run chmod 600 on it, and consider it exposed")
    try:
        spki = _openssl(["pkey", "-in", str(path), "-pubout", "-outform", "DER"], b"")
    except UnavailableError as error:
        raise InvalidError(f"{path} cannot be read as an SM2 key: {error}") from error
    return Sm2Signer(path, sm2_key(name, spki))


def _openssl(arguments: list[str], given: bytes, *, into: int = subprocess.PIPE) -> bytes:
    """What the program answers to `given`; nothing when it writes `into` a file of ours."""
    program = shutil.which("openssl")
    if program is None:
        raise UnavailableError("the openssl program is not there, which makes SM2 signatures: install OpenSSL 3")
    try:
        command = [program, *arguments]
        done = subprocess.run(command, input=given, stdout=into, stderr=subprocess.PIPE, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(
            f"the openssl program does not run ({type(error).__name__}): see that the machine is well"
        ) from error
    answer = done.stdout or b""
    if done.returncode != 0 or len(answer) > _ANSWER_BYTES_MAX:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
        raise UnavailableError(f"the openssl program fails ({said[0][:200]}): it must be OpenSSL 3 with SM2")
    return answer
