"""SM3, the hash function of GB/T 32905-2016 (ISO/IEC 10118-3), in pure Python for the offline verifier.

The standard library offers SM3 only where its OpenSSL does, and an answer may not depend on that. Only what SM2 signatures cover
passes through here: checkpoints and notes of a few hundred bytes.
"""

from __future__ import annotations

DIGEST_BYTES = 32

_BLOCK_BYTES = 64
_MASK = 0xFFFFFFFF
_START = (0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E)
_EARLY, _LATE = 0x79CC4519, 0x7A879D8A
_ROUNDS, _EARLY_ROUNDS = 64, 16


def sm3(content: bytes) -> bytes:
    """The 32-byte SM3 digest of `content`."""
    padding = b"\x80" + bytes(-(len(content) + 9) % _BLOCK_BYTES) + (8 * len(content)).to_bytes(8, "big")
    padded = content + padding
    state: tuple[int, ...] = _START
    for start in range(0, len(padded), _BLOCK_BYTES):
        state = _compress(state, padded[start : start + _BLOCK_BYTES])
    return b"".join(word.to_bytes(4, "big") for word in state)


def _turn(word: int, bits: int) -> int:
    bits %= 32
    return (word << bits | word >> (32 - bits)) & _MASK


def _compress(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    """Section 5.3: the names are those of the standard."""
    w = [int.from_bytes(block[at : at + 4], "big") for at in range(0, _BLOCK_BYTES, 4)]
    for j in range(16, 68):
        x = w[j - 16] ^ w[j - 9] ^ _turn(w[j - 3], 15)
        w.append(x ^ _turn(x, 15) ^ _turn(x, 23) ^ _turn(w[j - 13], 7) ^ w[j - 6])
    a, b, c, d, e, f, g, h = state
    for j in range(_ROUNDS):
        is_early = j < _EARLY_ROUNDS
        ss1 = _turn((_turn(a, 12) + e + _turn(_EARLY if is_early else _LATE, j)) & _MASK, 7)
        ff = a ^ b ^ c if is_early else a & b | a & c | b & c
        gg = e ^ f ^ g if is_early else e & f | ~e & g
        tt1 = (ff + d + (ss1 ^ _turn(a, 12)) + (w[j] ^ w[j + 4])) & _MASK
        tt2 = (gg + h + ss1 + w[j]) & _MASK
        a, b, c, d = tt1, a, _turn(b, 9), c
        e, f, g, h = tt2 ^ _turn(tt2, 9) ^ _turn(tt2, 17), e, _turn(f, 19), g
    return tuple(was ^ now for was, now in zip(state, (a, b, c, d, e, f, g, h), strict=True))
