"""Reading the small secrets that keepers are opened with: a PIN, a token, the ids of a role.

Only their owner may reach the file; what is read stays in memory and enters no message.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from jianlu.core.errors import DeniedError, InvalidError, UnavailableError

_SECRET_BYTES_MAX = 4096


def read_secret(path: Path, what: str) -> str:
    """The text of the file without white space around it; `what` names it in errors.

    UnavailableError if it is absent, DeniedError when others than its owner may reach it, InvalidError when it is empty, long or no ASCII.
    """
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(_SECRET_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise UnavailableError(f"{what} is not there: write it to the file that [keys] in the settings names") from error
    except OSError as error:
        raise DeniedError(f"{what} cannot be read ({error.strerror}): run as the user who owns it") from error
    if stat.S_IMODE(mode) & 0o077:
        raise DeniedError(f"{what} can be reached by other users: run `chmod 600` on its file, and have it changed")
    secret = text.strip()
    if not secret or len(text) > _SECRET_BYTES_MAX or not secret.isascii():
        raise InvalidError(f"{what} is empty, too long or no ASCII: write it to its file anew")
    return secret.decode("ascii")
