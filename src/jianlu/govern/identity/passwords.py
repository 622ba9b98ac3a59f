"""Passwords: argon2id (RFC 9106) with a cap on how many are hashed at once, and what a password must look like.

One hash takes 64 MiB and a fifth of a second of a core: without the cap, guessing would starve the recording next door.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.govern.identity.guessable import is_guessable
from jianlu.govern.identity.model import PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN

HASHES_AT_ONCE = 2
TURN_WAIT_S = 5.0
DIFFERENT_MIN = 5
"""Different characters that a password has at least."""


class Passwords:
    """Hashes and checks passwords; safe for threads. The default cost is RFC 9106's second recommended option."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 4, turn_wait_s: float = TURN_WAIT_S) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes)
        self._turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._turn_wait_s = turn_wait_s
        self._nobodys = self._hasher.hash("the password of an account that does not exist")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the few places for hashing; UnavailableError when none came free in time."""
        if not self._turns.acquire(timeout=self._turn_wait_s):
            raise UnavailableError("too many people sign in at this moment: try again in a few seconds")
        try:
            yield
        finally:
            self._turns.release()

    def hash(self, password: str) -> str:
        """The password's hash as a PHC string; call it inside `turn`."""
        return self._hasher.hash(normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one that was hashed to `kept`; None takes as long and never matches. Call it inside `turn`."""
        try:
            return self._hasher.verify(kept or self._nobodys, normal(password)) and kept is not None
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise IntegrityError("a kept password hash is damaged: restore the database, or set the password anew") from error

    def is_outdated(self, kept: str) -> bool:
        """Whether `kept` was made at another cost and should be made anew at the next right password."""
        return self._hasher.check_needs_rehash(kept)


def normal(password: str) -> str:
    """NFC, so that the same keys give the same password on every keyboard (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, name: str, place: Iterable[str] = ()) -> str:
    """`password`, if it may be one for the account `name`; InvalidError says what is wrong with it.

    `place` are other names that an outsider connects with it: the institution, its short name, how the owner is called.
    """
    length = len(normal(password))
    if not PASSWORD_CHARACTERS_MIN <= length <= PASSWORD_CHARACTERS_MAX:
        raise InvalidError(
            f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters", code="password_length"
        )
    if name.lower() in password.lower() or len(set(password)) < DIFFERENT_MIN:
        raise InvalidError(
            "a password holds neither the account's name nor the same few characters again and again", code="password_name"
        )
    if is_guessable(password, (name, *place)):
        raise InvalidError(
            "this password is guessed early: it is little more than frequent passwords, names of this place, a date or keys in a row; "
            "take four words that have nothing to do with each other",
            code="password_guessable",
        )
    return password
