"""A PKCS#11 token: one session, logged in, brought back when the token was away; its errors as ours.

The module is initialised without its own locks (the binding passes none), so calls into one module go one at a time, whoever makes them.
A PIN that was refused is not tried again until its file says another: tokens lock themselves after a few.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
from pkcs11 import exceptions as refusals

from jianlu.backends.keys._secret_files import read_secret
from jianlu.core.errors import DeniedError, UnavailableError

T = TypeVar("T")

_LOST = (
    refusals.TokenNotPresent,
    refusals.TokenNotRecognised,
    refusals.DeviceRemoved,
    refusals.DeviceError,
    refusals.SessionHandleInvalid,
    refusals.SessionClosed,
    refusals.UserNotLoggedIn,
    refusals.KeyHandleInvalid,
    refusals.ObjectHandleInvalid,
    refusals.SlotIDInvalid,
    refusals.GeneralError,
    refusals.FunctionFailed,
    refusals.OperationNotInitialized,
    refusals.NoSuchKey,
)
"""What a call may end with after the token was away: a new session may do better."""


@dataclass
class _Module:
    """The process's one copy of a module, and how often it was started anew: sessions of before are gone."""

    path: str
    lock: threading.RLock = field(default_factory=threading.RLock)
    starts: int = 0


_modules: dict[str, _Module] = {}
_modules_lock = threading.Lock()


def _module(path: Path) -> _Module:
    with _modules_lock:
        return _modules.setdefault(str(path), _Module(str(path)))


class Token:
    """The token with a label, reached through a module. Safe for many threads at once."""

    def __init__(self, module: Path, label: str, pin: Path) -> None:
        """Nothing is spoken to yet; `pin` is the file of the user's PIN, 0600."""
        self._module, self._label, self._pin = _module(module), label, pin
        self._session: Any = None
        self._starts = -1
        self._refused_pin = ""

    def run(self, work: Callable[[Any], T]) -> T:
        """What `work` returns for a session; done once more on a new session when the token had been away.

        UnavailableError when the token is away, DeniedError when the PIN is wrong or locked. Other errors of PKCS#11 come out as they are.
        """
        with self._module.lock:
            was_open = self._session is not None and self._starts == self._module.starts
            try:
                return work(self._open())
            except _LOST:
                self._session = None
                if not was_open:
                    raise
            self._start_anew()
            return work(self._open())

    def unavailable(self, error: pkcs11.PKCS11Error) -> UnavailableError:
        """For what `work` ended with: the token does not do its work."""
        return UnavailableError(
            f"the token {self._label} fails ({type(error).__name__}): see that the hardware is there and its module works",
            code="keys_away",
        )

    def _open(self) -> Any:
        if self._session is not None and self._starts == self._module.starts:
            return self._session
        pin = read_secret(self._pin, "the token's PIN")
        if pin == self._refused_pin:
            raise DeniedError("the token refused this PIN before: write the right one to its file; it is not tried again")
        try:
            token = self._found()
            try:
                self._session = token.open(rw=True, user_pin=pin)
            except refusals.UserAlreadyLoggedIn:  # by another keeper of this process: the login is the process's
                self._session = token.open(rw=True)
        except (refusals.PinIncorrect, refusals.PinInvalid, refusals.PinLenRange) as error:
            self._refused_pin = pin
            raise DeniedError("the token refuses the PIN: write the right one to its file; it is not tried again") from error
        except (refusals.PinLocked, refusals.PinExpired, refusals.UserPinNotInitialized) as error:
            raise DeniedError("the token's PIN is locked or not set: its security officer must set a new one") from error
        self._starts, self._refused_pin = self._module.starts, ""
        return self._session

    def _found(self) -> Any:
        """The token, also one that came after the module was started."""
        try:
            return self._library().get_token(token_label=self._label)
        except (refusals.NoSuchToken, *_LOST):
            self._start_anew()
        try:
            return self._library().get_token(token_label=self._label)
        except pkcs11.PKCS11Error as error:
            raise UnavailableError(
                f"there is no token {self._label} ({type(error).__name__}): plug it in, or name the right one in [keys]",
                code="keys_away",
            ) from error

    def _start_anew(self) -> None:
        """Ends every session of the process with this module; each is opened again when it is needed."""
        try:
            self._library().reinitialize()
        except pkcs11.PKCS11Error as error:
            raise self.unavailable(error) from error
        finally:
            self._module.starts += 1
            self._session = None

    def _library(self) -> Any:
        try:
            return pkcs11.lib(self._module.path)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            raise UnavailableError(
                f"the PKCS#11 module {self._module.path} does not load: install it, or name the right one in [keys]",
                code="keys_away",
            ) from error
