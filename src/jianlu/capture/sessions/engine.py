"""The script engine: state and command in, events or a refusal out. Pure: no clock, no disk, no network.

The order is the server's: only the first step that is not done can be started or completed, and it is complete only when it was
read long enough and everything it lists was shown, answered, decided and attested. Times are ms of the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jianlu.capture.sessions.model import Block, Course, Record, Refusal, Ruling, Showing, StepRun, StepState, Talk
from jianlu.core.formats.script import Step
from jianlu.core.terms.events import EventType

UNHEALTHY = "unhealthy"
"""The reason of a pause that the health rule made."""

REFUSALS_MAX = 200
"""Refused attempts of one session that are recorded: enough to show that somebody tries, and no way to fill the ledger."""

_DECISION_TYPES = {
    "given": EventType.CONSENT_GIVEN,
    "refused": EventType.CONSENT_REFUSED,
    "withdrawn": EventType.CONSENT_WITHDRAWN,
}


def start_step(course: Course, talk: Talk, step: str, *, by: str, now_ms: int) -> Ruling:
    """Begin the step that is next. A step that is under way, or done, stays as it is."""
    run = talk.run_of(step)
    if run is not None and run.state in (StepState.CURRENT, StepState.DONE):
        return Ruling(showing=talk.showing)
    refusal = _out_of_turn(talk, run)
    if refusal is not None or run is None:
        return _refused(talk, step, refusal or Refusal(Block.UNKNOWN_STEP), by, now_ms)
    no = 1 + next(at for at, each in enumerate(course.steps) if each.id == step)
    body = {"step": step, "no": no, "attempt": run.attempt + 1, "at_ms": now_ms}
    return Ruling((Record(EventType.STEP_STARTED, body),))


def complete_step(course: Course, talk: Talk, step: str, *, by: str, now_ms: int) -> Ruling:
    """Finish the step that is under way, if nothing blocks it. A step that is done stays so."""
    run = talk.run_of(step)
    if run is not None and run.state is StepState.DONE:
        return Ruling(showing=talk.showing)
    refusal = _out_of_turn(talk, run)
    found = course.step_of(step)
    if refusal is None and run is not None and found is not None:
        blocks = blocks_of(course, talk, run, now_ms)
        refusal = blocks[0] if blocks else None
    if refusal is not None or run is None:
        return _refused(talk, step, refusal or Refusal(Block.UNKNOWN_STEP), by, now_ms)
    no = 1 + next(at for at, each in enumerate(course.steps) if each.id == step)
    body = {"step": step, "no": no, "attempt": run.attempt, "from_ms": run.from_ms, "to_ms": now_ms}
    return Ruling((*_end_showing(talk, now_ms), Record(EventType.STEP_COMPLETED, body)))


def redo_step(talk: Talk, step: str, reason: str, *, by: str, now_ms: int) -> Ruling:
    """Reopen a step that is done, or begin the current one anew; the others stay done."""
    run = talk.run_of(step)
    if run is None:
        return _refused(talk, step, Refusal(Block.UNKNOWN_STEP), by, now_ms)
    if run.state is StepState.REOPENED:
        return Ruling(showing=talk.showing)
    if not talk.is_live:
        return _refused(talk, step, Refusal(Block.NOT_LIVE), by, now_ms)
    if run.state is StepState.PENDING:
        return _refused(talk, step, Refusal(Block.ORDER), by, now_ms)
    body = {"step": step, "reason": reason, "at_ms": now_ms}
    return Ruling((*_end_showing(talk, now_ms), Record(EventType.STEP_REOPENED, body)))


def show_document(course: Course, talk: Talk, step: str, document: str, digest: str, *, by: str, now_ms: int) -> Ruling:
    """Begin to show a document of the step under way; what was shown before is recorded."""
    run, found = talk.run_of(step), course.step_of(step)
    refusal = _not_under_way(talk, run)
    if refusal is None and (found is None or document not in found.documents):
        refusal = Refusal(Block.DOCUMENT, document)
    if refusal is not None:
        return _refused(talk, step, refusal, by, now_ms)
    if talk.showing is not None and (talk.showing.step, talk.showing.document) == (step, document):
        return Ruling(showing=talk.showing)
    return Ruling(_end_showing(talk, now_ms), showing=Showing(step, document, digest, now_ms))


def answer(course: Course, talk: Talk, step: str, question: str, given: str, how: str, *, by: str, now_ms: int) -> Ruling:
    """Record an answer to a question of the step under way; an answer whose effect is `end` ends the talk as refused."""
    run, found = talk.run_of(step), course.step_of(step)
    refusal = _not_under_way(talk, run)
    asked = found.question_of(question) if found else None
    option = asked.option_of(given) if asked else None
    if refusal is None and option is None:
        refusal = Refusal(Block.ANSWER, question if asked else "")
    if refusal is not None or option is None or run is None:
        return _refused(talk, step, refusal or Refusal(Block.ANSWER), by, now_ms)
    if run.answers.get(question) == given:
        return Ruling(showing=talk.showing)
    body = {"step": step, "question": question, "answer": given, "how": how, "by": by, "at_ms": now_ms}
    records = [Record(EventType.ANSWER_RECORDED, body)]
    if option.effect == "end":
        records += [*_end_showing(talk, now_ms), _ended("refused", by, now_ms)]
    return Ruling(tuple(records), showing=None if option.effect == "end" else talk.showing)


def decide(course: Course, talk: Talk, body: Mapping[str, Any], decision: str, commits: Mapping[str, str]) -> Ruling:
    """Record what somebody decided about a purpose; a refusal or withdrawal that ends the talk ends it at once.

    `body` is that of the consent events. A decision that stands already, made in the step under way or before the first, changes nothing.
    """
    purpose, by, at_ms = str(body["purpose"]), str(body["by"]), int(body["at_ms"])
    standing = talk.decisions.get((purpose, by))
    run = next((run for run in talk.steps if run.state is StepState.CURRENT), None)
    is_fresh = run is None or (purpose, by) in run.decided
    if standing is not None and standing.state == decision and standing.how == body["how"] and is_fresh:
        return Ruling(showing=talk.showing)
    records = [Record(_DECISION_TYPES[decision], body, commits)]
    if decision != "given" and purpose in course.ends_on_refusal and not talk.end_reason:
        reason = "halted" if decision == "withdrawn" else "refused"
        records += [*_end_showing(talk, at_ms), _ended(reason, by, at_ms)]
        return Ruling(tuple(records))
    return Ruling(tuple(records), showing=talk.showing)


def end(talk: Talk, reason: str, *, by: str, now_ms: int) -> Ruling:
    """End the talk. `completed` needs every step done and no check that holds; the other reasons need nothing. What ended stays so."""
    if talk.end_reason:
        return Ruling()
    open_run = talk.next_run
    if reason == "completed" and open_run is not None:
        return _refused(talk, open_run.step, Refusal(Block.INCOMPLETE, open_run.step), by, now_ms)
    if reason == "completed" and talk.held_by:
        return _refused(talk, talk.held_by, Refusal(Block.CHECK, talk.held_by), by, now_ms)
    return Ruling((*_end_showing(talk, now_ms), _ended(reason, by, now_ms)))


def blocks_of(course: Course, talk: Talk, run: StepRun, now_ms: int) -> tuple[Refusal, ...]:
    """Everything that keeps the step from being completed now, most urgent first; () when nothing does."""
    turn = _out_of_turn(talk, run)
    if turn is not None:
        return (turn,)
    if run.state is not StepState.CURRENT:
        return (Refusal(Block.NOT_STARTED),)
    step = next(each for each in course.steps if each.id == run.step)
    return (
        *(Refusal(Block.DOCUMENT, document) for document in step.documents if not _is_shown(course, talk, run, document, now_ms)),
        *_answers_missing(step, run),
        *(Refusal(Block.CONSENT, purpose) for purpose in step.consents if not _is_decided(course, talk, run, purpose)),
        *(Refusal(Block.ATTESTATION, clause) for clause in step.attests if clause in course.attests - talk.attested),
        *([Refusal(Block.TOO_EARLY)] if left_ms(course, run, now_ms) else []),
    )


def left_ms(course: Course, run: StepRun, now_ms: int) -> int:
    """How much of the step's reading time is left; pauses do not count as reading."""
    step = course.step_of(run.step)
    read = now_ms - run.from_ms - run.paused_ms
    return max(0, course.read_ms(step) - read) if step else 0


