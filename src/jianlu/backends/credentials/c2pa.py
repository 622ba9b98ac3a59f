"""Content credentials made by c2pa-python, without a copy of the recording.

The library writes into a view of the recording, which keeps the new box alone. What it writes beside the box must be the recording's own
bytes; anything else is refused.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, BinaryIO

from c2pa import Builder, C2paError, C2paSignerInfo, Signer
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.core.formats.credentials import BOX_BYTES_MAX, ftyp_bytes

_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}
_KIND = "video/mp4"
_CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
ASSERTION = "org.jianlu.evidence"
_HEADER_BYTES = 8


class C2paCredentials:
    """Signs with one key and its chain, from PEM files of the house; see `deploy/jianlu.toml`, `[package]`."""

    def __init__(self, chain: Path, key: Path) -> None:
        """InvalidError or UnavailableError for files that cannot be used, or that do not belong together."""
        try:
            self._chain, self._key = chain.read_bytes(), key.read_bytes()
        except OSError as error:
            raise UnavailableError(f"the content credentials' {error.filename} cannot be read: see [package]") from error
        self._algorithm = _algorithm(self._chain, self._key)

    def credentials(self, recording: BinaryIO, said: dict[str, Any]) -> bytes:
        """The box to put right behind the recording's `ftyp`; `said` becomes the assertion `org.jianlu.evidence`.

        Reads the recording about twice and keeps none of it. InvalidError for no MP4; IntegrityError when the library would change the
        recording; UnavailableError when it cannot sign.
        """
        made = _WithBox(recording)
        manifest = {
            "claim_generator_info": [{"name": "Jianlu"}],
            "title": "session.mp4",
            "format": _KIND,
            "assertions": [
                {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": _CAPTURED}]}},
                {"label": ASSERTION, "data": said},
            ],
        }
        recording.seek(0)
        try:
            with Signer.from_info(C2paSignerInfo(self._algorithm, self._chain, self._key, None)) as signer:
                Builder(json.dumps(manifest)).sign(signer, _KIND, recording, made)
        except C2paError as error:
            if made.problem is not None:
                raise made.problem from error
            raise UnavailableError(f"the recording could not be given content credentials ({error}): see [package]") from error
        return made.finished()


class _WithBox(io.RawIOBase):
    """The recording with one more box behind its `ftyp`, as the library writes and reads it: only that box is kept."""

    def __init__(self, recording: BinaryIO) -> None:
        super().__init__()
        self._recording = recording
        self._at = ftyp_bytes(self._original)
        self._bytes = recording.seek(0, io.SEEK_END)
        self._box = bytearray()
        self._position = self._end = 0
        self.problem: IntegrityError | None = None

    def finished(self) -> bytes:
        """The box; IntegrityError when what was written is not the recording with it."""
        if self.problem is not None:
            raise self.problem
        if not self._box or len(self._box) != self._size() or self._end != self._bytes + len(self._box):
            raise IntegrityError("the content credentials are not one box in the whole recording: report this")
        return bytes(self._box)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._end}[whence] + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, of what was written so far."""
        left = self._end - self._position
        part = self._between(self._position, min(left, size) if size >= 0 else left)
        self._position += len(part)
        return part

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        part = self.read(len(buffer))
        memoryview(buffer)[: len(part)] = part
        return len(part)

    def write(self, written: Any) -> int:
        """Takes the box; of everything else makes sure that it is the recording's."""
        content = bytes(written)
        done = 0
        while done < len(content):
            rest, place = content[done:], self._position - self._at
            if place < 0:
                part = rest[:-place]
                self._must_be(part, self._position)
            elif place < self._size():
                part = rest[: max(1, (self._size() if len(self._box) >= _HEADER_BYTES else _HEADER_BYTES) - place)]
                self._box[place : place + len(part)] = part
            else:
                part = rest
                self._must_be(part, self._position - self._size())
            done += len(part)
            self._position += len(part)
            self._end = max(self._end, self._position)
        return len(content)

    def _size(self) -> int:
        """The length of the box, as far as it is known."""
        return int.from_bytes(self._box[:4], "big") if len(self._box) >= _HEADER_BYTES else BOX_BYTES_MAX

    def _must_be(self, part: bytes, at: int) -> None:
        if self._original(at, len(part)) != part:
            self.problem = IntegrityError("content credentials would change the recording itself: report this")
            raise self.problem

    def _between(self, at: int, length: int) -> bytes:
        if length <= 0:
            return b""
        if at < self._at:
            return self._original(at, min(length, self._at - at))
        if at < self._at + len(self._box):
            return bytes(self._box[at - self._at : at - self._at + length])
        return self._original(at - len(self._box), length)

    def _original(self, at: int, length: int) -> bytes:
        self._recording.seek(at)
        parts = []
        while length > 0 and (part := self._recording.read(length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def _algorithm(chain: bytes, key: bytes) -> bytes:
    try:
        private, leaf = load_pem_private_key(key, None), x509.load_pem_x509_certificates(chain)[0]
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm) as error:
        raise InvalidError("[package]: the content credentials need a key without a password and its chain, both PEM") from error
    if private.public_key() != leaf.public_key():
        raise InvalidError("[package]: the key of the content credentials is not that of the first certificate of their chain")
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES:
        return _CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return b"ps256"
    raise InvalidError("[package]: content credentials are signed with a key on P-256, P-384 or P-521, Ed25519, or RSA")
