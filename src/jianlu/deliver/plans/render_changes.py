"""The changes between two plans as text, `jianlu diff`: what comes, what goes, until when things are kept, and why.

The document is `plan_changes.py`; here are headings and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jianlu.deliver.plans.labels import LANGS, Words, word
from jianlu.deliver.plans.layout import WIDTH, columns, hanging
from jianlu.deliver.plans.plan_changes import ADDED

_HEADINGS: Words = {
    "title": ("录制方案的变化", "What changes in the plan"),
    "none": ("方案没有变化。", "Nothing changes in the plan."),
    "facts": ("案件事实", "Facts of the case"),
    "packs": ("规则包", "Rule packs"),
    "clauses": ("条款", "Clauses"),
    "demands": ("要求", "Demands"),
    "retention": ("保管期限", "How long it is kept"),
    "conflicts": ("规则冲突", "Rules that pull apart"),
}
_INDENT = 5


def render_changes(changes: Mapping[str, Any], lang: str, *, width: int = WIDTH) -> str:
    """The document of `plan_changes` in `lang`, ending in a newline; `+` is in the later plan only, `-` in the earlier one only."""
    page = _Page(lang, width)
    heading = page.heading("title")
    lines = [heading, "═" * columns(heading)]
    for code, told in page.sections.items():
        found = [line for entry in changes[code] for line in told(entry)]
        if found:
            heading = page.heading(code)
            lines += ["", heading, "─" * columns(heading), *found]
    if not any(changes[code] for code in page.sections if code != "facts"):
        lines += ["", page.heading("none")]
    return "\n".join(lines) + "\n"


class _Page:
    """How each kind of entry is told in one language."""

    def __init__(self, lang: str, width: int) -> None:
        self._lang, self._width = lang, width
        self.sections: Mapping[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
            "facts": self._fact,
            "packs": self._pack,
            "clauses": self._clause,
            "demands": self._demand,
            "retention": self._kept,
            "conflicts": self._conflict,
        }

    def heading(self, code: str) -> str:
        return word(_HEADINGS, code, self._lang)

    def _fact(self, fact: Mapping[str, Any]) -> Iterable[str]:
        before, after = (self._or_nothing(fact[side]) for side in ("before", "after"))
        yield from self._line("  ~", f"{fact['label'][self._lang]}{self._pick('：', ': ')}{before} → {after}")

    def _pack(self, pack: Mapping[str, Any]) -> Iterable[str]:
        yield from self._line(_sign(pack), f"{pack['title'][self._lang]}  {pack['id']}")
        yield from self._points(pack["why"])
        yield from self._point(self._pick("、", ", ").join(pack["clauses"]))

    def _clause(self, clause: Mapping[str, Any]) -> Iterable[str]:
        colon = self._pick("：", ": ")
        yield from self._line(_sign(clause), f"{clause['clause']} {clause['citation']}{colon}{clause['title'][self._lang]}")
        yield from self._points(clause["why"])

    def _demand(self, demand: Mapping[str, Any]) -> Iterable[str]:
        yield from self._line(_sign(demand), _capital(demand["text"][self._lang]))
        yield from self._point(self._pick("、", ", ").join(demand["clauses"]))

    def _kept(self, kept: Mapping[str, Any]) -> Iterable[str]:
        before, after = (self._or_nothing(kept[side]) for side in ("before", "after"))
        parts = self._pick("、", ", ").join(each["label"][self._lang] for each in kept["parts"])
        yield from self._line("  ~", f"{_capital(parts)}{self._pick('：', ': ')}{before}")
        yield from self._line("", f"→ {after}")
        for term in kept["terms"]:
            text = f"{_sign(term).strip()} {term['text'][self._lang]}  {term['until'][self._lang]}  {term['clause']}"
            yield from hanging(" " * _INDENT, text, indent=_INDENT + 2, width=self._width)

    def _conflict(self, conflict: Mapping[str, Any]) -> Iterable[str]:
        yield from self._line(_sign(conflict), conflict["text"][self._lang])
        yield from self._line("", self._pick("处理：", "Resolution: ") + conflict["resolution"][self._lang])
        yield from self._point(self._pick("、", ", ").join(conflict["clauses"]))

    def _or_nothing(self, text: Mapping[str, str] | None) -> str:
        return text[self._lang] if text else self._pick("无", "none")

    def _pick(self, zh: str, en: str) -> str:
        return (zh, en)[LANGS.index(self._lang)]

    def _points(self, texts: Iterable[Mapping[str, str]]) -> Iterable[str]:
        for text in texts:
            yield from self._point(text[self._lang])

    def _point(self, text: str) -> list[str]:
        return hanging(" " * _INDENT + "·", text, indent=_INDENT + 2, width=self._width)

    def _line(self, first: str, text: str) -> list[str]:
        return hanging(first, text, indent=_INDENT, width=self._width)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sign(entry: Mapping[str, Any]) -> str:
    return "  +" if entry["kind"] == ADDED else "  -"
