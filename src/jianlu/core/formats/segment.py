"""Sealed objects: `specs/sealed-segment.md`, format version 1, suites 1 (Cobblestone-256) and 2 (the same framing with SM4-GCM and SM3).

An 8-byte header, then one c2sp.org/chunked-encryption message: HKDF-Expand, an AEAD, 16 KiB chunks, a 24-byte salt and a 32-byte key
commitment. Pure: bytes in, bytes out; callers own files, threads and key storage. The one module of `core` that uses `cryptography`;
the offline verifier does not import it.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512, SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.core.terms.suites import Suite

MAGIC = b"JLSEAL"
FORMAT_VERSION = 1
HEADER = MAGIC + bytes([Suite.INTERNATIONAL.number, FORMAT_VERSION])
"""Of an object in the international suite."""

HEADER_BYTES = 8
SALT_BYTES = 24
COMMITMENT_BYTES = 32
HEAD_BYTES = HEADER_BYTES + SALT_BYTES + COMMITMENT_BYTES
"""Header, salt and commitment: what must be read before any chunk."""

KEY_BYTES = 32
SM4_KEY_BYTES = 16
NONCE_BYTES = 12
TAG_BYTES = 16
CHUNK_BYTES = 16 * 1024
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
CHUNKS_MAX = 1 << 38
"""The bound of c2sp.org/chunked-encryption: the counter may not reach it."""

VERSION_MAX = (1 << 31) - 1
_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_SM_INFO = b"jianlu/chunked-encryption@v1+AEAD_SM4_GCM+HKDF_SM3\x00"
_HEADERS = {MAGIC + bytes([suite.number, FORMAT_VERSION]): suite for suite in Suite}
_UNIT = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")


@dataclass(frozen=True, slots=True)
class Span:
    """The whole chunks that hold a plaintext range: `chunk_count` chunks from `first_chunk`, at `sealed_start` in the object."""

    first_chunk: int
    chunk_count: int
    sealed_start: int
    sealed_bytes: int


def version_text(version: int, form: int) -> str:
    """How a version is written in names and contexts: in decimal, with `.r` and the number of its form where it was sealed anew."""
    return f"{version}.r{form}" if form else str(version)


def object_context(
    *, tenant: str, unit: str, object: str, version: int, form: int = 0, suite: Suite = Suite.INTERNATIONAL
) -> bytes:
    """The context that binds an object to its place: tenant, shred unit, object id, version (with its form), suite byte.

    An object that is moved to another place, or whose suite byte is changed, no longer opens. Raises InvalidError for malformed names.
    """
    if not _UNIT.fullmatch(unit):
        raise InvalidError("a shred unit is 1 to 64 lower-case letters, digits or hyphens")
    if not 1 <= version <= VERSION_MAX:
        raise InvalidError("an object's version is a positive 31-bit number")
    if not 0 <= form <= VERSION_MAX:
        raise InvalidError("an object's form is a 31-bit number, 0 as it was sealed first")
    names = [tenant_id(tenant), unit, object_id(object), version_text(version, form)]
    fields = [b"jianlu/object@v1", *(name.encode() for name in names)]
    return b"\x00".join([*fields, bytes([suite.number])])


def sealed_length(plain_bytes: int) -> int:
    """Bytes of the sealed object that holds `plain_bytes` of plaintext: 64, each byte, and a tag for each chunk (the last is short)."""
    return HEAD_BYTES + plain_bytes + TAG_BYTES * (plain_bytes // CHUNK_BYTES + 1)


def plain_length(sealed_bytes: int) -> int:
    """Plaintext bytes of a sealed object of `sealed_bytes`; raises IntegrityError for a length that no object can have (truncated)."""
    body_bytes = sealed_bytes - HEAD_BYTES
    full_chunks, last_bytes = divmod(body_bytes, SEALED_CHUNK_BYTES)
    if body_bytes < TAG_BYTES or last_bytes < TAG_BYTES or full_chunks >= CHUNKS_MAX:
        raise IntegrityError("a sealed object is truncated: restore it from a replica")
    return full_chunks * CHUNK_BYTES + last_bytes - TAG_BYTES


class ChunkSealer:
    """Seals one plaintext, chunk after chunk, into buffers that the caller owns and may reuse.

    `head` are the object's first `HEAD_BYTES` bytes. `key` (32 bytes) must be uniformly random; `context` names the same `suite`. `salt` is
    for test vectors: leave it out, and a random one is drawn; a salt must never repeat under one key.
    """

    def __init__(self, key: bytes, context: bytes, *, suite: Suite = Suite.INTERNATIONAL, salt: bytes | None = None) -> None:
        drawn = secrets.token_bytes(SALT_BYTES) if salt is None else salt
        self._cipher, self._nonce, commitment = _derive(key, drawn, context, suite)
        self.head = MAGIC + bytes([suite.number, FORMAT_VERSION]) + drawn + commitment
        self._chunk = 0
        self._is_finished = False

    def seal_chunks(self, plain: memoryview, into: memoryview, *, is_last: bool) -> int:
        """Encrypt `plain` into `into` and return the bytes written; call with `is_last` exactly once, at the end.

        Before the last call, `plain` must be whole chunks. `into` needs room for a tag per chunk. Not for several threads at once.
        """
        if self._is_finished or (not is_last and len(plain) % CHUNK_BYTES):
            raise InvalidError("a sealer takes whole chunks until the last call, and nothing after it")
        chunk_count = len(plain) // CHUNK_BYTES + is_last
        if self._chunk + chunk_count > CHUNKS_MAX:
            raise InvalidError("the plaintext is longer than a sealed object can hold: split it")
        encrypt_into, nonce, written = self._cipher.encrypt_into, self._nonce, 0
        for number in range(chunk_count):
            piece = plain[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
            end = written + len(piece) + TAG_BYTES
            encrypt_into((nonce ^ (self._chunk + number)).to_bytes(NONCE_BYTES, "big"), piece, None, into[written:end])
            written = end
        self._chunk += chunk_count
        self._is_finished = is_last
        return written


class ChunkOpener:
    """Opens any range of one sealed object; the header and the key commitment are checked before any chunk is decrypted."""

    def __init__(self, key: bytes, context: bytes, head: bytes, *, sealed_bytes: int, suite: Suite = Suite.INTERNATIONAL) -> None:
        """`head`: the object's first `HEAD_BYTES` bytes; `sealed_bytes`: its length; `suite`: the one that its key is for.

        Raises InvalidError for bytes that are no sealed object of a known suite, IntegrityError for a truncated one, for one that says
        another suite than its key, and for a key or context that is not the object's.
        """
        if read_suite(head) is not suite:
            raise IntegrityError("a sealed object says another suite than its key: look for a swapped or altered object")
        self.plain_bytes = plain_length(sealed_bytes)
        salt = head[HEADER_BYTES : HEADER_BYTES + SALT_BYTES]
        self._cipher, self._nonce, commitment = _derive(key, salt, context, suite)
        if not hmac.compare_digest(commitment, head[HEADER_BYTES + SALT_BYTES : HEAD_BYTES]):
            raise IntegrityError(
                "a sealed object was not sealed with this key for this place: look for a swapped or altered object"
            )

    def span(self, start: int, length: int) -> Span:
        """The chunks that hold plaintext [start, start+length); the last chunk where the range touches the end, so that the
        length is authenticated. Raises InvalidError for a range outside the plaintext.
        """
        if start < 0 or length < 0 or start + length > self.plain_bytes:
            raise InvalidError(f"the range lies outside the object's {self.plain_bytes} bytes: ask for less")
        first = start // CHUNK_BYTES
        last = (
            self.plain_bytes // CHUNK_BYTES
            if start + length == self.plain_bytes
            else max(first, (start + length - 1) // CHUNK_BYTES)
        )
        return self._chunks(first, last)

    def last_span(self) -> Span:
        """The final chunk alone: opening it authenticates the object's length."""
        last = self.plain_bytes // CHUNK_BYTES
        return self._chunks(last, last)

    def open_chunks(self, span: Span, sealed: bytes | memoryview) -> bytearray:
        """The plaintext of `span`'s chunks from their `sealed` bytes; raises IntegrityError, naming the chunk, when one does not
        authenticate or bytes are missing.
        """
        if len(sealed) != span.sealed_bytes:
            raise IntegrityError(f"a sealed object ends early: {len(sealed)} bytes where {span.sealed_bytes} were due")
        plain = bytearray(span.sealed_bytes - span.chunk_count * TAG_BYTES)
        source, target = memoryview(sealed), memoryview(plain)
        for number in range(span.chunk_count):
            piece = source[number * SEALED_CHUNK_BYTES : (number + 1) * SEALED_CHUNK_BYTES]
            chunk = span.first_chunk + number
            start = number * CHUNK_BYTES
            nonce = (self._nonce ^ chunk).to_bytes(NONCE_BYTES, "big")
            try:
                self._cipher.decrypt_into(nonce, piece, None, target[start : start + len(piece) - TAG_BYTES])
            except InvalidTag as error:
                raise IntegrityError(f"chunk {chunk} of a sealed object was altered: restore it from a replica") from error
        return plain

    def _chunks(self, first: int, last: int) -> Span:
        start = HEAD_BYTES + first * SEALED_CHUNK_BYTES
        end = min(HEAD_BYTES + (last + 1) * SEALED_CHUNK_BYTES, sealed_length(self.plain_bytes))
        return Span(first_chunk=first, chunk_count=last - first + 1, sealed_start=start, sealed_bytes=end - start)


