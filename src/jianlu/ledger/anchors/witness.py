"""A witness: it keeps the last checkpoint of each ledger that it knows, and cosigns only what extends it (c2sp.org/tlog-witness).

Its folder is its own, on a machine of its own: `witness.key`, `ledgers` (their keys), `seen/` (one checkpoint each), `forks/` (requests
that a ledger's key signed and that contradict what was seen: proof against whoever holds that key). `specs/witness.md`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint, claimed_checkpoint, verify_checkpoint
from jianlu.core.formats.cosignature import AddCheckpoint, WitnessKey, cosignature_line, cosigned_message, parse_add_checkpoint
from jianlu.core.formats.note import VerifierKey, parse_note, parse_verifier_key
from jianlu.core.formats.proof import EMPTY_ROOT, verify_consistency
from jianlu.core.limits import NOTE_BYTES_MAX
from jianlu.ledger._folder import put_files, read_within
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.runtime.clock import Clock

KEY_FILE, LEDGERS_FILE = "witness.key", "ledgers"
SIZE_TYPE = "text/x.tlog.size"
FORKS_MAX = 1_000
_LEDGERS_BYTES_MAX = 1 << 20
_TEXT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, body and its content type."""

    status: int
    body: bytes
    kind: str = _TEXT_TYPE


def create_witness(folder: Path, name: str) -> WitnessKey:
    """Make a witness `name` in `folder` (made if absent) that knows no ledger yet; returns its public key.

    ConflictError when there is one already: its key and what it saw are never replaced. InvalidError for a name that no note can carry.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (folder / "seen").exists():
        raise ConflictError(f"{folder} holds a witness already: give another folder")
    key = create_signer_key(folder / KEY_FILE, name)
    _write(folder, LEDGERS_FILE, b"")
    (folder / "seen").mkdir()
    return WitnessKey(key.name, key.public_key)


def trust_ledger(folder: Path, vkey: str) -> VerifierKey:
    """Have the witness in `folder` know the ledger with this key, from its next start on; done twice it changes nothing."""
    key, known = parse_verifier_key(vkey), known_ledgers(folder)
    if key not in known:
        _write(folder, LEDGERS_FILE, "".join(f"{each.text}\n" for each in (*known, key)).encode())
    return key


def known_ledgers(folder: Path) -> tuple[VerifierKey, ...]:
    """The keys of the ledgers that the witness in `folder` knows; NotFoundError when there is no witness."""
    content = read_within(folder / LEDGERS_FILE, _LEDGERS_BYTES_MAX)
    if content is None:
        raise NotFoundError(f"there is no witness in {folder}: make one with jianlu witness init")
    return tuple(parse_verifier_key(line) for line in content.decode("utf-8", "replace").splitlines() if line)


def seen_checkpoints(folder: Path) -> list[Checkpoint]:
    """The last checkpoint of each ledger that the witness cosigned; the file of one that is damaged raises IntegrityError."""
    keys = {key.name: key for key in known_ledgers(folder)}
    found = [_seen(folder, origin, [key for key in known_ledgers(folder) if key.name == origin]) for origin in sorted(keys)]
    return [checkpoint for checkpoint in found if checkpoint is not None]


class Witness:
    """The witness in a folder, open: one process has it. `add` may be called from any thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """NotFoundError when there is none, DeniedError for a key that others can read, ConflictError when another process has it."""
        self._folder, self._clock = folder, clock
        self._signer = load_signer(folder / KEY_FILE)
        self._keys: dict[str, list[VerifierKey]] = {}
        for key in known_ledgers(folder):
            self._keys.setdefault(key.name, []).append(key)
        self._turn = threading.Lock()
        self._lock_handle = _lock(folder)

    def __enter__(self) -> Self:
        """Itself; leaving the block gives the folder back."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the folder back."""
        os.close(self._lock_handle)

    @property
    def key(self) -> WitnessKey:
        """Its public key."""
        return WitnessKey(self._signer.key.name, self._signer.key.public_key)

    def add(self, content: bytes) -> Answer:
        """The answer to the body `content` of `add-checkpoint`.

        Guaranteed: whatever is cosigned extends everything that was cosigned before for that origin, across restarts, and is durable
        before the answer. IntegrityError when what was seen cannot be read back: then nothing is cosigned; UnavailableError when the
        disk fails.
        """
        try:
            asked = parse_add_checkpoint(content)
            claimed = claimed_checkpoint(asked.note)
        except InvalidError as error:
            return _plain(400, str(error))
        keys = self._keys.get(claimed.origin)
        if keys is None:
            return _plain(404, "this witness does not know the ledger: ask its keeper to trust its key")
        try:
            checkpoint = verify_checkpoint(asked.note, keys, origin=claimed.origin)
        except IntegrityError as error:
            return _plain(403, str(error))
        if asked.old_size > checkpoint.size:
            return _plain(400, "the old size is greater than the checkpoint's")
        with self._turn:
            return self._extend(asked, checkpoint, keys)

    def _extend(self, asked: AddCheckpoint, checkpoint: Checkpoint, keys: list[VerifierKey]) -> Answer:
        seen = _seen(self._folder, checkpoint.origin, keys) or Checkpoint(checkpoint.origin, 0, EMPTY_ROOT)
        if asked.old_size != seen.size:
            return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE)
        if checkpoint.size == seen.size and checkpoint.root != seen.root:
            self._keep_fork(asked)
            return Answer(409, f"{seen.size}\n".encode(), SIZE_TYPE)
        try:
            verify_consistency(seen.size, checkpoint.size, seen.root, checkpoint.root, asked.hashes)
        except (IntegrityError, InvalidError) as error:
            self._keep_fork(asked)
            return _plain(422, str(error))
        _write(self._folder, _seen_path(checkpoint.origin), asked.note)
        at = int(self._clock.now().timestamp())
        signature = self._signer.sign(cosigned_message(parse_note(asked.note).text, at))
        return Answer(200, cosignature_line(self.key, at, signature).encode())

    def _keep_fork(self, asked: AddCheckpoint) -> None:
        """The ledger's key signed what does not extend what it signed before, or whoever asked proved it wrongly: a person must look."""
        folder = self._folder / "forks"
        if not folder.exists() or sum(1 for _ in folder.iterdir()) < FORKS_MAX:
            _write(self._folder, f"forks/{hashlib.sha256(asked.note).hexdigest()}", asked.content)


def _seen(folder: Path, origin: str, keys: list[VerifierKey]) -> Checkpoint | None:
    note = read_within(folder / _seen_path(origin), NOTE_BYTES_MAX)
    if note is None:
        return None
    try:
        return verify_checkpoint(note, keys, origin=origin)
    except InvalidError as error:
        raise IntegrityError("what the witness saw last was altered on its disk: it must not cosign any more") from error


def _seen_path(origin: str) -> str:
    return f"seen/{hashlib.sha256(origin.encode()).hexdigest()}"


def _write(folder: Path, path: str, content: bytes) -> None:
    try:
        put_files(folder, [(path, content)])
    except OSError as error:
        raise UnavailableError(f"the witness cannot write to its folder ({error.strerror}): check the disk") from error


def _plain(status: int, text: str) -> Answer:
    return Answer(status, f"{text}\n".encode())


def _lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise ConflictError("another process runs this witness: one at a time") from error
    return handle
