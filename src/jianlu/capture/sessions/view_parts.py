"""The parts of a session's view: steps with their texts filled in and what blocks them, consents, gates, health. Pure.

Words for codes are here, in both languages, because a code alone helps nobody who sits in a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jianlu.capture.sessions.engine import blocks_of, left_ms
from jianlu.capture.sessions.lifecycle import OVER, Gate
from jianlu.capture.sessions.model import Phase, Refusal, StepRun, StepState
from jianlu.capture.sessions.named import of_gate, of_refusal, seat_or_track
from jianlu.capture.sessions.switchboard import LiveSession
from jianlu.capture.sessions.words import ALARM_WORDS, BLOCK_WORDS, GATE_WORDS, worded
from jianlu.core.formats.script import Question, Step
from jianlu.govern.policy.model import FactValue
from jianlu.govern.script_texts import filled, sentences_that_apply

Facts = Mapping[str, FactValue]
NOT_MEASURED = "not_measured"


def steps_part(live: LiveSession, facts: Facts, now_ms: int) -> list[dict[str, Any]]:
    """Every step of the session, in order."""
    clauses = _clauses_by_step(live)
    runs = {run.step: run for run in live.talk.steps}
    return [_step(live, step, runs[step.id], no, facts, clauses, now_ms) for no, step in enumerate(live.course.steps, 1)]


def consents_part(live: LiveSession) -> list[dict[str, Any]]:
    """Every consent that is asked, with the decision in force of each seat that decides."""
    found = []
    for notice in live.scene.notices:
        if notice.moment == "step" and not any(notice.purpose in step.consents for step in live.course.steps):
            continue
        for seat in live.course.consenting:
            decision = live.talk.decisions.get((notice.purpose, seat))
            found.append(
                {
                    "purpose": notice.purpose,
                    "by": seat,
                    "title": dict(notice.title),
                    "text": dict(notice.text),
                    "version": notice.version,
                    "digest": notice.digest(live.row.language),
                    "moment": notice.moment,
                    "on_refusal": notice.on_refusal,
                    "state": decision.state if decision else "asked",
                    "how": decision.how if decision else "",
                    "at_ms": decision.at_ms if decision else 0,
                }
            )
    return found


def gates_part(live: LiveSession, gates: Iterable[Gate]) -> list[dict[str, Any]]:
    """What keeps the session from starting, in words."""
    return [
        {"code": gate.code, "about": gate.about, "text": worded(GATE_WORDS, gate.code, of_gate(live, gate))} for gate in gates
    ]


def health_part(live: LiveSession, phase: Phase, now_ms: int) -> dict[str, Any]:
    """How the recording stands, every alarm in words, and when that was looked at; `now_ms` is monotonic.

    Nothing is said of a recording that is not there. What was not looked at lately is not known, and never green.
    """
    if phase in OVER or live.row.zero_us is None:
        return {"level": "none", "messages": [], "looked_ms": None}
    zero_ms = live.row.zero_us // 1000
    alarms = {key: max(0, since_ms - zero_ms) for key, since_ms in live.vigil.alarms.items()} | dict(live.talk.alarms)
    if live.status is not None:
        alarms |= {(alarm.code, alarm.track): alarm.from_ms for alarm in live.status.alarms}
    looked_ms = None if live.looked_ms is None else max(0, live.looked_ms - zero_ms + live.offset_ms)
    if not live.is_looked_at(now_ms):
        alarms[NOT_MEASURED, ""] = looked_ms or 0
    messages = [
        {"code": code, "text": worded(ALARM_WORDS, code, seat_or_track(track)), "track": track, "at_ms": at_ms}
        for (code, track), at_ms in sorted(alarms.items(), key=lambda entry: entry[1])
    ]
    return {
        "level": live.level if live.level != "green" or not messages else "amber",
        "messages": messages,
        "looked_ms": looked_ms,
    }


def _step(
    live: LiveSession, step: Step, run: StepRun, no: int, facts: Facts, clauses: Mapping[str, list[dict[str, Any]]], now_ms: int
) -> dict[str, Any]:
    is_current = run.state is StepState.CURRENT
    blocks = blocks_of(live.course, live.talk, run, now_ms) if run.state is not StepState.DONE else ()
    lang = live.row.language
    texts = [filled(sentence.text, facts) for sentence in sentences_that_apply(step, facts)]
    return {
        "id": step.id,
        "no": no,
        "title": filled(step.title, facts),
        "kind": step.kind,
        "speaker": step.speaker,
        "say": [{"text": each[lang], "lang": lang, "texts": each} for each in texts],
        "prompt": filled(step.prompt, facts),
        "min_read_ms": live.course.read_ms(step),
        "left_ms": left_ms(live.course, run, now_ms) if is_current else 0,
        "documents": [_document(live, run, document) for document in step.documents],
        "answers": [_question(question, run, facts) for question in step.answers],
        "consents": list(step.consents),
        "attestations": [_attestation(live, clause) for clause in step.attests if clause in live.course.attests],
        "clauses": [clause for covered in step.covers for clause in clauses.get(covered, [])],
        "state": run.state.value,
        "attempt": run.attempt,
        "from_ms": run.from_ms if run.attempt else None,
        "to_ms": run.to_ms if run.state is StepState.DONE else None,
        "can_complete": is_current and not blocks,
        "blocked_by": [_block(live, block, facts) for block in blocks],
    }


def _document(live: LiveSession, run: StepRun, document: str) -> dict[str, Any]:
    found = live.script.document_of(document)
    showing = live.talk.showing
    is_showing = showing is not None and (showing.step, showing.document) == (run.step, document)
    return {
        "id": document,
        "title": dict(found.title) if found else {},
        "is_shown": document in run.shown or run.state is StepState.DONE,
        "is_showing": is_showing,
    }


def _question(question: Question, run: StepRun, facts: Facts) -> dict[str, Any]:
    return {
        "id": question.id,
        "question": filled(question.question, facts),
        "by": question.by,
        "options": [{"id": each.id, "label": filled(each.label, facts), "effect": each.effect} for each in question.options],
        "answer": run.answers.get(question.id),
    }


def _attestation(live: LiveSession, clause: str) -> dict[str, Any]:
    wanted = next(each for each in live.plan.obligations if each.kind == "require_attestation" and each.clause_key == clause)
    return {
        "clause": clause,
        "what": dict(wanted.params["what"]),
        "by": list(wanted.params["by"]),
        "is_made": clause in live.talk.attested,
    }


def _block(live: LiveSession, refusal: Refusal, facts: Facts) -> dict[str, Any]:
    code, about = refusal.block.value, of_refusal(live, refusal, facts)
    return {"code": code, "about": refusal.about, "text": worded(BLOCK_WORDS, code, about)}


def _clauses_by_step(live: LiveSession) -> dict[str, list[dict[str, Any]]]:
    """The clauses behind each step of the plan."""
    found: dict[str, list[dict[str, Any]]] = {}
    for obligation in live.plan.obligations:
        name = obligation.params.get("step")
        if isinstance(name, str):
            clause = live.plan.clause_of(obligation.clause_key)
            entry = {"key": clause.key, "citation": clause.citation, "title": dict(clause.title)}
            if entry not in found.setdefault(name, []):
                found[name].append(entry)
    return found
