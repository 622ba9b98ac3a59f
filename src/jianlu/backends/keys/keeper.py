"""The keeper of the root key that the settings name: opened, made once, checked.

Its library is imported where it is wanted: a home with its key in a file loads neither.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jianlu.backends.keys import file
from jianlu.core.errors import IntegrityError
from jianlu.core.terms.suites import SUITE_NAMES
from jianlu.runtime.key_settings import KeySettings
from jianlu.vault.ports import Keys

if TYPE_CHECKING:
    from jianlu.backends.keys.openbao import OpenBaoKeys
    from jianlu.backends.keys.pkcs11 import Pkcs11Keys

    Keeper = file.FileKeys | OpenBaoKeys | Pkcs11Keys


def open_keeper(home: Path, settings: KeySettings) -> Keeper:
    """The keeper for the home at `home`. A token and a key service are not spoken to yet; a file is read.

    As `file.load_root_key` for a file; InvalidError or UnavailableError for an address or authorities that cannot be used.
    """
    if settings.backend == "pkcs11":
        from jianlu.backends.keys.pkcs11 import Pkcs11Keys
        from jianlu.backends.keys.pkcs11_token import Token

        return Pkcs11Keys(Token(Path(settings.module), settings.token, home / settings.pin), settings.key)
    if settings.backend == "openbao":
        from jianlu.backends.keys.openbao import OpenBaoKeys
        from jianlu.backends.keys.openbao_session import AppRole, BaoSession, TokenFile

        credentials = (
            AppRole(home / settings.role_id, home / settings.secret_id, settings.role_mount)
            if settings.role_id
            else TokenFile(home / settings.token_file)
        )
        authorities = home / settings.authorities if settings.authorities else None
        session = BaoSession(settings.url, credentials, authorities=authorities, namespace=settings.namespace)
        return OpenBaoKeys(session, settings.key, mount=settings.mount, namespace=settings.namespace)
    return file.load_root_key(home / settings.root_key, SUITE_NAMES[settings.suite])


def create_keeper(home: Path, settings: KeySettings) -> Keeper:
    """As `open_keeper`, with the root key made where it is not there yet; ConflictError for a file that is there."""
    if settings.backend == "file":
        file.create_root_key(home / settings.root_key)
        return open_keeper(home, settings)
    keeper = open_keeper(home, settings)
    if not isinstance(keeper, file.FileKeys):
        keeper.create()
    return keeper


def make_keeper(home: Path, settings: KeySettings) -> Keeper:
    """As `create_keeper`, and as `open_keeper` for a file that is there: to move to, also once more after it was interrupted."""
    is_there = settings.backend == "file" and (home / settings.root_key).exists()
    return open_keeper(home, settings) if is_there else create_keeper(home, settings)


def check_keeper(home: Path, settings: KeySettings, opened: Keys) -> None:
    """Raise unless the keeper still holds the key that `opened` was opened with, and guards it: a file may be gone, a token away."""
    keeper = open_keeper(home, settings) if settings.backend == "file" else opened
    if keeper.describe() != opened.describe():
        raise IntegrityError("the root key is another one than before: put back the one that this home was made with")
    if (check := getattr(keeper, "check", None)) is not None:
        check()
