"""What recorders keep wrapped under the root key in the home's run folder: their own keys, keys of spools, secrets of encrypted rooms.

For `runtime.rewrapping`, when the root key changes. Spools and rooms live as long as their case is recorded and delivered, and the recorder
has them in memory: they are replaced only while no process runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from jianlu.backends.keys.member import member_context
from jianlu.backends.spools.files import spool_key_context
from jianlu.capture.recording.live.key_ring import kept_context
from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.runtime.durable import replace_file
from jianlu.runtime.rewrapping import WrappedRecord


def recorder_records(run: Path, names: tuple[str, ...]) -> Iterator[WrappedRecord]:
    """Every wrapped key of the recorders `names` under the folder `run`.

    UnavailableError when the disk refuses, IntegrityError for a damaged state.
    """
    try:
        for name in names:
            if (own := run / f"recorder-{name}.key").exists():
                yield WrappedRecord("recorder key", own.read_bytes(), member_context(name), partial(replace_file, own))
            for key in sorted(run.glob(f"spool-{name}/*/key")):
                context, put = spool_key_context(key.parent.name), partial(replace_file, key)
                yield WrappedRecord("spool key", key.read_bytes(), context, put, is_held=True)
            prefix = f"recording-{name}-"
            for state in sorted(run.glob(f"{prefix}*.json")):
                yield from _of_state(state, state.stem.removeprefix(prefix))
    except OSError as error:
        raise UnavailableError(f"the recorders' keys cannot be read ({error.strerror}): check the home's run folder") from error


def _of_state(path: Path, case: str) -> Iterator[WrappedRecord]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["keys"] or []
        numbers = [(int(no), bytes.fromhex(wrapped)) for no, wrapped in kept]
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"the state {path.name} is damaged: keep the file, and page a person") from error
    for no, wrapped in numbers:
        put = partial(_replace_secret, path, no)
        yield WrappedRecord("room secret", wrapped, kept_context(case, no), put, is_held=True)


def _replace_secret(path: Path, no: int, wrapped: bytes) -> None:
    state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    state["keys"] = [[each, wrapped.hex() if each == no else was] for each, was in state["keys"]]
    replace_file(path, json.dumps(state).encode())
