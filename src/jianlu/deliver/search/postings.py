"""Postings: where in a block of cases each pair of neighbouring tokens is said. Bytes and numbers; no key, no database.

A block lays its cases end to end: a case begins at its `base`, its passages follow with a gap of one between them, so that tokens at
neighbouring positions are neighbours in one passage. Every token occurrence is one posting, filed under the token and the one after
it: a phrase needs every second pair of it, a single word everything filed under it. Deltas of ascending positions are written as
LEB128. A page of postings is a directory of text lines, sorted, and the lists one after another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jianlu.core.errors import IntegrityError

Positions = NDArray[np.int64]
Pair = tuple[str, str]

END = "$"
"""What follows the last token of a passage."""

_LENGTH_BYTES = 4
_EMPTY: Positions = np.zeros(0, dtype=np.int64)
_LINE = re.compile(rb"\n([^ \n]+) ([^ \n]+) (\d+) (\d+) (\d+) (\d+)")


class List(NamedTuple):
    """One list as written: how many positions, the last of them, and the deltas from 0."""

    size: int
    last: int
    deltas: bytes


Lists = dict[Pair, List]


def encode(positions: Positions) -> List:
    """Ascending, different, non-negative positions below 2^56, at least one."""
    written, _ = _written(np.diff(positions, prepend=0))
    return List(len(positions), int(positions[-1]), written)


def lists_of(firsts: Sequence[str], seconds: Sequence[str], positions: Positions) -> Lists:
    """The lists of postings given in ascending order of position: the token at each, and what follows it."""
    if not len(positions):
        return {}
    numbers: dict[str, int] = {}
    first, second = (
        np.array([numbers.setdefault(t, len(numbers)) for t in tokens], dtype=np.int64) for tokens in (firsts, seconds)
    )
    pairs = first * len(numbers) + second
    order = np.argsort(pairs, kind="stable")
    pairs, places = pairs[order], positions[order]
    begins = np.flatnonzero(np.diff(pairs, prepend=-1))
    deltas = np.diff(places, prepend=0)
    deltas[begins] = places[begins]
    written, ends = _written(deltas)
    stops = np.append(begins[1:], len(pairs))
    froms = np.concatenate(([0], ends[:-1]))[begins].tolist()
    tos, lasts, counts = ends[stops - 1].tolist(), places[stops - 1].tolist(), (stops - begins).tolist()
    names = list(numbers)
    found = {}
    for pair, count, last, begin, end in zip(pairs[begins].tolist(), counts, lasts, froms, tos, strict=True):
        found[names[pair // len(names)], names[pair % len(names)]] = List(count, last, written[begin:end])
    return found


def _written(deltas: Positions) -> tuple[bytes, Positions]:
    """The deltas as LEB128, and where each one ends."""
    widths = np.ones(len(deltas), dtype=np.int64)
    for bits in range(7, 56, 7):
        widths += deltas >= (1 << bits)
    ends = np.cumsum(widths)
    written = np.empty(int(ends[-1]), dtype=np.uint8)
    starts = ends - widths
    for place in range(int(widths.max())):
        wide = np.flatnonzero(widths > place)
        more = (widths[wide] > place + 1).astype(np.int64) << 7
        written[starts[wide] + place] = ((deltas[wide] >> (7 * place)) & 0x7F) | more
    return written.tobytes(), ends


def decode(lists: bytes, counts: Sequence[int]) -> Positions:
    """The positions of lists written one after another, `counts` of each, joined in that order.

    IntegrityError when they are not those.
    """
    octets = np.frombuffer(lists, dtype=np.uint8)
    goes_on = octets >= 0x80
    if len(octets) - np.count_nonzero(goes_on) != sum(counts) or (len(octets) and goes_on[-1]):
        raise IntegrityError("a list of the search index is damaged: run `jianlu vault reindex`")
    if not len(octets):
        return _EMPTY
    deltas = (octets & 0x7F).astype(np.int64)
    wide = np.flatnonzero(goes_on)
    if len(wide):
        starts = np.ones(len(octets), dtype=np.bool_)
        starts[wide + 1] = False
        at, place = wide[starts[wide]], 1
        while len(at):
            deltas[at] |= deltas[at + place] << (7 * place)
            at, place = at[goes_on[at + place]], place + 1
        deltas = deltas[starts]
    sums = np.cumsum(deltas)
    if len(counts) > 1:
        firsts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        sums -= np.repeat(sums[firsts] - deltas[firsts], counts)
    return sums


def joined(parts: Iterable[tuple[List, int]]) -> List:
    """Lists of consecutive stretches as one, each shifted by its number; without reading more than each one's first delta."""
    count, last, written = 0, 0, bytearray()
    for part, shift in parts:
        first, length = _first_of(part.deltas)
        written += _leb128(first + shift - last)
        written += part.deltas[length:]
        count, last = count + part.size, part.last + shift
    return List(count, last, bytes(written))


