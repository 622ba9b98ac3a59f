"""edwards25519 in affine textbook form, slow and obvious: makes the hostile keys and signatures that libraries disagree on."""

from __future__ import annotations

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The sum of two points by the complete affine formula."""
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P)
    return x % P, y % P


def times(scalar: int, point: Point) -> Point:
    """`scalar` times the point, bit by bit."""
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def from_y(y: int) -> Point | None:
    """The point with this y and an even x, if there is one."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    return (P - x if x & 1 else x), y


def encode(point: Point) -> bytes:
    """The canonical 32 bytes."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _base() -> Point:
    point = from_y(4 * pow(5, -1, P) % P)
    assert point is not None
    return point


BASE = _base()


def _torsion() -> list[Point]:
    """The eight points of small order: multiples of one of order eight, found by clearing the large prime from a point."""
    y = 2
    while True:
        point = from_y(y)
        candidate = times(ORDER, point) if point else NEUTRAL
        if times(4, candidate) != NEUTRAL:
            return [times(k, candidate) for k in range(8)]
        y += 1


SMALL_ORDER = _torsion()


def challenge(encoded_r: bytes, public_key: bytes, message: bytes) -> int:
    """The scalar k of RFC 8032 section 5.1.7."""
    return int.from_bytes(hashlib.sha512(encoded_r + public_key + message).digest(), "little") % ORDER


def secret_scalar(seed: bytes) -> int:
    """The scalar that a 32-byte seed stands for (RFC 8032 section 5.1.5)."""
    half = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return half & ((1 << 254) - 8) | 1 << 254


def forge(secret: int, public_key: bytes, nonce: int, message: bytes, offset: Point = NEUTRAL) -> bytes:
    """A signature whose R is nonce * B + `offset`, with S fitting the equation but for the offset."""
    encoded_r = encode(add(times(nonce, BASE), offset))
    s = (nonce + challenge(encoded_r, public_key, message) * secret) % ORDER
    return encoded_r + s.to_bytes(32, "little")