def _is_shown(course: Course, talk: Talk, run: StepRun, document: str, now_ms: int) -> bool:
    showing = talk.showing
    if document in run.shown:
        return True
    if showing is None or (showing.step, showing.document) != (run.step, document):
        return False
    return now_ms - showing.from_ms >= course.min_show_ms.get(document, 0)


def _answers_missing(step: Step, run: StepRun) -> Sequence[Refusal]:
    found = []
    for question in step.answers:
        option = question.option_of(run.answers.get(question.id, ""))
        if option is None:
            found.append(Refusal(Block.ANSWER, question.id))
        elif option.effect != "go_on":
            found.append(Refusal(Block.ANSWER_STAYS, question.id))
    return found


def _is_decided(course: Course, talk: Talk, run: StepRun, purpose: str) -> bool:
    """Decided in this attempt by a seat that decides; given, or refused where the talk goes on without."""
    for seat in course.consenting:
        decision = talk.decisions.get((purpose, seat))
        if decision is None or (purpose, seat) not in run.decided:
            continue
        if decision.state == "given" or purpose not in course.ends_on_refusal:
            return True
    return False


def _out_of_turn(talk: Talk, run: StepRun | None) -> Refusal | None:
    if run is None:
        return Refusal(Block.UNKNOWN_STEP)
    if not talk.is_live:
        return Refusal(Block.NOT_LIVE)
    if talk.is_unhealthy:
        return Refusal(Block.UNHEALTHY)
    if talk.held_by not in ("", run.step):
        return Refusal(Block.CHECK, talk.held_by)
    turn = talk.next_run
    return Refusal(Block.ORDER, turn.step) if turn is not None and turn.step != run.step else None