def page_bytes(lists: Mapping[Pair, List]) -> bytes:
    """A page of postings."""
    directory, written, at = bytearray(), [], 0
    for (first, second), each in sorted(lists.items()):
        directory += f"\n{first} {second} {each.size} {at} {len(each.deltas)} {each.last}".encode()
        written.append(each.deltas)
        at += len(each.deltas)
    return b"".join([len(directory).to_bytes(_LENGTH_BYTES, "big"), bytes(directory), *written])


class Page:
    """A page of postings as read."""

    def __init__(self, content: bytes) -> None:
        length = int.from_bytes(content[:_LENGTH_BYTES], "big")
        self._content = content
        self._directory = content[_LENGTH_BYTES : _LENGTH_BYTES + length] + b"\n"
        self._lists = memoryview(content)[_LENGTH_BYTES + length :]

    def positions(self, first: str, second: str) -> Positions:
        """Where `first` is followed by `second`."""
        at = self._directory.find(f"\n{first} {second} ".encode())
        return _EMPTY if at < 0 else self._read(_LINE.match(self._directory, at))

    def all_positions(self, first: str) -> Positions:
        """Where `first` is, whatever follows; ascending."""
        mark = f"\n{first} ".encode()
        start = self._directory.find(mark)
        if start < 0:
            return _EMPTY
        stop = self._directory.rfind(mark) + 1
        stop = self._directory.index(b"\n", stop)
        lines = list(_LINE.finditer(self._directory, start, stop))
        counts = [int(line[3]) for line in lines]
        begin, end = int(lines[0][4]), int(lines[-1][4]) + int(lines[-1][5])
        found = decode(bytes(self._lists[begin:end]), counts)
        if len(counts) > 1:
            found.sort(kind="stable")  # runs that ascend are joined, not sorted again
        return found

    def lists(self) -> Iterator[tuple[Pair, List]]:
        """Every list, in order."""
        for line in _LINE.finditer(self._directory):
            at, length = int(line[4]), int(line[5])
            yield (line[1].decode(), line[2].decode()), List(int(line[3]), int(line[6]), bytes(self._lists[at : at + length]))

    def without(self, leaves: Callable[[Positions], NDArray[np.bool_]]) -> bytes:
        """The page without the positions that leave; only lists that hold one are written anew."""
        counts = [int(line[3]) for line in _LINE.finditer(self._directory)]
        positions = decode(bytes(self._lists), counts)
        leaving = leaves(positions)
        if not leaving.any():
            return self._content
        ends = np.cumsum(counts)
        touched = set(np.searchsorted(ends, np.flatnonzero(leaving), side="right").tolist())
        kept: Lists = {}
        for number, (pair, each) in enumerate(self.lists()):
            here = slice(int(ends[number]) - each.size, int(ends[number]))
            left = positions[here][~leaving[here]] if number in touched else None
            if left is None or len(left):
                kept[pair] = each if left is None else encode(left)
        return page_bytes(kept)

    def _read(self, line: re.Match[bytes] | None) -> Positions:
        if line is None:
            raise IntegrityError("a page of the search index is damaged: run `jianlu vault reindex`")
        at, length = int(line[4]), int(line[5])
        return decode(bytes(self._lists[at : at + length]), [int(line[3])])


def _first_of(deltas: bytes) -> tuple[int, int]:
    value = length = 0
    while True:
        octet = deltas[length]
        value |= (octet & 0x7F) << (7 * length)
        length += 1
        if octet < 0x80:
            return value, length


def _leb128(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
