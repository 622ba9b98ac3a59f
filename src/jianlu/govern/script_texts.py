"""A script against the facts of a case: which steps and sentences apply, and texts with the facts filled in. Pure.

Steps and sentences whose conditions do not hold are left out. Numbers are filled in as they are spoken: 一万元 and 10,000 yuan.
What a session does with them is `capture/sessions`; the document itself is `core/formats/script.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Bilingual, Script, Sentence, Step, fill
from jianlu.govern.policy.conditions import Missing, evaluate, parse_condition
from jianlu.govern.policy.model import FactValue
from jianlu.govern.wording.numerals import read_value


def facts_in(plan: Plan) -> dict[str, FactValue]:
    """The facts that the plan was made from, by dotted name; without the day and the trigger dates."""
    found: dict[str, FactValue] = {}
    for section, keys in plan.facts.items():
        if section == "dates":
            continue
        for key, value in keys.items():
            if (section, key) != ("case", "on"):
                found[f"{section}.{key}"] = tuple(value) if isinstance(value, list) else value
    return found


def steps_that_apply(script: Script, facts: Mapping[str, FactValue]) -> tuple[Step, ...]:
    """The steps whose conditions hold."""
    steps = tuple(step for step in script.steps if _holds(step.when, facts, step.id))
    if not steps:
        raise InvalidError("no step of the script applies to this case: check the facts, or the script's conditions")
    return steps


def sentences_that_apply(step: Step, facts: Mapping[str, FactValue]) -> tuple[Sentence, ...]:
    """The step's sentences whose conditions hold."""
    return tuple(sentence for sentence in step.say if _holds(sentence.when, facts, step.id))


def filled(text: Bilingual, facts: Mapping[str, FactValue]) -> dict[str, str]:
    """`text` with the facts in words; InvalidError, naming it, for a fact that the case does not state."""

    def wording(name: str, lang: str) -> str:
        if name not in facts:
            section, key = name.split(".")
            raise InvalidError(f"the case does not state `{key}` in [{section}], which the script says aloud: add it")
        return spoken(facts[name], lang)

    return fill(text, wording)


def spoken(value: FactValue, lang: str) -> str:
    """A fact as it is said: numbers read out in Chinese, grouped in English; lists joined."""
    if isinstance(value, tuple):
        head, last = ("、" if lang == "zh" else ", ").join(value[:-1]), value[-1] if value else ""
        return f"{head}{'和' if lang == 'zh' else ' and '}{last}" if head else last
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[lang]
    if isinstance(value, int):
        return (read_value(Fraction(value)) if lang == "zh" else "") or f"{value:,}"
    return value


def _holds(condition: Mapping[str, object] | None, facts: Mapping[str, FactValue], where: str) -> bool:
    if condition is None:
        return True
    answer = evaluate(parse_condition(dict(condition)), facts, named={}, amount=lambda _: 0)
    if isinstance(answer, Missing):
        section, key = answer.facts[0].split(".")
        raise InvalidError(f"the case does not state `{key}` in [{section}], on which the step {where} depends: add it")
    return answer
