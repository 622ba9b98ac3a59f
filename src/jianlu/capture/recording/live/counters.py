"""Counters that wrap (RFC 3550): sequence numbers of 16 bits and time stamps of 32 become whole numbers that only grow on.

Where they begin means nothing; only differences do.
"""

from __future__ import annotations


class Unwrapper:
    """Extends a wrapping counter of `bits`; a value is taken as the nearest to the last one, before or after it."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def extend(self, value: int) -> int:
        """`value` without wrapping; the first one is taken a whole turn up, so that earlier ones stay positive."""
        if self._last is None:
            self._last = value + self._size
        else:
            step = (value - self._last) % self._size
            self._last += step - self._size if step >= self._size // 2 else step
        return self._last

    def nearest(self, value: int) -> int:
        """As `extend`, without remembering it."""
        if self._last is None:
            return value + self._size
        step = (value - self._last) % self._size
        return self._last + (step - self._size if step >= self._size // 2 else step)
