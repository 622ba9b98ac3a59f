"""The root key in a PKCS#11 token: AES-256-GCM in the hardware, made there, sensitive and not extractable.

Who the key is, is its label: `jianlu init` makes one that no other token has. Each version is an object of that label whose `CKA_ID` is the
version in 4 bytes. `wrapped` is the version (4 bytes, big endian), a random nonce (12), ciphertext and tag.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass, PKCS11Error
from pkcs11 import exceptions as refusals

from jianlu.backends.keys.pkcs11_token import Token
from jianlu.core.errors import DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.vault.ports import KeysDescription

T = TypeVar("T")

NAME = "pkcs11"
VERSION = "1"
_VERSION_BYTES, _NONCE_BYTES, _TAG_BYTES = 4, 12, 16
_WRAPPED_BYTES_MIN = _VERSION_BYTES + _NONCE_BYTES + _TAG_BYTES + 1
_NO_KEY = "keys_missing"
_GUARDED = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True, Attribute.TOKEN: True}
_WRONG_TAG = (refusals.EncryptedDataInvalid, refusals.EncryptedDataLenRange, refusals.GeneralError, refusals.FunctionFailed)
"""What tokens say to a tag that does not fit; the last two may as well be a broken token, which a trial tells apart."""


class Pkcs11Keys:
    """`vault.ports.Keys` and `vault.ports.KeyVersions` over the objects of one label in a token."""

    def __init__(self, token: Token, label: str) -> None:
        self._token, self._label = token, label
        self._description = KeysDescription(
            NAME, VERSION, hashlib.sha256(b"jianlu/pkcs11-key-id@v1\0" + label.encode()).hexdigest()[:16]
        )

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """As the port; DeniedError when the PIN is wrong or locked."""
        if not 1 <= len(key) <= 64:
            raise InvalidError("a key to be wrapped has 1 to 64 bytes")
        nonce = secrets.token_bytes(_NONCE_BYTES)

        def work(session: Any) -> bytes:
            version, found = max(self._versions(session).items(), key=lambda each: each[0])
            made = bytes(found.encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context, 128)))
            return version.to_bytes(_VERSION_BYTES, "big") + nonce + made

        return self._run(work)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """As the port; DeniedError when the PIN is wrong or locked."""
        if len(wrapped) < _WRAPPED_BYTES_MIN:
            raise IntegrityError("a wrapped key is cut short: restore the key store from its replica")
        nonce, made = wrapped[_VERSION_BYTES:][:_NONCE_BYTES], wrapped[_VERSION_BYTES + _NONCE_BYTES :]

        def work(session: Any) -> bytes:
            found = self._versions(session).get(self.version_of(wrapped))
            if found is None:
                raise IntegrityError("a key is wrapped under a version of the root key that is disabled, unknown or altered")
            try:
                return bytes(found.decrypt(made, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context, 128)))
            except _WRONG_TAG as error:
                if not _works(found):
                    raise
                raise IntegrityError(
                    "a key does not unwrap with this root key: configure the right one, or restore the key store"
                ) from error

        return self._run(work)

    def describe(self) -> KeysDescription:
        """As the port; asks nobody."""
        return self._description

    def check(self) -> None:
        """Raise unless the token has the key and guards it: NotFoundError without one, DeniedError for one that could be read out."""

        def work(session: Any) -> bool:
            return all(
                found[Attribute.NEVER_EXTRACTABLE] and found[Attribute.ALWAYS_SENSITIVE] and found[Attribute.LOCAL]
                for found in self._versions(session).values()
            )

        try:
            is_guarded = self._run(work)
        except UnavailableError as error:
            if error.code == _NO_KEY:
                raise NotFoundError(str(error)) from error
            raise
        if not is_guarded:
            raise DeniedError("the root key in the token was made outside or can be read out: make one inside, and move to it")

    def create(self) -> None:
        """Make the key in the token if it is not there; then as `check`."""
        try:
            self.check()
        except NotFoundError:
            self._run(lambda session: self._make(session, 1))
            self.check()

    def newest_version(self) -> int:
        """As `vault.ports.KeyVersions`."""
        return max(self._run(self._versions))

    def oldest_version(self) -> int:
        """As `vault.ports.KeyVersions`."""
        return min(self._run(self._versions))

    def version_of(self, wrapped: bytes) -> int:
        """As `vault.ports.KeyVersions`."""
        return int.from_bytes(wrapped[:_VERSION_BYTES], "big")

    def rotate(self) -> int:
        """As `vault.ports.KeyVersions`."""
        version = self.newest_version() + 1
        self._run(lambda session: self._make(session, version))
        return self.newest_version()

    def disable_before(self, version: int) -> None:
        """As `vault.ports.KeyVersions`: the token keeps the older objects and uses them no more; destroying them is the officer's."""

        def work(session: Any) -> None:
            for number, found in self._versions(session).items():
                if number < version:
                    found[Attribute.DECRYPT] = False
                    found[Attribute.ENCRYPT] = False

        self._run(work)
        if self.oldest_version() < version:
            raise UnavailableError("the token did not disable the older versions: see what its maker allows")

    def _run(self, work: Callable[[Any], T]) -> T:
        try:
            return self._token.run(work)
        except refusals.NoSuchKey as error:
            raise UnavailableError(
                f"the token has no key {self._label}: name the right one in [keys], or restore the token from its backup",
                code=_NO_KEY,
            ) from error
        except PKCS11Error as error:
            raise self._token.unavailable(error) from error

    def _versions(self, session: Any) -> dict[int, Any]:
        """The versions that unwrap, by number; asked each time, because another process may have made or disabled one."""
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._label, Attribute.DECRYPT: True}
        found = {int.from_bytes(each[Attribute.ID], "big"): each for each in session.get_objects(wanted)}
        if not found:
            raise refusals.NoSuchKey
        return found

    def _make(self, session: Any, version: int) -> None:
        session.generate_key(
            KeyType.AES,
            256,
            id=version.to_bytes(_VERSION_BYTES, "big"),
            label=self._label,
            store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template={**_GUARDED, Attribute.MODIFIABLE: True},
        )


def _works(key: Any) -> bool:
    """Whether the token opens with this key what it just made with it."""
    fresh, asked = secrets.token_bytes(32), GCMParams(secrets.token_bytes(_NONCE_BYTES), b"jianlu/trial@v1", 128)
    try:
        made = key.encrypt(fresh, mechanism=Mechanism.AES_GCM, mechanism_param=asked)
        return bool(key.decrypt(made, mechanism=Mechanism.AES_GCM, mechanism_param=asked) == fresh)
    except PKCS11Error:
        return False
