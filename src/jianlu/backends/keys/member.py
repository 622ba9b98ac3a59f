"""A recorder's own key for encrypted rooms, kept beside its state, wrapped by the root key.

It is no trust root: a lost one is made anew, and shows as another fingerprint wherever the recorder is admitted.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from jianlu.capture.recording.live.key_ring import KeyWrapper
from jianlu.core.errors import UnavailableError

_KEY_BYTES = 32


def load_member_key(path: Path, keys: KeyWrapper, name: str) -> bytes:
    """The private key (X25519) of the recorder `name`; made at the first call, durable on return.

    IntegrityError when the file was altered or is of another home, UnavailableError when the disk refuses.
    """
    context = member_context(name)
    try:
        if path.exists():
            return keys.unwrap(path.read_bytes(), context)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        made = secrets.token_bytes(_KEY_BYTES)
        fresh = path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as opened:
            opened.write(keys.wrap(made, context))
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
        return made
    except OSError as error:
        raise UnavailableError(f"{path.name} cannot be kept ({error.strerror}): check the home's run folder") from error


def member_context(name: str) -> bytes:
    """What the wrapped key of the recorder `name` is bound to."""
    return b"jianlu/recorder-key@v1\0" + name.encode()
