"""The content credentials of a home, as its settings say.

The library that makes them is read only where they are wanted.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.deliver.packages.ports import Credentials
from jianlu.runtime.settings import PackageSettings


def open_credentials(home: Path, wanted: PackageSettings) -> Credentials | None:
    """What signs recordings of packages; None where the settings want none. InvalidError, UnavailableError for unusable files."""
    if not wanted.credentials_key:
        return None
    from jianlu.backends.credentials.c2pa import C2paCredentials

    return C2paCredentials(home / wanted.credentials_chain, home / wanted.credentials_key)
