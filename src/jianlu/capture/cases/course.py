"""From a script, a plan and a scene to what one session goes through. Pure.

Which steps apply and how their texts read is `govern/script_texts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from jianlu.capture.cases.model import Profile, Scene
from jianlu.capture.cases.rules import attested_clauses
from jianlu.capture.sessions.model import Course
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Script
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import facts_in, filled, sentences_that_apply, steps_that_apply

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
