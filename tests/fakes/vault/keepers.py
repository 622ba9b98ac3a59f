"""Every keeper of the root key as a settings file names it: a table `[keys]` of a real token, of a real key service, of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.vault.openbao import BaoServer, write_secret
from tests.fakes.vault.softhsm import PIN, SoftHsm

KEEPERS = ("file", "pkcs11", "openbao")


def key_table(kind: str, folder: Path, request: pytest.FixtureRequest) -> Path:
    """A file with the table of a keeper of this kind, whose root key is not made yet; the test is skipped where it cannot run."""
    said: dict[str, Any] = {"backend": kind}
    if kind == "pkcs11":
        hsm: SoftHsm = request.getfixturevalue("softhsm")
        pin = write_secret(folder / "pin", PIN)
        said |= {"module": str(hsm.module), "token": hsm.make_token(), "pin": str(pin)}
    elif kind == "openbao":
        server: BaoServer = request.getfixturevalue("openbao")
        said |= {"url": server.url, "token_file": str(server.token_file(folder))}
    else:
        said |= {"root_key": "secrets/other.key"}
    path = folder / f"{kind}.toml"
    path.write_text("[keys]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in said.items()))
    return path
