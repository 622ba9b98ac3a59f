"""GCM (NIST SP 800-38D) over any block cipher, read from the standard, bit by bit: a second opinion on the library's SM4-GCM."""

from __future__ import annotations

from collections.abc import Callable

BLOCK_BYTES = 16
_REDUCTION = 0xE1 << 120


def gcm_seal(encrypt: Callable[[bytes], bytes], nonce: bytes, plain: bytes, authenticated: bytes) -> bytes:
    """Ciphertext and tag; `encrypt` encrypts any number of blocks one by one. The nonce has 12 bytes."""
    count = -(-len(plain) // BLOCK_BYTES)
    blocks = bytes(BLOCK_BYTES) + b"".join(nonce + number.to_bytes(4, "big") for number in range(1, count + 2))
    encrypted = encrypt(blocks)
    key, mask, stream = encrypted[:BLOCK_BYTES], encrypted[BLOCK_BYTES : 2 * BLOCK_BYTES], encrypted[2 * BLOCK_BYTES :]
    sealed = bytes(left ^ right for left, right in zip(plain, stream, strict=False))
    lengths = (8 * len(authenticated)).to_bytes(8, "big") + (8 * len(plain)).to_bytes(8, "big")
    hashed = _ghash(int.from_bytes(key, "big"), _padded(authenticated) + _padded(sealed) + lengths)
    return sealed + (hashed ^ int.from_bytes(mask, "big")).to_bytes(BLOCK_BYTES, "big")


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK_BYTES)


def _ghash(key: int, content: bytes) -> int:
    state = 0
    for start in range(0, len(content), BLOCK_BYTES):
        state = _times(state ^ int.from_bytes(content[start : start + BLOCK_BYTES], "big"), key)
    return state


def _times(one: int, other: int) -> int:
    product = 0
    for place in range(127, -1, -1):
        if one >> place & 1:
            product ^= other
        other = other >> 1 ^ (_REDUCTION if other & 1 else 0)
    return product
