"""SFrame (RFC 9605) with AES-GCM: how the recorder, a named member with a key of its own, opens frames of an encrypted room.

A few bytes of every frame stay readable, so that packetisers and this recorder can see key frames: 1 of Opus, of VP8 10 of a key frame and
3 of others. They are the frame's metadata, authenticated with it. Suites 4 (AES-128, SHA-256) and 5 (AES-256, SHA-512).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jianlu.core.errors import IntegrityError, InvalidError

_NONCE_BYTES, _TAG_BYTES = 12, 16
_SUITES = {4: ("sha256", 16), 5: ("sha512", 32)}
_CLEAR_OPUS, _CLEAR_KEY, _CLEAR_DELTA = 1, 10, 3
STREAMS_KEPT = 32
"""Streams of one sender that are remembered: a page that is loaded again, or reconnects, begins a new one."""


@dataclass(frozen=True, slots=True)
class Header:
    """Key id, counter, and how many bytes say them."""

    kid: int
    counter: int
    size: int


def parse_header(content: bytes) -> Header:
    """The SFrame header at the beginning of `content` (RFC 9605, 4.3); IntegrityError when it is cut short."""
    if not content:
        raise IntegrityError("an encrypted frame has no header")
    first, at = content[0], 1
    kid, counter = first >> 4 & 7, first & 7
    if first & 0x80:
        size = kid + 1
        kid, at = int.from_bytes(content[at : at + size]), at + size
    if first & 0x08:
        size = counter + 1
        counter, at = int.from_bytes(content[at : at + size]), at + size
    if at > len(content):
        raise IntegrityError("an encrypted frame's header is cut short")
    return Header(kid, counter, at)


class SFrameKey:
    """One base key: derives the suite's key and salt for its key id (RFC 9605, 4.4.2)."""

    def __init__(self, base_key: bytes, kid: int, *, suite: int = 4) -> None:
        """InvalidError for a suite without AES-GCM."""
        if suite not in _SUITES:
            raise InvalidError("frames are encrypted by SFrame suite 4 or 5: set one of them for the room")
        name, key_bytes = _SUITES[suite]
        digest_bytes = hashlib.new(name).digest_size
        secret = hmac.new(bytes(digest_bytes), base_key, name).digest()
        context = kid.to_bytes(8) + suite.to_bytes(2)
        self.kid = kid
        self._cipher = AESGCM(_expand(secret, b"SFrame 1.0 Secret key " + context, name)[:key_bytes])
        self._salt = int.from_bytes(_expand(secret, b"SFrame 1.0 Secret salt " + context, name)[:_NONCE_BYTES])

    def decrypt(self, content: bytes, metadata: bytes = b"") -> bytes:
        """The plaintext of the SFrame object `content`; IntegrityError when it was altered or is of another key."""
        header = parse_header(content)
        nonce = (self._salt ^ header.counter).to_bytes(_NONCE_BYTES)
        try:
            return self._cipher.decrypt(nonce, content[header.size :], content[: header.size] + metadata)
        except InvalidTag as error:
            raise IntegrityError("an encrypted frame does not open with the recorder's key") from error


def _expand(secret: bytes, label: bytes, name: str) -> bytes:
    """HKDF-Expand (RFC 5869) of at most one block: key and salt of both suites fit."""
    return hmac.new(secret, label + b"\1", name).digest()


class FrameOpener:
    """Opens the frames of one sender. Its base keys are known (one for each secret of the room), its key ids are whatever it chose.

    A sender takes a new random key id for every stream, so that no nonce is used twice when a page is loaded again. Frames come here
    in the order of their packets: one whose counter does not grow was sent before, and is refused.
    """

    def __init__(self, base_keys: Iterable[bytes] = ()) -> None:
        self._base_keys = list(base_keys)
        self._streams: dict[int, tuple[SFrameKey, int]] = {}

    def add(self, base_key: bytes) -> None:
        """Open frames of this base key too from now on."""
        if base_key not in self._base_keys:
            self._base_keys.append(base_key)

    def open(self, codec: str, frame: bytes) -> bytes:
        """The frame as it was before encryption; IntegrityError when no key opens it, or when it was sent before."""
        clear = min(clear_bytes(codec, frame), len(frame))
        prefix, sealed = frame[:clear], frame[clear:]
        header = parse_header(sealed)
        if header.kid in self._streams:
            key, counter = self._streams[header.kid]
            if header.counter <= counter:
                raise IntegrityError("an encrypted frame came a second time: what forwards it repeats frames")
            opened = key.decrypt(sealed, prefix)
        else:
            key, opened = self._first(header.kid, sealed, prefix)
        self._streams[header.kid] = (key, header.counter)
        return prefix + opened

    def _first(self, kid: int, sealed: bytes, prefix: bytes) -> tuple[SFrameKey, bytes]:
        """The first frame of a stream: whichever base key opens it is the stream's."""
        for base_key in reversed(self._base_keys):
            key = SFrameKey(base_key, kid)
            with suppress(IntegrityError):
                opened = key.decrypt(sealed, prefix)
                if len(self._streams) >= STREAMS_KEPT:
                    self._streams.pop(next(iter(self._streams)))
                return key, opened
        raise IntegrityError("an encrypted frame is of a key that the recorder was not given")


def clear_bytes(codec: str, frame: bytes) -> int:
    """How many first bytes of a frame stay readable."""
    if codec == "opus":
        return _CLEAR_OPUS
    return _CLEAR_DELTA if frame and frame[0] & 1 else _CLEAR_KEY
