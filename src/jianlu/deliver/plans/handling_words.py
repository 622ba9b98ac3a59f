"""Class, level, places and keys of what is kept, in words, Chinese and English: one clause's demand, and what the plan comes to.

How clauses are merged is `govern/policy/handle.py`; where a sentence stands on the page is `render.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jianlu.core.formats.plan import Handling
from jianlu.core.terms.handling import DEFAULT
from jianlu.deliver.plans.labels import CLASSES, OBJECTS, word

_KEYS = {
    "own": ("每个对象使用单独的密钥", "each object under a key of its own"),
    "keeper": ("根密钥不出密码机或密钥服务", "under a root key that never leaves a hardware token or key service"),
}


def demand_text(params: Mapping[str, Any], lang: str) -> str:
    """What one `handle_as` of a clause demands."""
    zh = lang == "zh"
    objects = ("、" if zh else ", ").join(word(OBJECTS, each, lang) for each in params["objects"])
    parts = _parts(params["class"], params["level"], params["places"], params["key"], lang, is_least=True)
    return f"{objects}：{'，'.join(parts)}" if zh else f"{objects}: {', '.join(parts)}"


def handling_text(said: Handling, lang: str) -> str:
    """How one kind of object is handled, all clauses together."""
    parts = _parts(said.category, said.level, said.places, said.key, lang, is_least=False)
    if said.clause == DEFAULT:
        parts.append("没有规则定级，按最高级处理" if lang == "zh" else "no rule levels it, so the highest level holds")
    return ("，" if lang == "zh" else ", ").join(parts)


def _parts(category: str, level: int, places: Sequence[str], key: str, lang: str, *, is_least: bool) -> list[str]:
    zh = lang == "zh"
    found: list[str] = []
    if level:
        named = word(CLASSES, category, lang)
        least_zh, least_en = ("不低于", "at least ") if is_least else ("", "")
        found.append(f"{named}，{least_zh}{level}级" if zh else f"{named}, {least_en}level {level}")
    if places:
        listed = ("、" if zh else " or ").join(places)
        found.append(f"仅存放于 {listed}，副本亦同" if zh else f"kept within {listed} alone, copies too")
    if key:
        found.append(_KEYS[key][0 if zh else 1])
    return found
