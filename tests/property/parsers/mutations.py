"""Structure-aware damage: what a forger, a failing disk or a foreign program makes of a true sample. Seeded: a run can be had again.

Edits know the structures that our formats are made of, and nothing of any one format: bytes and bits, runs cut, repeated and spliced,
numbers in fields of 1 to 8 bytes, tokens of texts, lines, base64 within texts, and values of JSON documents written canonically again.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

NUMBERS = (
    0,
    1,
    7,
    8,
    15,
    16,
    127,
    128,
    254,
    255,
    256,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**53,
    2**63 - 1,
    2**64 - 1,
)
TEXTS = (
    *(
        "",
        "0",
        "-1",
        "-0",
        "00",
        "1e999",
        "NaN",
        "Infinity",
        "true",
        "null",
        "9" * 5000,
        "9007199254740993",
        "18446744073709551616",
    ),
    *(
        "\ufeff",
        "\u0000",
        "\u2028",
        "\u0661",
        "\uff11",
        "e\u0301",
        "\U0010ffff",
        "\u202e",
        "../..",
        "a" * 70_000,
        "[" * 3000,
        '{"a":' * 3000,
    ),
    *("=", "+", "—", "\n\n", "\r\n", " ", '"', "\\", "'''", "#", "%s", "{", "}", "[[", "9999-12-31", "0000-00-00", "24:00:00"),
)
"""Words that parsers stumble over: numbers beyond every type, other scripts' digits, marks and nesting."""
BYTES = (
    b"\x00",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\x80",
    b"\xfe\xff",
    b"\x30\x80" * 500,
    b"\x1f\x8b",
)
"""Bytes beside UTF-8: overlong, surrogate, beyond Unicode, cut, marks of byte order; and endless nesting in BER."""
LEAVES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 - 1,
    2**53,
    -(2**53),
    10**30,
    0.5,
    *TEXTS[:10],
    [],
    {},
    [[]],
    {"": None},
)

_TOKEN = re.compile(rb"[A-Za-z0-9_.+/=-]+|[^A-Za-z0-9_.+/=-]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{12,}={0,2}")
_NUMBER = re.compile(rb"\d+")
_TREE_BYTES_MAX = 200_000
_EDITS_MAX = 4


