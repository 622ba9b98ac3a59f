"""What changing the root key works with: its keeper, and where things lie that are wrapped under it.

Made by `wiring`; what is done with it is in `entry/key_change.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from jianlu.core.errors import UnavailableError
from jianlu.runtime.durable import replace_file
from jianlu.runtime.key_settings import KeySettings, with_key_settings
from jianlu.runtime.rewrapping import WrappedRecord
from jianlu.runtime.settings import SETTINGS_FILE, Settings
from jianlu.vault.ports import Blobs, Keys


@dataclass(frozen=True, slots=True)
class Root:
    """The root key of the home at `path`.

    `recorder_records` lists what recorders keep wrapped, `check` raises unless the keeper guards the key, `make_keeper` opens another
    keeper, its root key made where it is not there yet.
    """

    path: Path
    settings: Settings
    keys: Keys
    key_blobs: Blobs
    database: Engine
    recorder_records: Callable[[], Iterator[WrappedRecord]]
    check: Callable[[], None]
    make_keeper: Callable[[KeySettings], Keys]

    def settle(self, wanted: KeySettings) -> None:
        """The settings of the home name this keeper from now on; durable on return. UnavailableError when the disk refuses."""
        file = self.path / SETTINGS_FILE
        try:
            replace_file(file, with_key_settings(file.read_text(encoding="utf-8"), wanted).encode())
        except OSError as error:
            raise UnavailableError(f"{SETTINGS_FILE} cannot be replaced ({error.strerror}): check the home's disk") from error