def read_suite(head: bytes) -> Suite:
    """The suite that `head` says; InvalidError unless it begins a sealed object of format version 1 in a suite that this version knows."""
    if len(head) < HEAD_BYTES or head[: len(MAGIC)] != MAGIC:
        raise InvalidError("the bytes are not a sealed object")
    suite = _HEADERS.get(bytes(head[:HEADER_BYTES]))
    if suite is None:
        raise InvalidError("the sealed object has an unknown suite or format version: use a newer version")
    return suite


def seal_bytes(
    key: bytes, context: bytes, plaintext: bytes, *, suite: Suite = Suite.INTERNATIONAL, salt: bytes | None = None
) -> bytes:
    """The sealed object of a plaintext in memory; see `ChunkSealer` for `salt`."""
    sealer = ChunkSealer(key, context, suite=suite, salt=salt)
    sealed = bytearray(sealed_length(len(plaintext)))
    sealed[:HEAD_BYTES] = sealer.head
    sealer.seal_chunks(memoryview(plaintext), memoryview(sealed)[HEAD_BYTES:], is_last=True)
    return bytes(sealed)


def open_bytes(key: bytes, context: bytes, sealed: bytes, *, suite: Suite = Suite.INTERNATIONAL) -> bytes:
    """The plaintext of a sealed object in memory, wholly authenticated; raises InvalidError or IntegrityError otherwise."""
    opener = ChunkOpener(key, context, sealed[:HEAD_BYTES], sealed_bytes=len(sealed), suite=suite)
    span = opener.span(0, opener.plain_bytes)
    return bytes(opener.open_chunks(span, memoryview(sealed)[span.sealed_start :]))


