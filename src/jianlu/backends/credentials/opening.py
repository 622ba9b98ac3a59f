"""The content credentials of a home, as its settings say.

The library that makes them is read only where they are wanted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jianlu.runtime.settings import PackageSettings

if TYPE_CHECKING:
    from jianlu.backends.credentials.c2pa import C2paCredentials


def open_credentials(home: Path, wanted: PackageSettings) -> C2paCredentials | None:
    """What signs recordings of packages; None where the settings want none. InvalidError, UnavailableError for unusable files."""
    if not wanted.credentials_key:
        return None
    from jianlu.backends.credentials.c2pa import C2paCredentials

    return C2paCredentials(home / wanted.credentials_chain, home / wanted.credentials_key)
