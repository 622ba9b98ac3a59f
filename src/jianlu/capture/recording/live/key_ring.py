"""The recorder's keys of one end-to-end encrypted room: given to it as to any member, kept wrapped, so that it can resume after a crash.

Whoever runs the room admits the recorder visibly; here is only what it then holds. `sframe.py` opens frames with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from jianlu.capture.recording.live.sframe import FrameOpener
from jianlu.core.errors import InvalidError

_BASE_KEY_BYTES = (16, 64)
_KID_MAX = (1 << 64) - 1


class KeyWrapper(Protocol):
    """Keeps keys at rest; `vault.ports.Keys` is one."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` encrypted and bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key that `wrap` was given; IntegrityError when anything differs."""
        ...


class KeyRing:
    """Keys of `case` by key id."""

    def __init__(self, case: str, wrapper: KeyWrapper, kept: Iterable[tuple[int, str]] = ()) -> None:
        """`kept` is what `kept` of an earlier ring was."""
        self.opener = FrameOpener({})
        self._case = case
        self._wrapper = wrapper
        self._kept: dict[int, str] = {}
        for kid, wrapped in kept:
            self.admit(kid, wrapper.unwrap(bytes.fromhex(wrapped), self._context(kid)))

    def admit(self, kid: int, base_key: bytes) -> None:
        """Take a key; InvalidError for one of an impossible form."""
        if not _BASE_KEY_BYTES[0] <= len(base_key) <= _BASE_KEY_BYTES[1] or not 0 <= kid <= _KID_MAX:
            raise InvalidError("a room's key has 16 to 64 bytes and an id of 64 bits: create the room's keys again")
        self.opener.add(kid, base_key)
        self._kept[kid] = self._wrapper.wrap(base_key, self._context(kid)).hex()

    @property
    def kept(self) -> tuple[tuple[int, str], ...]:
        """The keys, wrapped, for a state file."""
        return tuple(self._kept.items())

    def _context(self, kid: int) -> bytes:
        return b"jianlu/room-key@v1\0" + self._case.encode() + kid.to_bytes(8)
