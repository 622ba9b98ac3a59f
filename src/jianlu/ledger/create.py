"""Creating a ledger: an empty folder with a signed checkpoint of size 0 and an empty journal.

Done once, by `jianlu init`; opening a ledger never creates one.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.errors import ConflictError, InvalidError, UnavailableError
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.proof import EMPTY_ROOT
from jianlu.ledger._folder import CHECKPOINT, JOURNAL, make_directories, put_files
from jianlu.ledger._journal import Journal
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import sign_note


def create_ledger(directory: Path, *, origin: str, signer: Signer) -> bytes:
    """Make the empty ledger `origin` in `directory` (absent or empty); returns its signed checkpoint of size 0, durable.

    Raises ConflictError when the folder is not empty, InvalidError when the signer's name is not the origin (readers look
    the key up by it), UnavailableError when the folder cannot be written.
    """
    if signer.key.name != origin:
        raise InvalidError("a ledger's signing key must carry the ledger's origin as its name")
    try:
        if directory.exists() and any(directory.iterdir()):
            raise ConflictError(f"{directory} is not empty: a ledger is made in a folder of its own")
        make_directories(directory / JOURNAL)
        Journal(directory / JOURNAL, 0, []).close()
        note = sign_note(Checkpoint(origin, 0, EMPTY_ROOT).text, signer)
        put_files(directory, [(CHECKPOINT, note)])
    except OSError as error:
        raise UnavailableError(f"the ledger cannot be made in {directory} ({error.strerror})") from error
    return note
