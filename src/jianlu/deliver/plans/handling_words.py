"""Class, level, places and keys of what is kept, in words, Chinese and English: demanded by a clause, by the plan, stated by events.

How clauses are merged is `govern/policy/handle.py`; where a sentence stands on the page is `render.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Handling
from jianlu.core.terms.handling import DEFAULT, kind_of
from jianlu.core.terms.handling import OBJECTS as KINDS
from jianlu.deliver.plans.labels import CLASSES, OBJECTS, word

_KEYS = {
    "own": ("每个对象使用单独的密钥", "each object under a key of its own"),
    "keeper": ("根密钥不出密码机或密钥服务", "under a root key that never leaves a hardware token or key service"),
}


_RULES = {"zh": "方案、规则和话术", "en": "plan, rules and script"}
"""What a case seals that is of no kind of object that clauses speak of."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the events of sealing state of one kind of object, and of how many such objects.

    `clause` states the level and `confined_by` confines it to the areas `within`; `place` is the declared place of the store. Empty: not
    stated.
    """

    kind: str
    category: str
    level: int
    clause: str
    place: str
    within: tuple[str, ...]
    confined_by: str
    objects: int

    def title(self, lang: str) -> str:
        """The kind in words."""
        return word(OBJECTS, self.kind, lang) if self.kind else _RULES[lang]

    def level_text(self, lang: str) -> str:
        """Class and level in words."""
        return _parts(self.category, self.level, (), "", lang, is_least=False)[0]

    def place_text(self, lang: str) -> str:
        """Where it was sealed, and the areas that a clause leaves it."""
        zh = lang == "zh"
        lies = self.place or ("未声明地点" if zh else "no place declared")
        return ("，" if zh else ", ").join([lies, *_parts("", 0, self.within, "", lang, is_least=False)])


def stated_in(events: Iterable[Event]) -> list[Stated]:
    """Per kind of object every label that the events of sealing state, in the order of the kinds; objects from before labels have none."""
    counts: dict[tuple[Any, ...], int] = {}
    for event in events:
        for part in (event.body, *event.body.values()):
            if isinstance(part, dict) and {"object", "sealed", "level"} <= part.keys():
                within = tuple(filter(None, str(part.get("within", "")).split("+")))
                said = (part["class"], part["level"], part["reason"], part.get("place", ""), within, part.get("confined_by", ""))
                key = (kind_of(str(part["object"])), *said)
                counts[key] = counts.get(key, 0) + 1
    found = [Stated(*[*key, number]) for key, number in counts.items()]
    return sorted(found, key=lambda each: (each.kind == "", KINDS.index(each.kind) if each.kind else 0))


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