class Mutator:
    """Makes damaged inputs of `samples`; the same seed makes the same ones."""

    def __init__(self, samples: Sequence[bytes], *, seed: int, bytes_max: int) -> None:
        self._samples, self._max = tuple(samples), bytes_max
        self._random = random.Random(seed)

    def next(self) -> bytes:
        """A sample with a few edits; now and then one as it is, so that the path of good input is walked too."""
        return self.damaged(self._random.choice(self._samples))

    def damaged(self, content: bytes, seed: int | None = None) -> bytes:
        """`content` with one to four edits."""
        if seed is not None:
            self._random.seed(seed)
        drawn = self._random
        if drawn.random() < 0.01:
            return content
        tree = _tree(content) if drawn.random() < 0.7 else None
        if tree is not None:
            try:
                return self._edited_tree(tree)[: self._max]
            except RecursionError:  # nested deeper than the writer of JSON goes
                return content
        edited = bytearray(content)
        for _ in range(drawn.randint(1, _EDITS_MAX)):
            drawn.choice(_EDITS)(self, edited)
            del edited[self._max :]
        return bytes(edited)

    def _span(self, content: bytearray) -> tuple[int, int]:
        start = self._random.randint(0, len(content))
        return start, min(len(content), start + self._random.choice((1, 2, 4, 8, 32, 64, 512)))

    def _flip(self, content: bytearray) -> None:
        if content:
            content[self._random.randrange(len(content))] ^= 1 << self._random.randrange(8)

    def _set(self, content: bytearray) -> None:
        if content:
            content[self._random.randrange(len(content))] = self._random.randrange(256)

    def _cut(self, content: bytearray) -> None:
        start, end = self._span(content)
        del content[start:end]

    def _end_early(self, content: bytearray) -> None:
        del content[self._random.randint(0, len(content)) :]

    def _repeat(self, content: bytearray) -> None:
        start, end = self._span(content)
        content[start:start] = content[start:end] * self._random.choice((1, 1, 2, 3, 16, 300))

    def _splice(self, content: bytearray) -> None:
        other = bytearray(self._random.choice(self._samples))
        start, end = self._span(other)
        if self._random.random() < 0.3:
            end = len(other)
        at, until = self._span(content)
        content[at : until if self._random.random() < 0.5 else at] = other[start:end]

    def _number(self, content: bytearray) -> None:
        """A field of 1, 2, 4 or 8 bytes in either order becomes a number at a boundary, the length of something, or one more or less."""
        size = self._random.choice((1, 2, 4, 8))
        order = self._random.choice(("big", "little"))
        if len(content) < size:
            return
        at = self._random.randint(0, len(content) - size)
        known = int.from_bytes(content[at : at + size], order)  # type: ignore[arg-type]
        value = self._random.choice((*NUMBERS, known + 1, known - 1, known * 2, len(content), len(content) - at))
        content[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, order)  # type: ignore[arg-type]

    def _stuff(self, content: bytearray) -> None:
        at = self._random.randint(0, len(content))
        text = self._random.random() < 0.5
        content[at:at] = self._random.choice(TEXTS).encode() if text else self._random.choice(BYTES)

    def _token(self, content: bytearray) -> None:
        """A word of a text becomes another word of it, or one that parsers stumble over."""
        at = self._random.randint(0, max(0, len(content) - 1))
        found = _TOKEN.search(content, at)
        if found is None:
            return
        other = _TOKEN.search(content, self._random.randint(0, len(content)))
        word = other.group() if other and self._random.random() < 0.4 else self._random.choice(TEXTS).encode()
        content[found.start() : found.end()] = word

    def _written_number(self, content: bytearray) -> None:
        found = _NUMBER.search(content, self._random.randint(0, len(content)))
        if found is not None:
            known = int(found.group()[:15])
            value = self._random.choice((*NUMBERS, known + 1, known - 1, -known, known * 1000))
            content[found.start() : found.end()] = str(value).encode()

    def _line(self, content: bytearray) -> None:
        """A line goes, comes twice, or changes places with another."""
        lines = bytes(content).split(b"\n")
        if len(lines) < 2:
            return
        first, second = self._random.randrange(len(lines)), self._random.randrange(len(lines))
        what = self._random.randrange(3)
        if what == 0:
            del lines[first]
        elif what == 1:
            lines.insert(second, lines[first])
        else:
            lines[first], lines[second] = lines[second], lines[first]
        content[:] = b"\n".join(lines)

    def _inside_base64(self, content: bytearray) -> None:
        found = _BASE64.search(content, self._random.randint(0, len(content)))
        if found is None:
            return
        try:
            inner = bytearray(base64.b64decode(found.group(), validate=True))
        except (binascii.Error, ValueError):
            return
        self._random.choice((Mutator._flip, Mutator._cut, Mutator._number, Mutator._repeat))(self, inner)
        content[found.start() : found.end()] = base64.b64encode(inner)

    def _edited_tree(self, tree: Any) -> bytes:
        """The document with one to three values changed; written canonically, or as a careless program writes it."""
        drawn, holder = self._random, [tree]
        for _ in range(drawn.randint(1, 3)):
            place: Any = holder
            key: Any = 0
            while isinstance(place[key], dict | list) and place[key] and drawn.random() < 0.85:
                place = place[key]
                key = drawn.choice(list(place)) if isinstance(place, dict) else drawn.randrange(len(place))
            self._change(place, key, holder)
        try:
            if drawn.random() < 0.9:
                return json.dumps(holder[0], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
                    "utf-8", "surrogatepass"
                )
            return json.dumps(holder[0], indent=drawn.choice((None, 1)), ensure_ascii=drawn.random() < 0.5).encode(
                "utf-8", "surrogatepass"
            )
        except (RecursionError, ValueError):
            return b""

    def _change(self, place: Any, key: Any, holder: list[Any]) -> None:
        drawn, known = self._random, place[key]
        what = drawn.randrange(8)
        if what == 0 and place is not holder:
            del place[key]
        elif what == 1 and isinstance(place, list) and place is not holder:
            place[key:key] = [known] * drawn.choice((1, 1, 2, 70))
        elif what == 2 and isinstance(place, dict):
            place[drawn.choice(("", "x", "é", "format", *map(str, list(place)[:5])))] = deepcopy(drawn.choice(LEAVES))
        elif what == 3 and isinstance(known, int):
            place[key] = known + drawn.choice((-1, 1, 2**31, 2**53, -known))
        elif what == 4 and isinstance(known, str):
            words = (
                known[:-1],
                known * 2,
                known.upper(),
                known + "\n",
                known + "\x00",
                known + "\ud800",
                "é" + known,
                known[::-1],
            )
            place[key] = drawn.choice(words)
        elif what == 5:
            for _ in range(drawn.choice((1, 2, 31, 32, 33, 200))):
                known = [known] if drawn.random() < 0.5 else {"a": known}
            place[key] = known
        elif what == 6:
            place[key] = _somewhere(holder[0], drawn)
        else:
            place[key] = deepcopy(drawn.choice(LEAVES))


def _somewhere(tree: Any, drawn: random.Random) -> Any:
    """A value from elsewhere in the same document, as its own copy."""
    while isinstance(tree, dict | list) and tree and drawn.random() < 0.7:
        tree = drawn.choice(list(tree.values())) if isinstance(tree, dict) else drawn.choice(tree)
    return json.loads(json.dumps(tree))


def _tree(content: bytes) -> Any:
    """The JSON document that `content` is, None where it is none or too long to be taken apart each time."""
    if content[:1] not in (b"{", b"[") or len(content) > _TREE_BYTES_MAX:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


_EDITS: tuple[Callable[[Mutator, bytearray], None], ...] = (
    *(Mutator._flip, Mutator._flip, Mutator._set, Mutator._cut, Mutator._end_early, Mutator._repeat, Mutator._splice),
    *(Mutator._number, Mutator._number, Mutator._stuff, Mutator._token, Mutator._token, Mutator._written_number),
    *(Mutator._line, Mutator._inside_base64),
)
