"""Arithmetic on short Weierstrass curves with a = -3, in pure Python, for checking signatures of others.

Only public values pass through here, so nothing needs to run in constant time: no key that signs may ever be brought here. Affine, SEC 1
sections 2.2 and 2.3; who signs what on which curve is in `signatures` (NIST curves) and `sm2`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import InvalidError

Point = tuple[int, int] | None
"""A point by its coordinates; None is the neutral element."""


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ - 3x + b over the prime p; (x, y) generates a group of the prime order n."""

    p: int
    b: int
    n: int
    x: int
    y: int

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    @property
    def base(self) -> Point:
        """The point that generates the group."""
        return self.x, self.y

    def decode(self, encoded: bytes) -> tuple[int, int]:
        """The point that the uncompressed `encoded` says; InvalidError for another form, and for what is no point of the curve."""
        size = self.size
        if len(encoded) != 1 + 2 * size or encoded[0] != 4:
            raise InvalidError("an elliptic-curve key is not an uncompressed point")
        x, y = int.from_bytes(encoded[1 : 1 + size], "big"), int.from_bytes(encoded[1 + size :], "big")
        if x >= self.p or y >= self.p or (y * y - x * x * x + 3 * x - self.b) % self.p:
            raise InvalidError("an elliptic-curve key is no point of its curve")
        return x, y

    def plus(self, one: Point, other: Point) -> Point:
        """The sum of two points of the curve."""
        if one is None or other is None:
            return one or other
        if one[0] == other[0]:
            if (one[1] + other[1]) % self.p == 0:
                return None
            slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, self.p)
        else:
            slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, self.p)
        x = (slope * slope - one[0] - other[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def times(self, factor: int, point: Point) -> Point:
        """`factor` (0 or more) times the point."""
        found: Point = None
        while factor:
            if factor & 1:
                found = self.plus(found, point)
            point, factor = self.plus(point, point), factor >> 1
        return found
