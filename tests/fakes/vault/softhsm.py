"""SoftHSM for tests: a PKCS#11 module whose tokens lie in a folder of the run, and can be taken away and brought back."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11

from jianlu.backends.keys.pkcs11 import Pkcs11Keys
from jianlu.backends.keys.pkcs11_token import Token
from tests.fakes.vault.openbao import write_secret

PIN, OFFICER_PIN = "271828", "31415926"
_PLACES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
_numbers = itertools.count()


@dataclass(frozen=True)
class SoftHsm:
    """The module and the folder of its tokens."""

    module: Path
    tokens: Path

    def make_token(self) -> str:
        """A fresh token with the PIN set; returns its label."""
        label = f"token-{next(_numbers)}"
        self._do("--init-token", "--free", "--label", label, "--so-pin", OFFICER_PIN, "--pin", PIN)
        return label

    def keys(self, folder: Path, token: str = "", label: str = "") -> Pkcs11Keys:
        """A keeper over a key of its own, made as `jianlu init` would, in a fresh token unless one is named."""
        pin = write_secret(folder / f"pin-{next(_numbers)}", PIN)
        keeper = Pkcs11Keys(Token(self.module, token or self.make_token(), pin), label or f"jianlu-{next(_numbers)}")
        keeper.create()
        return keeper

    @contextmanager
    def unplugged(self) -> Iterator[None]:
        """Every token is gone, and comes back."""
        away = self.tokens.with_name("away")
        self.tokens.rename(away)
        self.tokens.mkdir()
        try:
            yield
        finally:
            self.tokens.rmdir()
            away.rename(self.tokens)

    def _do(self, *arguments: str) -> None:
        done = subprocess.run(["softhsm2-util", "--module", str(self.module), *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def find_softhsm() -> Path | None:
    """The module, as Debian's package `softhsm2` brings it."""
    return next((Path(place) for place in _PLACES if Path(place).exists()), None)


@contextmanager
def softhsm_in(module: Path, folder: Path) -> Iterator[SoftHsm]:
    """The module with its tokens in `folder`, for this process and those that it starts."""
    tokens = folder / "tokens"
    tokens.mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    try:
        yield SoftHsm(module, tokens)
    finally:
        pkcs11.unload(str(module))
        os.environ.pop("SOFTHSM2_CONF")
        if before is not None:
            os.environ["SOFTHSM2_CONF"] = before
