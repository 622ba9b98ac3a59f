"""What changed between two texts of a script, step by step and word by word, as a lawyer marks it: what was struck out, what was put in.

Compared is what pages show (`reading.py`). English is compared by words; Chinese, which has no spaces, by characters, where numbers and
facts 〔…〕 stay whole and a lone character between two changes counts as changed with them, so that marks fall on words, not into them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from jianlu.deliver.plans.labels import LANGS
from jianlu.deliver.scripts.labels import FIELDS
from jianlu.deliver.scripts.reading import both, script_reading

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
_TOKEN = re.compile(
    r"〔[^〕]*〕|\[[^\]]*\]|[零〇一二三四五六七八九十百千万亿两]+|[0-9]+(?:[.,][0-9]+)*"
    r"|[A-Za-z]+(?:['’-][A-Za-z]+)*|\s+|.",
    re.DOTALL,
)
_ISLAND_MAX = 1
"""So many characters between two changes are read as part of one change."""

Part = tuple[str, str]
"""(`same`, `added` or `removed`, text)."""


def word_changes(before: str, after: str) -> list[Part]:
    """The two texts as one, in parts: the same and the removed ones give `before`, the same and the added ones `after`."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    found: list[tuple[str, str, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left, right = "".join(old[i:j]), "".join(new[k:m])
        is_island = kind == "equal" and found and j < len(old) and m < len(new) and len(left) <= _ISLAND_MAX
        if kind == "equal" and not is_island:
            found.append((SAME, left, left))
        elif found and found[-1][0] == CHANGED:
            found[-1] = (CHANGED, found[-1][1] + left, found[-1][2] + right)
        else:
            found.append((CHANGED, left, right))
    parts: list[Part] = []
    for sort, left, right in found:
        parts += [(SAME, left)] if sort == SAME else [(REMOVED, left)] * bool(left) + [(ADDED, right)] * bool(right)
    return parts


def script_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """{head, steps, counts}: each step `same`, `added`, `removed` or `changed`, with the fields that differ, in the order of `after`.

    A step is recognised by its id; one that only changed its place is `changed` with the field `place`.
    """
    old, new = script_reading(before), script_reading(after)
    olds, news = {step["id"]: step for step in old["steps"]}, {step["id"]: step for step in new["steps"]}
    steps: list[dict[str, Any]] = []
    moved = _moved(list(olds), list(news))
    for name in _together(list(olds), list(news)):
        one, other = olds.get(name), news.get(name)
        fields = _fields(one or {}, other or {})
        if name in moved and one and other:
            fields.append(_field("place", both(lambda _, o=one: str(o["no"])), both(lambda _, n=other: str(n["no"]))))  # type: ignore[misc]
        kind = ADDED if one is None else REMOVED if other is None else CHANGED if fields else SAME
        shown = other or one or {}
        steps.append({"id": name, "no": shown["no"], "title": shown["title"], "kind": kind, "fields": fields})
    head = [field for field in [_field("title", old["title"], new["title"])] if field]
    head += [field for field in [_field("documents", _documents(old), _documents(new))] if field]
    return {
        "head": head,
        "steps": steps,
        "counts": {kind: sum(step["kind"] == kind for step in steps) for kind in (ADDED, REMOVED, CHANGED, SAME)},
    }


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    old, new = _texts_of(before), _texts_of(after)
    return [field for name in FIELDS if name in new if (field := _field(name, old[name], new[name]))]


def _field(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    """The field in each language; empty when nothing in it differs."""
    if all(before.get(lang, "") == after.get(lang, "") for lang in LANGS):
        return {}
    label = dict(zip(LANGS, FIELDS[name], strict=True))
    parts = {lang: [list(part) for part in word_changes(before.get(lang, ""), after.get(lang, ""))] for lang in LANGS}
    return {"field": name, "label": label, "parts": parts}


def _texts_of(step: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Every field of a step as one text in each language."""

    def lines(lang: str, name: str) -> str:
        return "\n".join(each.get(lang, "") for each in step.get(name, ()))

    def said(lang: str) -> str:
        return "\n".join(_conditional(each["text"][lang], each["when"].get(lang, ""), lang) for each in step.get("say", ()))

    def asked(lang: str) -> str:
        return "\n".join(_question(each, lang) for each in step.get("answers", ()))

    seconds = step.get("min_read_ms", 0) / 1000
    return {
        "title": dict(step.get("title", {})),
        "kind": dict(step.get("kind", {})),
        "speaker": dict(step.get("speaker", {})),
        "when": dict(step.get("when", {})),
        "say": both(said),
        "prompt": dict(step.get("prompt", {})),
        "min_read": {"zh": f"{seconds:g}秒", "en": f"{seconds:g} s"} if step else {},
        "documents": both(lambda lang: lines(lang, "documents")),
        "answers": both(asked),
        "consents": both(lambda lang: lines(lang, "consents")),
        "covers": both(lambda _: "\n".join(step.get("covers", ()))),
        "attests": both(lambda _: "\n".join(step.get("attests", ()))),
    }


def _conditional(text: str, when: str, lang: str) -> str:
    if not when:
        return text
    return f"（{when}时）{text}" if lang == "zh" else f"(when {when}) {text}"


def _question(question: Mapping[str, Any], lang: str) -> str:
    joiner, colon = ("；", "：") if lang == "zh" else ("; ", ": ")
    options = joiner.join(f"{each['label'][lang]} → {each['effect'][lang]}" for each in question["options"])
    return f"{question['by'][lang]}{colon}{question['question'][lang]} {options}"


def _documents(reading: Mapping[str, Any]) -> dict[str, str]:
    return both(
        lambda lang: "\n".join(f"{each['title'][lang]} ({each['min_show_ms'] / 1000:g} s)" for each in reading["documents"])
    )


def _together(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Ids in the order of `after`, each that is gone behind the one that it stood behind."""
    found = list(after)
    for place, name in enumerate(before):
        if name not in found:
            earlier = next((each for each in reversed(before[:place]) if each in found), None)
            found.insert(found.index(earlier) + 1 if earlier is not None else 0, name)
    return found


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Ids that are in both, but not in the same order: those outside the longest run that kept its order."""
    old, new = [each for each in before if each in after], [each for each in after if each in before]
    kept: set[str] = set()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept.update(old[block.a : block.a + block.size])
    return set(old) - kept