def _not_under_way(talk: Talk, run: StepRun | None) -> Refusal | None:
    refusal = _out_of_turn(talk, run)
    if refusal is None and run is not None and run.state is not StepState.CURRENT:
        return Refusal(Block.ORDER if run.state is StepState.DONE else Block.NOT_STARTED)
    return refusal


def _refused(talk: Talk, step: str, refusal: Refusal, by: str, now_ms: int) -> Ruling:
    known = step if talk.run_of(step) is not None else "unknown"
    body = {"step": known, "reason": refusal.block.value, "by": by, "at_ms": max(0, now_ms)}
    records = (Record(EventType.STEP_REFUSED, body),) if talk.refusals < REFUSALS_MAX and not talk.end_reason else ()
    return Ruling(records, talk.showing, refusal)


def _end_showing(talk: Talk, now_ms: int) -> tuple[Record, ...]:
    showing = talk.showing
    if showing is None or now_ms <= showing.from_ms:
        return ()
    body = {"step": showing.step, "document": showing.document, "from_ms": showing.from_ms, "to_ms": now_ms}
    return (Record(EventType.DOCUMENT_SHOWN, body, {"commit": showing.digest}),)


def _ended(reason: str, by: str, now_ms: int) -> Record:
    return Record(EventType.SESSION_ENDED, {"reason": reason, "by": by, "at_ms": max(0, now_ms)})


def denied(talk: Talk, step: str, *, by: str, now_ms: int) -> Ruling:
    """The record of an attempt by somebody whose step it is not."""
    return _refused(talk, step, Refusal(Block.NOT_YOURS), by, now_ms)


def with_showing(talk: Talk, showing: Showing | None) -> Talk:
    """`talk` while `showing` is shown."""
    return replace(talk, showing=showing)
