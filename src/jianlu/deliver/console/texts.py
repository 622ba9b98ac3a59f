"""The console's words in its two languages, and which language a visitor gets: query, then cookie, then the browser's wish.

One TOML file per language and area (`zh.toml`, `proofs.zh.toml`) with the same keys, sections joined by dots; no key is in two files.
Texts of cases, scripts and clauses are not here: they come with both languages in the JSON.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from starlette.requests import Request

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)
LANG_COOKIE = "__Host-jianlu-lang"
_FOLDER = Path(__file__).with_name("texts")


@cache
def texts_of(lang: Lang) -> Mapping[str, str]:
    """Every text of one language by its dotted key."""
    found: dict[str, str] = {}
    for path in (_FOLDER / f"{lang}.toml", *sorted(_FOLDER.glob(f"*.{lang}.toml"))):
        for key, text in _flat("", tomllib.loads(path.read_text(encoding="utf-8"))):
            if key in found:
                raise AssertionError(f"{path.name} says {key} again")
            found[key] = text
    return found


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        found += _flat(f"{prefix}{key}.", value) if isinstance(value, dict) else [(prefix + key, str(value))]
    return found


def lang_of(request: Request) -> Lang:
    """The visitor's language; Chinese for those who wish for neither."""
    for claimed in (request.query_params.get("lang"), request.cookies.get(LANG_COOKIE)):
        for lang in LANGS:
            if claimed == lang:
                return lang
    return _wished(request.headers.get("accept-language", ""))


def _wished(header: str) -> Lang:
    best: tuple[float, Lang] = (0.0, "zh")
    for part in header.split(","):
        tag, _, weight = part.replace(" ", "").partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        for lang in LANGS:
            if tag.lower().split("-")[0] == lang and quality > best[0]:
                best = (quality, lang)
    return best[1]


def in_lang(value: object, lang: Lang) -> str:
    """The text of a {zh, en} mapping in the language, or in the other one; a plain text as it is."""
    if isinstance(value, Mapping):
        return str(value.get(lang) or next((text for text in value.values() if text), ""))
    return "" if value is None else str(value)
