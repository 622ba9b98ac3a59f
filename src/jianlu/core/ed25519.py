"""Ed25519 signature verification (RFC 8032), in pure Python so that the offline verifier needs the standard library alone.

Only public values pass through here, so nothing needs to run in constant time. No signing and no keys: those are in
`ledger.signer`. Method: decompression as in RFC 8032 section 5.1.3, extended coordinates of Hisil et al. (2008), one
interleaved double-scalar multiplication over non-adjacent forms.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_BASE_WINDOW_BITS = 8
_KEY_WINDOW_BITS = 5

_Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z."""
_Cached = tuple[int, int, int, int]
"""Y-X, Y+X, 2dT, 2Z of a point that is added many times."""

_NEUTRAL: _Point = (0, 1, 1, 0)


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) is `public_key`'s (32 bytes) Ed25519 signature of `message`; never raises on outside bytes.

    Strict: S must be below the group order, both points canonically encoded, neither the key nor R of small order, and the
    equation holds without the cofactor. So everything accepted here is accepted by OpenSSL and Go, a signature cannot be
    altered into another valid one by an outsider, and no key verifies arbitrary messages. False for wrong lengths.
    """
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    encoded_r, s = signature[:32], int.from_bytes(signature[32:], "little")
    key = _decode(public_key)
    if s >= _ORDER or key is None or _is_small_order(key):
        return False
    challenge = int.from_bytes(hashlib.sha512(encoded_r + public_key + message).digest(), "little") % _ORDER
    x, y, z, t = key
    computed_r = _combine(s, challenge, (_P - x, y, z, _P - t))
    return _encode(computed_r) == encoded_r and not _is_small_order(computed_r)


def _decode(encoded: bytes) -> _Point | None:
    """The point with this canonical encoding, or None."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= _P:
        return None
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    x = u * pow(v, 3, _P) * pow(u * pow(v, 7, _P), (_P - 5) // 8, _P) % _P
    if v * x * x % _P != u:
        x = x * _SQRT_MINUS_ONE % _P
        if v * x * x % _P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _encode(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return ((y * inverse % _P) | ((x * inverse % _P) & 1) << 255).to_bytes(32, "little")


def _is_small_order(point: _Point) -> bool:
    """Whether eight times the point is the neutral element."""
    for _ in range(3):
        point = _double(point)
    return point[0] == 0 and point[1] == point[2]


def _double(point: _Point) -> _Point:
    x, y, z, _ = point
    a, b = x * x, y * y
    h = a + b
    e = (h - (x + y) ** 2) % _P
    g = (a - b) % _P
    f = (2 * z * z + g) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _cache(point: _Point) -> _Cached:
    x, y, z, t = point
    return y - x, y + x, 2 * _D * t % _P, 2 * z


def _add(point: _Point, other: _Cached) -> _Point:
    x, y, z, t = point
    a, b = (y - x) * other[0], (y + x) * other[1]
    c, d = t * other[2], z * other[3]
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _subtract(point: _Point, other: _Cached) -> _Point:
    return _add(point, (other[1], other[0], -other[2], other[3]))


def _odd_multiples(point: _Point, window_bits: int) -> list[_Cached]:
    """1, 3, 5, ... times the point, as many as a non-adjacent form of this width needs."""
    twice = _cache(_double(point))
    multiples = [_cache(point)]
    for _ in range(2 ** (window_bits - 2) - 1):
        point = _add(point, twice)
        multiples.append(_cache(point))
    return multiples


@lru_cache(maxsize=1)
def _base_multiples() -> list[_Cached]:
    base = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if base is None:  # pragma: no cover - a constant of the curve
        raise AssertionError("the base point of edwards25519 must decode")
    return _odd_multiples(base, _BASE_WINDOW_BITS)


def _non_adjacent_form(scalar: int, window_bits: int) -> list[int]:
    """Signed odd digits of `scalar`, least significant first, zero or below 2^(window_bits-1) in size."""
    digits = []
    modulus = 1 << window_bits
    while scalar:
        digit = 0
        if scalar & 1:
            digit = scalar & (modulus - 1)
            if digit >= modulus // 2:
                digit -= modulus
            scalar -= digit
        digits.append(digit)
        scalar >>= 1
    return digits


def _combine(s: int, challenge: int, key: _Point) -> _Point:
    """s times the base point plus `challenge` times `key`."""
    rows = (
        (_non_adjacent_form(s, _BASE_WINDOW_BITS), _base_multiples()),
        (_non_adjacent_form(challenge, _KEY_WINDOW_BITS), _odd_multiples(key, _KEY_WINDOW_BITS)),
    )
    point = _NEUTRAL
    for position in reversed(range(max(len(digits) for digits, _ in rows))):
        point = _double(point)
        for digits, multiples in rows:
            digit = digits[position] if position < len(digits) else 0
            if digit > 0:
                point = _add(point, multiples[digit >> 1])
            elif digit < 0:
                point = _subtract(point, multiples[-digit >> 1])
    return point
