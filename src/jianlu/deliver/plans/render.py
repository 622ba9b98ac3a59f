"""A plan as text for a terminal or a printed page: `jianlu plan`. Chinese or English, the same content in both.

Obligations come in the order of the conversation, each with the clauses that demand it and how sure we are of them. Nothing is
left out: every candidate term, every conflict, every clause out of scope with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation, Plan, PlanClause, Retention, RetentionTerm
from jianlu.deliver.plans.handling_words import handling_text
from jianlu.deliver.plans.labels import (
    CODES,
    CODES_OF,
    CONFIDENCES,
    FACTS,
    HEADINGS,
    LANGS,
    MARKS,
    OBJECTS,
    PARTS,
    READING,
    TRIGGERS,
    word,
)
from jianlu.deliver.plans.layout import WIDTH, columns, hanging, padded
from jianlu.deliver.plans.retention_words import decision_text, term_text, until_text
from jianlu.deliver.plans.sentences import sentence

_LIFE_MONTHS = 1800
_INDENT = 5


def render_plan(plan: Plan, lang: str, *, width: int = WIDTH) -> str:
    """The plan in `lang` ("zh" or "en"), in lines of at most `width` columns, ending in a newline. InvalidError for another language."""
    if lang not in LANGS:
        raise InvalidError(f"a plan is rendered in one of: {', '.join(LANGS)}")
    page = _Page(plan, lang, width)
    steps = [o for o in plan.obligations if o.kind in ("require_step", "require_consent")]
    attested = [o for o in plan.obligations if o.kind == "require_attestation"]
    apart = {id(o) for o in (*steps, *attested)}
    throughout = [o for o in plan.obligations if id(o) not in apart and o.kind != "retain_for"]
    page.title()
    page.section("case", page.facts())
    page.section("packs", page.packs())
    page.section("steps", page.demands(steps))
    page.section("throughout", page.demands(throughout))
    page.section("attested", page.demands(attested))
    page.section("retention", page.retention())
    page.section("handling", page.handling())
    page.section("conflicts", page.conflicts())
    page.section("out_of_scope", page.out_of_scope())
    page.section("reading", page.reading())
    return "\n".join(page.lines) + "\n"


class _Page:
    """Lines in the making."""

    def __init__(self, plan: Plan, lang: str, width: int) -> None:
        self.plan, self.lang, self.width = plan, lang, width
        self.zh = lang == "zh"
        self.lines: list[str] = []
        self._named: set[str] = set()

    def title(self) -> None:
        heading = f"{word(HEADINGS, 'plan', self.lang)}  {self.plan.facts['case']['on']}"
        self.lines += [heading, "═" * columns(heading)]

    def section(self, code: str, lines: Iterable[str]) -> None:
        found = list(lines)
        if found:
            heading = word(HEADINGS, code, self.lang)
            self.lines += ["", heading, "─" * columns(heading), *found]

    def facts(self) -> Iterable[str]:
        stated = {
            f"{section}.{key}": value
            for section, keys in self.plan.facts.items()
            if section != "dates"
            for key, value in keys.items()
        }
        if "product.term_years" in stated:
            stated.pop("product.term_months", None)
        shown = [(word(FACTS, name, self.lang), self._fact(name, stated[name])) for name in FACTS if name in stated]
        shown += [(_capital(word(TRIGGERS, name, self.lang)), day) for name, day in self.plan.facts.get("dates", {}).items()]
        label = max(columns(name) for name, _ in shown) + 2
        for name, value in shown:
            yield from self._hanging("  " + name, value, label + 2)

    def _fact(self, name: str, value: object) -> str:
        if name == "product.term_months" and value == _LIFE_MONTHS:
            return "终身" if self.zh else "whole of life"
        if isinstance(value, bool):
            return ("是" if value else "否") if self.zh else ("yes" if value else "no")
        if isinstance(value, list):
            return ("、" if self.zh else ", ").join(self._fact(name, entry) for entry in value) or ("无" if self.zh else "none")
        return word({**CODES, **CODES_OF.get(name, {})}, str(value), self.lang) if isinstance(value, str) else str(value)

    def packs(self) -> Iterable[str]:
        for number, pack in enumerate(self.plan.packs, 1):
            label = f"{pack.title[self.lang]}  {pack.id} {pack.version}"
            yield from self._hanging(f"{number:>3}", label, _INDENT)
            digest, source = ("摘要", "来源") if self.zh else ("digest", "source")
            yield from self._hanging("", f"{digest} {pack.digest[:16]}…  {source} {pack.source}", _INDENT)
            own = [clause for clause in self.plan.clauses if clause.pack == pack.id]
            yield from self._hanging("", self._statuses(own), _INDENT)

    def _statuses(self, clauses: list[PlanClause]) -> str:
        count = Counter(clause.status for clause in clauses)
        unverified = sum(clause.confidence != "verified" for clause in clauses)
        if self.zh:
            return (
                f"条款 {len(clauses)} 条：自动判定 {count['automated']}，人员声明 {count['attested']}，"
                f"不在判定范围 {count['out_of_scope']}；其中 {unverified} 条未经官网复核"
            )
        return (
            f"{len(clauses)} clauses: {count['automated']} automated, {count['attested']} attested, {count['out_of_scope']} out of scope;"
            f" {unverified} not checked on the official site"
        )

    def demands(self, obligations: list[Obligation]) -> Iterable[str]:
        """Each distinct demand once, with every clause that makes it."""
        merged: dict[str, list[Obligation]] = {}
        for obligation in obligations:
            merged.setdefault(sentence(self.plan, obligation, self.lang), []).append(obligation)
        numbers = {o.params["step"]: n for n, group in enumerate(merged.values(), 1) for o in group if "step" in o.params}
        for number, (text, group) in enumerate(merged.items(), 1):
            yield from self._hanging(f"{number:>3}", _capital(text) + self._order(group, numbers), _INDENT)
            for key in dict.fromkeys(obligation.clause_key for obligation in group):
                yield from self._basis(self.plan.clause_of(key))

    def _order(self, group: list[Obligation], numbers: dict[str, int]) -> str:
        after = sorted({numbers[step] for o in group for step in o.params.get("after", ()) if step in numbers})
        before = sorted({numbers[step] for o in group for step in o.params.get("before", ()) if step in numbers})
        texts = []
        if after:
            texts.append(f"须在第 {_ranges(after, '、')} 项之后" if self.zh else f"after {_ranges(after)}")
        if before:
            texts.append(f"须在第 {_ranges(before, '、')} 项之前" if self.zh else f"before {_ranges(before)}")
        return f"〔{'，'.join(texts)}〕" if texts and self.zh else f" [{', '.join(texts)}]" if texts else ""

    def _basis(self, clause: PlanClause) -> Iterable[str]:
        """The clause in full where it is named first, afterwards its number alone."""
        if clause.key in self._named:
            yield from self._point(f"{clause.clause} {clause.citation}{'（同前）' if self.zh else ' (as above)'}")
            return
        self._named.add(clause.key)
        mark, confidence = word(MARKS, clause.mark, self.lang), word(CONFIDENCES, clause.confidence, self.lang)
        if self.zh:
            sure = f"：{clause.title['zh']}（{mark}，{confidence}；自 {clause.effective_from} 起）"
        else:
            sure = f": {clause.title['en']} ({mark}, {confidence}; from {clause.effective_from})"
        yield from self._point(f"{clause.clause} {clause.citation}{sure}")
        if clause.note:
            reason = ("原因：" if self.zh else "Why: ") if clause.status == "out_of_scope" else ("注：" if self.zh else "Note: ")
            yield from self._hanging("", reason + clause.note[self.lang], _INDENT + 2)

    def retention(self) -> Iterable[str]:
        groups: dict[tuple[str, str, tuple[RetentionTerm, ...]], list[Retention]] = {}
        for retention in self.plan.retention:
            groups.setdefault((retention.until, retention.clause, retention.terms), []).append(retention)
        for (until, clause, terms), group in groups.items():
            parts = ("、" if self.zh else ", ").join(word(PARTS, retention.part, self.lang) for retention in group)
            colon = "：" if self.zh else ": "
            yield from self._hanging("  ■", _capital(parts) + colon + decision_text(until, clause, self.lang), _INDENT)
            label = max(columns(term_text(term, self.lang)) for term in terms) + 2
            for term in terms:
                until_when = padded(until_text(term.until, self.lang), 13)
                yield from self._point(f"{padded(term_text(term, self.lang), label)}{until_when}{term.clause}")

    def handling(self) -> Iterable[str]:
        groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for said in self.plan.handling:
            clauses = tuple(dict.fromkeys(term.clause for term in said.terms))
            groups.setdefault((handling_text(said, self.lang), clauses), []).append(word(OBJECTS, said.object, self.lang))
        for (text, clauses), objects in groups.items():
            named = ("、" if self.zh else ", ").join(objects)
            yield from self._hanging("  ■", _capital(named) + ("：" if self.zh else ": ") + text, _INDENT)
            for clause in clauses:
                yield from self._point(clause)

    def conflicts(self) -> Iterable[str]:
        for number, conflict in enumerate(self.plan.conflicts, 1):
            yield from self._hanging(f"{number:>3}", conflict.text[self.lang], _INDENT)
            yield from self._hanging("", ("处理：" if self.zh else "Resolution: ") + conflict.resolution[self.lang], _INDENT)
            yield from self._point(("、" if self.zh else ", ").join(conflict.clauses))

    def out_of_scope(self) -> Iterable[str]:
        for clause in self.plan.clauses:
            if clause.status == "out_of_scope":
                yield from self._basis(clause)

    def reading(self) -> Iterable[str]:
        for code in READING:
            yield from self._point(word(READING, code, self.lang))

    def _point(self, text: str) -> list[str]:
        return hanging(" " * _INDENT + "·", text, indent=_INDENT + 2, width=self.width)

    def _hanging(self, first: str, text: str, indent: int) -> list[str]:
        return hanging(first, text, indent=indent, width=self.width)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ranges(numbers: list[int], comma: str = ", ") -> str:
    """`3, 4, 5, 8` as `3-5, 8`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return comma.join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
