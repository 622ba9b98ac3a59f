"""The recorder's secrets of one end-to-end encrypted room: given to it as to any member, kept wrapped, so that it can resume after a crash.

Whoever leads the session admits the recorder visibly; here is only what it then holds. `sframe.py` opens frames with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from jianlu.capture.recording.live.room_key import SECRET_BYTES, secret_id, sender_key
from jianlu.capture.recording.live.sframe import FrameOpener
from jianlu.core.errors import ConflictError, InvalidError

SECRETS_MAX = 32
"""Secrets of one room: the first, and one more whenever its lead starts over or somebody has left."""


class KeyWrapper(Protocol):
    """Keeps keys at rest; `vault.ports.Keys` is one."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """`key` encrypted and bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key that `wrap` was given; IntegrityError when anything differs."""
        ...


class KeyRing:
    """Secrets of `case`, in the order in which they were given."""

    def __init__(self, case: str, wrapper: KeyWrapper, kept: Iterable[tuple[int, str]] = ()) -> None:
        """`kept` is what `kept` of an earlier ring was."""
        self._case = case
        self._wrapper = wrapper
        self._secrets: list[bytes] = []
        self._kept: list[str] = []
        self._openers: dict[tuple[str, str], FrameOpener] = {}
        for no, wrapped in kept:
            self.admit(wrapper.unwrap(bytes.fromhex(wrapped), self._context(no)))

    def admit(self, secret: bytes) -> str:
        """Take a secret, and return its id; one that is there already changes nothing.

        InvalidError for one of an impossible form, ConflictError beyond `SECRETS_MAX`.
        """
        if len(secret) != SECRET_BYTES:
            raise InvalidError(f"a room's secret has {SECRET_BYTES} bytes: make the room's secret again")
        if secret not in self._secrets:
            if len(self._secrets) >= SECRETS_MAX:
                raise ConflictError(f"a room has at most {SECRETS_MAX} secrets: end this session and begin another")
            self._kept.append(self._wrapper.wrap(secret, self._context(len(self._kept))).hex())
            self._secrets.append(secret)
            for (feed, kind), opener in self._openers.items():
                opener.add(sender_key(secret, self._case, feed, kind))
        return secret_id(secret, self._case)

    def opener(self, feed: str, kind: str) -> FrameOpener:
        """What opens the frames of that feed's audio or video, now and with every secret that comes; the same one each time."""
        if (feed, kind) not in self._openers:
            base_keys = [sender_key(secret, self._case, feed, kind) for secret in self._secrets]
            self._openers[feed, kind] = FrameOpener(base_keys)
        return self._openers[feed, kind]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the secrets."""
        return tuple(secret_id(secret, self._case) for secret in self._secrets)

    @property
    def kept(self) -> tuple[tuple[int, str], ...]:
        """The secrets, wrapped, for a state file."""
        return tuple(enumerate(self._kept))

    def _context(self, no: int) -> bytes:
        return kept_context(self._case, no)


def kept_context(case: str, no: int) -> bytes:
    """What a kept secret is bound to: its case and its number."""
    return b"jianlu/room-secret-kept@v1\0" + case.encode() + no.to_bytes(8)
