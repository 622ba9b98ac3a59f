"""From a script and the facts of a case to what one session goes through, and its texts with the facts filled in. Pure.

Steps and sentences whose conditions do not hold are left out. Numbers are filled in as they are spoken: 一万元 and 10,000 yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from jianlu.capture.cases.model import Profile, Scene
from jianlu.capture.cases.rules import attested_clauses, facts_in
from jianlu.capture.sessions.model import Course
from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Bilingual, Script, Sentence, Step, fill
from jianlu.govern.policy.conditions import Missing, evaluate, parse_condition
from jianlu.govern.policy.model import FactValue
from jianlu.govern.wording.numerals import read_value

_SEATS_THAT_DECIDE = ("customer", "guardian")


def course_of(script: Script, plan: Plan, scene: Scene, profile: Profile) -> Course:
    """What the session of a case goes through; raises InvalidError as `check_course`."""
    facts = facts_in(plan)
    seated = {track.id for track in plan.tracks if track.kind == "audio"}
    return Course(
        steps=steps_that_apply(script, facts),
        min_show_ms={document.id: document.min_show_ms for document in script.documents},
        read_permille=profile.read_permille,
        attests=attested_clauses(plan),
        ends_on_refusal=frozenset(notice.purpose for notice in scene.notices if notice.on_refusal == "end"),
        consenting=tuple(seat for seat in _SEATS_THAT_DECIDE if seat in seated),
        may_pause=scene.may_pause,
    )


def check_course(script: Script, facts: Mapping[str, FactValue]) -> None:
    """InvalidError, naming the fact, when a condition or a sentence of the script needs one that the case does not state."""
    for step in steps_that_apply(script, facts):
        for sentence in sentences_that_apply(step, facts):
            filled(sentence.text, facts)
        for text in (step.title, step.prompt, *(question.question for question in step.answers)):
            filled(text, facts)


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
