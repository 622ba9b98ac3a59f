"""The report's own words, in Chinese and English, read from `words.toml`.

A key that is missing in either language is an error, never an empty text.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def _all() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("jianlu.deliver.reports").joinpath("words.toml").read_text(encoding="utf-8"))


def words(key: str, lang: str, **values: object) -> str:
    """The text of `key` in "zh" or "en" with `values` put in."""
    return _all()[key][lang].format_map(values)
