"""What a customer was told, shown and asked in a session: the steps that were done, from the sealed script and the events alone.

The sentences are those of the script with the facts of the case, as the agent had to read them; what was in fact said is in the
recording. A step that was never done is not there.
"""

from __future__ import annotations

from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Bilingual, Script, Step
from jianlu.core.terms.events import EventType
from jianlu.deliver.reports.course import sealed_script
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import facts_in, filled, sentences_that_apply
from jianlu.vault.case_log import CaseLog


def disclosed_in(log: CaseLog, plan: Plan) -> list[dict[str, Any]]:
    """The steps that were done, by when they were done last: heading, sentences, documents shown, questions with their answers."""
    script = sealed_script(log)
    if script is None:
        return []
    done = {str(event.body["step"]): event.body for event in log.events if event.type is EventType.STEP_COMPLETED}
    steps = [(body, step) for name, body in done.items() if (step := script.step_of(name)) is not None]
    return [_step(log, script, step, facts_in(plan), body) for body, step in sorted(steps, key=lambda pair: pair[0]["to_ms"])]


def _step(log: CaseLog, script: Script, step: Step, facts: dict[str, FactValue], body: Any) -> dict[str, Any]:
    shown = [e.body for e in log.events if e.type is EventType.DOCUMENT_SHOWN and e.body["step"] == step.id]
    answers = [e.body for e in log.events if e.type is EventType.ANSWER_RECORDED and e.body["step"] == step.id]
    return {
        "title": _read(step.title, facts),
        "from_ms": body["from_ms"],
        "to_ms": body["to_ms"],
        "says": [_read(each.text, facts) for each in sentences_that_apply(step, facts)],
        "documents": [
            {"title": _read(document.title, facts), "from_ms": each["from_ms"], "to_ms": each["to_ms"]}
            for each in shown
            if (document := script.document_of(str(each["document"]))) is not None
        ],
        "answers": [
            {"question": _read(question.question, facts), "answer": _read(option.label, facts), "at_ms": each["at_ms"]}
            for each in answers
            if (question := step.question_of(str(each["question"]))) is not None
            and (option := question.option_of(str(each["answer"]))) is not None
        ],
    }


def _read(text: Bilingual, facts: dict[str, FactValue]) -> dict[str, str]:
    """The text with its facts; as it stands where a fact is not in the plan, which a session would not have begun with."""
    try:
        return filled(text, facts)
    except InvalidError:
        return dict(text)
