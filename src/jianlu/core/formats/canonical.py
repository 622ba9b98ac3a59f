"""Canonical JSON: the one byte form of every document that is hashed or signed.

A subset of RFC 8785: objects with ASCII keys, arrays, strings, booleans, null and integers within +-(2^53-1); no floats,
so that no two implementations can disagree about a number. Scores are integers in thousandths, times in milliseconds.
"""

from __future__ import annotations

import json
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.limits import DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX

_INTEGER_MAX = (1 << 53) - 1


def canonical_bytes(document: Any) -> bytes:
    """The RFC 8785 bytes of `document`; raises InvalidError for floats, non-ASCII keys, lone surrogates or too deep nesting."""
    _check(document, 0)
    try:
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise InvalidError("a text in the document is not valid Unicode") from error


def plain_fields(made: Any) -> dict[str, Any]:
    """The fields of a dataclass, and of those within it, as a document holds them: objects, lists, texts and numbers, not copied."""
    return {name: _plain(getattr(made, name)) for name in made.__dataclass_fields__}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [inner if type(inner) is str else _plain(inner) for inner in value]
    return plain_fields(value) if hasattr(value, "__dataclass_fields__") else value


def parse_canonical(content: bytes, *, bytes_max: int = DOCUMENT_BYTES_MAX) -> Any:
    """The document whose canonical form is exactly `content`; raises InvalidError for any other bytes.

    Bytes that differ from the canonical form (spaces, key order, duplicate keys, floats) are refused: a document has one digest.
    """
    if len(content) > bytes_max:
        raise InvalidError(f"a document has {len(content)} bytes, more than {bytes_max}")
    try:
        document = json.loads(content, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidError("a document is not JSON of the canonical form") from error
    if canonical_bytes(document) != content:
        raise InvalidError("a document is not in canonical form")
    return document


def listed(value: Any) -> list[Any]:
    """The list that `value` is; InvalidError for anything else, an object or a text in its place included: they can be walked, too."""
    if not isinstance(value, list):
        raise InvalidError("a document has something else where a list belongs")
    return value


def _refuse(text: str) -> Any:
    raise InvalidError(f"a document holds a number that is not an integer: {text[:20]}")


def _check(value: Any, depth: int) -> None:
    if depth > DOCUMENT_DEPTH_MAX or (depth == DOCUMENT_DEPTH_MAX and isinstance(value, dict | list | tuple) and value):
        raise InvalidError("a document is nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise InvalidError("a document's keys must be ASCII text")
            if type(inner) is not str:  # most of a document are texts, about which there is nothing to ask
                _check(inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            if type(inner) is not str:
                _check(inner, depth + 1)
    elif isinstance(value, bool) or value is None or isinstance(value, str):
        return
    elif isinstance(value, int):
        if abs(value) > _INTEGER_MAX:
            raise InvalidError("an integer in the document is beyond 2^53-1")
    else:
        raise InvalidError(f"a document cannot hold a {type(value).__name__}")
