"""What changed between two versions of a rule pack, clause by clause and number by number, in the words of `pack_words.py`.

Compared are the documents that pages show, so that what is called unchanged reads the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from jianlu.deliver.plans.labels import LANGS
from jianlu.deliver.plans.pack_words import pack_document
from jianlu.govern.policy.model import Pack

FIELDS = {
    "citation": ("出处", "citation"),
    "title": ("内容", "content"),
    "effective_from": ("生效", "in force from"),
    "effective_to": ("失效", "in force until"),
    "mark": ("来源等级", "source"),
    "confidence": ("复核", "checked"),
    "status_text": ("判定方式", "how it is judged"),
    "when": ("适用条件", "applies when"),
    "demands": ("要求", "demands"),
    "note": ("注", "note"),
}


def pack_changes(before: Pack, after: Pack, *, on: date) -> dict[str, Any]:
    """Entries that were added, removed or changed, with both texts by language; empty lists where nothing was."""
    old, new = pack_document(before, on=on), pack_document(after, on=on)
    return {
        "from": before.version,
        "to": after.version,
        "head": _fields(old, new, _HEAD),
        "clauses": _entries(old["clauses"], new["clauses"], lambda e: e["id"], lambda e: e["title"], FIELDS),
        "values": _entries(
            _in_units(old["values"]), _in_units(new["values"]), lambda e: e["id"], lambda e: _same(e["id"]), _VALUES
        ),
        "wordings": _entries(
            old["wordings"], new["wordings"], lambda e: f"{e['id']}:{e['lang']}", lambda e: _same(e["id"]), _WORDINGS
        ),
        "reviews": _entries(old["reviews"], new["reviews"], lambda e: e["id"], lambda e: e["title"], _REVIEWS),
    }


_HEAD = {
    "title": ("名称", "title"),
    "authority": ("发布机关", "issued by"),
    "applies": ("适用范围", "applies to"),
    "source": ("来源", "source"),
}
_VALUES = {"periods": ("取值", "amount"), "clause": ("出处", "stated by"), "reason": ("理由", "reason")}
_WORDINGS = {
    "variants": ("说法", "wordings"),
    "unless": ("不计的上下文", "contexts that do not count"),
    "threshold": ("阈值", "threshold"),
}
_REVIEWS = {"text": ("抽检", "share"), "when": ("适用条件", "applies when"), "groups": ("全检人群", "reviewed in full")}
_Labels = Mapping[str, tuple[str, str]]
_Entry = Mapping[str, Any]


def _in_units(values: Sequence[_Entry]) -> list[_Entry]:
    """Each value's amounts beside their unit: a number alone says nothing to a reader."""
    return [{**each, "periods": [{**period, "unit": each["unit"]} for period in each["periods"]]} for each in values]


def _entries(
    before: Sequence[_Entry],
    after: Sequence[_Entry],
    key: Callable[[_Entry], str],
    title: Callable[[_Entry], Any],
    labels: _Labels,
) -> list[dict[str, Any]]:
    old, new = {key(entry): entry for entry in before}, {key(entry): entry for entry in after}
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys([*new, *old]):
        one, other = old.get(name), new.get(name)
        fields = _fields(one or {}, other or {}, labels)
        if fields:
            kind = "added" if one is None else "removed" if other is None else "changed"
            found.append({"id": name, "kind": kind, "title": title(other or one or {}), "fields": fields})
    return found


def _fields(before: _Entry, after: _Entry, labels: _Labels) -> list[dict[str, Any]]:
    return [
        {"label": dict(zip(LANGS, label, strict=True)), "before": _said(before.get(name)), "after": _said(after.get(name))}
        for name, label in labels.items()
        if before.get(name, "") != after.get(name, "") and (_said(before.get(name)) != _said(after.get(name)))
    ]


def _said(value: Any) -> dict[str, str]:
    """Any part of a pack's document as a text in each language."""
    return {lang: _text(value, lang) for lang in LANGS}


def _text(value: Any, lang: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if set(value) <= set(LANGS):
            return str(value.get(lang, ""))
        if "amount" in value:
            said = f"{value['amount']} {value['unit'][lang]}".strip()
            return f"{said}（{value['from']}–{value['to']}）" if lang == "zh" else f"{said} ({value['from']}–{value['to']})"
        shown = [_text(value[name], lang) for name in ("title", "text", "when") if value.get(name)]
        return (" · " if len(shown) > 1 else "").join(shown)
    if isinstance(value, list | tuple):
        return "\n".join(_text(entry, lang) for entry in value)
    return str(value)


def _same(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGS, text)