class Sm4Gcm:
    """SM4-GCM (GB/T 32907, RFC 8998) with the methods of the library's own AEADs, which it lacks for SM4: a tag of 16 bytes at the end."""

    def __init__(self, key: bytes) -> None:
        """`key`: 16 uniformly random bytes."""
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, plain: bytes, authenticated: bytes | None) -> bytes:
        """Ciphertext and tag."""
        sealed = bytearray(len(plain) + TAG_BYTES)
        self.encrypt_into(nonce, plain, authenticated, memoryview(sealed))
        return bytes(sealed)

    def encrypt_into(self, nonce: bytes, plain: bytes | memoryview, authenticated: bytes | None, into: memoryview) -> int:
        """Ciphertext and tag, written to `into`, which has room for exactly them."""
        sealer = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        sealer.authenticate_additional_data(authenticated or b"")
        into[: len(plain)] = sealer.update(plain) + sealer.finalize()
        into[len(plain) :] = sealer.tag
        return len(into)

    def decrypt(self, nonce: bytes, sealed: bytes | memoryview, authenticated: bytes | None) -> bytes:
        """The plaintext; `cryptography`'s InvalidTag when anything was altered, and nothing of it is given out."""
        if len(sealed) < TAG_BYTES:
            raise InvalidTag
        end = len(sealed) - TAG_BYTES
        opener = Cipher(self._algorithm, modes.GCM(nonce, bytes(sealed[end:]))).decryptor()
        opener.authenticate_additional_data(authenticated or b"")
        plain = opener.update(sealed[:end])
        return plain + opener.finalize()

    def decrypt_into(self, nonce: bytes, sealed: bytes | memoryview, authenticated: bytes | None, into: memoryview) -> int:
        """As `decrypt`, written to `into`, which has room for exactly it."""
        into[:] = self.decrypt(nonce, sealed, authenticated)
        return len(into)


def _derive(key: bytes, salt: bytes, context: bytes, suite: Suite) -> tuple[AESGCM | Sm4Gcm, int, bytes]:
    """Message cipher, base nonce (as a number, for the XOR with the counter) and commitment."""
    if len(key) != KEY_BYTES or len(salt) != SALT_BYTES:
        raise InvalidError("sealing needs a 32-byte key and a 24-byte salt")
    is_sm = suite is Suite.SM
    key_bytes, info = (SM4_KEY_BYTES, _SM_INFO) if is_sm else (KEY_BYTES, _INFO)
    expand = HKDFExpand(SM3() if is_sm else SHA512(), key_bytes + NONCE_BYTES + COMMITMENT_BYTES, info + salt + context)
    derived = expand.derive(key)
    message_key, rest = derived[:key_bytes], derived[key_bytes:]
    return (Sm4Gcm if is_sm else AESGCM)(message_key), int.from_bytes(rest[:NONCE_BYTES], "big"), rest[NONCE_BYTES:]
