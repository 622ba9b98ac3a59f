"""Strict reading of TOML tables: every key is taken by name, of the right type, and none is left over.

Errors name the file and the key. Nothing here knows what the keys mean.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from jianlu.core.errors import InvalidError

_T = TypeVar("_T")
FILE_BYTES_MAX = 1024 * 1024
"""A pack's or a case's file: they are written by hand."""


class Table:
    """One TOML table whose keys are taken one by one; `close` refuses what nobody took."""

    def __init__(self, fields: object, where: str) -> None:
        if not isinstance(fields, dict):
            raise InvalidError(f"{where} must be a table")
        self.where = where
        self._left = dict(fields)

    def take(self, key: str, kind: type[_T]) -> _T:
        """The value of `key`; InvalidError when it is absent or of another type."""
        if key not in self._left:
            raise InvalidError(f"{self.where} lacks `{key}`: add it")
        return self._checked(key, self._left.pop(key), kind)

    def take_or(self, key: str, kind: type[_T], absent: _T) -> _T:
        """The value of `key`, or `absent`."""
        return self._checked(key, self._left.pop(key), kind) if key in self._left else absent

    def take_any(self, key: str) -> Any:
        """The value of `key` as it is, or None."""
        return self._left.pop(key, None)

    def take_date(self, key: str) -> date:
        """The date of `key`; a date-time is refused, since its day depends on the zone."""
        if isinstance(self._left.get(key), datetime):
            raise InvalidError(f"{self.where}: `{key}` must be a date such as 2026-11-20, without a time")
        return self.take(key, date)

    def take_date_or_none(self, key: str) -> date | None:
        """The date of `key`, or None."""
        return self.take_date(key) if key in self._left else None

    def take_texts(self, key: str) -> tuple[str, ...]:
        """The list of texts of `key`; an absent one is empty."""
        entries = self.take_or(key, list, [])
        if not all(isinstance(entry, str) and entry for entry in entries):
            raise InvalidError(f"{self.where}: `{key}` must be a list of texts")
        return tuple(entries)

    def take_bilingual(self, key: str) -> dict[str, str]:
        """The texts of `key` by language; zh and en are both needed, since both kinds of reader exist."""
        texts = self.take(key, dict)
        if set(texts) != {"zh", "en"} or not all(isinstance(text, str) and text.strip() for text in texts.values()):
            raise InvalidError(f"{self.where}: `{key}` must have a text in zh and one in en")
        return texts

    def take_code(self, key: str, codes: tuple[str, ...], absent: str = "") -> str:
        """The code of `key`, one of `codes`; `absent` (when given) where the key is not there."""
        code = self.take_or(key, str, absent) if absent else self.take(key, str)
        if code not in codes:
            raise InvalidError(f"{self.where}: `{key}` must be one of: {', '.join(codes)}")
        return code

    def take_tables(self, key: str) -> list[Table]:
        """The tables of the array `key`; an absent one is empty."""
        entries = self.take_or(key, list, [])
        return [Table(entry, f"{self.where}, {key} {number}") for number, entry in enumerate(entries, 1)]

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that nobody took yet."""
        return tuple(self._left)

    def close(self) -> None:
        """InvalidError, naming them, when keys are left that nobody knows."""
        if self._left:
            raise InvalidError(f"{self.where} has unknown keys: {', '.join(sorted(self._left))}")

    def _checked(self, key: str, value: Any, kind: type[_T]) -> _T:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InvalidError(f"{self.where}: `{key}` must be {_NAMES.get(kind, kind.__name__)}")
        return value


_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    date: "a date such as 2026-11-20",
}


def read_table(path: Path, where: str) -> Table:
    """The TOML file as a table; InvalidError, naming `where`, when it is absent, too long or not TOML."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise InvalidError(f"{where} cannot be read: check that the file is there") from error
    return parse_table(content, where)


def parse_table(content: bytes, where: str) -> Table:
    """TOML bytes as a table; InvalidError, naming `where` and the line, when they are too long or not TOML."""
    if len(content) > FILE_BYTES_MAX:
        raise InvalidError(f"{where} has more than {FILE_BYTES_MAX} bytes")
    try:
        return Table(tomllib.loads(content.decode()), where)
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise InvalidError(f"{where} is not a TOML file: {error}") from error
