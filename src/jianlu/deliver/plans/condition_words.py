"""A condition over the facts of a case in words, Chinese or English: when a clause applies, when a sentence of a script is said.

The words of facts and codes are `labels.py`; what a condition means is `govern/policy/conditions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jianlu.deliver.plans.labels import CODES, CODES_OF, FACTS, LANGS, word
from jianlu.govern.policy.conditions import AllOf, AnyOf, Comparison, Condition, Named, Not

_COMPARED = {
    "at_least": ("{fact}不少于{bound}", "{fact} is at least {bound}"),
    "more_than": ("{fact}多于{bound}", "{fact} is more than {bound}"),
    "at_most": ("{fact}不多于{bound}", "{fact} is at most {bound}"),
    "less_than": ("{fact}少于{bound}", "{fact} is less than {bound}"),
    "is": ("{fact}为{bound}", "{fact} is {bound}"),
    "one_of": ("{fact}为{bound}之一", "{fact} is one of {bound}"),
    "starts_with": ("{fact}在{bound}", "{fact} is in {bound}"),
    "has": ("{fact}包括{bound}", "{fact} include {bound}"),
}


def said_condition(condition: Condition, lang: str, *, named: Mapping[str, Condition], amount: Callable[[str], int]) -> str:
    """The whole condition; `named` are those that it may name, `amount` gives the number of a dated value."""
    return _Saying(lang, named, amount).said(condition)


class _Saying:
    def __init__(self, lang: str, named: Mapping[str, Condition], amount: Callable[[str], int]) -> None:
        self._lang, self._zh, self._named, self._amount = lang, lang == "zh", named, amount

    def said(self, condition: Condition) -> str:
        if isinstance(condition, Named):
            return self.said(self._named[condition.name])
        if isinstance(condition, Not):
            inner = self.said(condition.part)
            return f"并非（{inner}）" if self._zh else f"not ({inner})"
        if isinstance(condition, AllOf | AnyOf):
            joiner = ("，且" if self._zh else " and ") if isinstance(condition, AllOf) else ("，或" if self._zh else " or ")
            return joiner.join(self._within(part) for part in condition.parts)
        return self._compared(condition)

    def _within(self, part: Condition) -> str:
        resolved = part
        while isinstance(resolved, Named):
            resolved = self._named[resolved.name]
        text = self.said(resolved)
        needs = isinstance(resolved, AllOf | AnyOf) and len(resolved.parts) > 1
        return (f"（{text}）" if self._zh else f"({text})") if needs else text

    def _compared(self, test: Comparison) -> str:
        fact, zh = word(FACTS, test.fact, self._lang), self._zh
        if test.operator == "known":
            states = ("已说明" if test.operand else "未说明") if zh else ("is stated" if test.operand else "is not stated")
            return f"{fact}{states}" if zh else f"{fact} {states}"
        if isinstance(test.operand, bool):
            return f"{fact}：{'是' if test.operand else '否'}" if zh else f"{fact}: {'yes' if test.operand else 'no'}"
        codes = {**CODES, **CODES_OF.get(test.fact, {})}
        operand = self._amount(test.value) if test.value else test.operand
        entries = operand if isinstance(operand, tuple) else (operand,)
        bound = ("、" if zh else ", ").join(word(codes, str(entry), self._lang) for entry in entries)
        return _COMPARED[test.operator][LANGS.index(self._lang)].format(fact=fact, bound=bound)
