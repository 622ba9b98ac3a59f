"""The root key in OpenBao's transit engine: AES-256-GCM in the server, which never gives the key away.

Who the key is, is its name: `jianlu init` makes one that no other server has. `wrapped` is the key's version (4 bytes, big endian), then
what the engine made: nonce, ciphertext, tag. The server's own text form is not kept: its base64 has bits that mean nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from binascii import Error as Base64Error

from jianlu.backends.keys.openbao_session import Answer, BaoSession
from jianlu.core.errors import DeniedError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.vault.ports import KeysDescription

NAME = "openbao"
VERSION = "1"
KEY_TYPE = "aes256-gcm96"
_VERSION_BYTES = 4
_WRAPPED_BYTES_MIN = _VERSION_BYTES + 12 + 16 + 1
_CIPHERTEXT = re.compile(r"^vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})$")


class OpenBaoKeys:
    """`vault.ports.Keys` and `vault.ports.KeyVersions` over one key of one transit engine."""

    def __init__(self, session: BaoSession, key: str, *, mount: str = "transit", namespace: str = "") -> None:
        self._session, self._key, self._mount = session, key, mount
        identity = f"jianlu/openbao-key-id@v1\0{namespace}\0{mount}\0{key}".encode()
        self._description = KeysDescription(NAME, VERSION, hashlib.sha256(identity).hexdigest()[:16])

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """As the port; DeniedError when the policy does not allow it."""
        if not 1 <= len(key) <= 64:
            raise InvalidError("a key to be wrapped has 1 to 64 bytes")
        asked = {"plaintext": _text(key), "associated_data": _text(context)}
        answer = self._session.ask("POST", f"{self._mount}/encrypt/{self._key}", asked)
        if answer.status != 200:
            raise self._missing(answer)
        found = _CIPHERTEXT.fullmatch(str(answer.said.get("ciphertext")))
        if found is None:
            raise UnavailableError("the key service answers in a form that is not known: use one that is supported")
        return int(found[1]).to_bytes(_VERSION_BYTES, "big") + base64.b64decode(found[2], validate=True)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """As the port; DeniedError when the policy does not allow it."""
        version = version_of(wrapped)
        if version == 0 or len(wrapped) < _WRAPPED_BYTES_MIN:
            raise IntegrityError("a wrapped key is cut short or altered: restore the key store from its replica")
        asked = {"ciphertext": f"vault:v{version}:{_text(wrapped[_VERSION_BYTES:])}", "associated_data": _text(context)}
        answer = self._session.ask("POST", f"{self._mount}/decrypt/{self._key}", asked)
        if answer.status == 404 or "key not found" in answer.reason:
            raise self._missing(answer)
        if "too old" in answer.reason:
            raise IntegrityError("a key is wrapped under a version of the root key that is disabled: restore the newer key store")
        if answer.status != 200:
            raise IntegrityError("a key does not unwrap with this root key: configure the right one, or restore the key store")
        try:
            return base64.b64decode(str(answer.said["plaintext"]), validate=True)
        except (KeyError, Base64Error) as error:
            raise UnavailableError("the key service answers in a form that is not known: use one that is supported") from error

    def describe(self) -> KeysDescription:
        """As the port; asks nobody."""
        return self._description

    def check(self) -> None:
        """Raise unless the server has the key and guards it: NotFoundError without one, DeniedError for one that can be taken away."""
        found = self._read()
        if found["type"] != KEY_TYPE or found["derived"]:
            raise InvalidError(f"the root key in the key service is no {KEY_TYPE} key: name another one in [keys]")
        if found["exportable"] or found["allow_plaintext_backup"]:
            raise DeniedError("the root key in the key service can be exported: make one that cannot be, and move to it")

    def create(self) -> None:
        """Make the key if it is not there, not exportable; then as `check`."""
        try:
            self.check()
        except NotFoundError:
            wanted = {"type": KEY_TYPE, "exportable": False, "allow_plaintext_backup": False, "derived": False}
            answer = self._session.ask("POST", f"{self._mount}/keys/{self._key}", wanted)
            if answer.status not in {200, 204}:
                raise self._missing(answer) from None
            self.check()

    def newest_version(self) -> int:
        """As `vault.ports.KeyVersions`."""
        return int(self._read()["latest_version"])

    def oldest_version(self) -> int:
        """As `vault.ports.KeyVersions`."""
        return int(self._read()["min_decryption_version"])

    def version_of(self, wrapped: bytes) -> int:
        """As `vault.ports.KeyVersions`."""
        return version_of(wrapped)

    def rotate(self) -> int:
        """As `vault.ports.KeyVersions`; needs the right `update` on the key's `rotate`."""
        answer = self._session.ask("POST", f"{self._mount}/keys/{self._key}/rotate", {})
        if answer.status not in {200, 204}:
            raise self._missing(answer)
        return self.newest_version()

    def disable_before(self, version: int) -> None:
        """As `vault.ports.KeyVersions`; needs the right `update` on the key's `config`."""
        floors = {"min_decryption_version": version, "min_encryption_version": version}
        answer = self._session.ask("POST", f"{self._mount}/keys/{self._key}/config", floors)
        if answer.status not in {200, 204} or self.oldest_version() != version:
            raise UnavailableError("the key service did not disable the older versions: see its log")

    def _read(self) -> dict[str, int | str | bool]:
        answer = self._session.ask("GET", f"{self._mount}/keys/{self._key}")
        if answer.status != 200 or answer.said.get("soft_deleted"):
            raise NotFoundError(
                f"the key service has no key {self._key}: have it made with `bao write {self._mount}/keys/{self._key} "
                f"type={KEY_TYPE}`, or restore the service from its snapshot"
            )
        return answer.said

    def _missing(self, answer: Answer) -> UnavailableError:
        return UnavailableError(
            f"the key service does not use its key {self._key} ({answer.status}): restore the service from its snapshot, "
            "or have engine and key looked at",
            code="keys_away",
        )


def version_of(wrapped: bytes) -> int:
    """Under which version of the key `wrapped` was made; 0 for what was made by none."""
    return int.from_bytes(wrapped[:_VERSION_BYTES], "big") if len(wrapped) > _VERSION_BYTES else 0


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
