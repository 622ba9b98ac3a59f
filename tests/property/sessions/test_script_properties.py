"""No sequence of commands, however odd, breaks the order of a script: random scripts, random acts, the rules checked after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jianlu.capture.sessions import engine
from jianlu.capture.sessions.lifecycle import OVER, TRANSITIONS, phase_of
from jianlu.capture.sessions.model import Course, Phase, Ruling, StepState
from jianlu.capture.sessions.replay import after, begin
from jianlu.core.formats.script import Option, Question, Step
from jianlu.core.terms.events import EventType

TEXT = {"zh": "话", "en": "words"}
OPTIONS = (Option("yes", TEXT, "go_on"), Option("no", TEXT, "stay"), Option("never", TEXT, "end"))
STEP_NAMES = tuple(f"step{number}" for number in range(5))
CLAUSES = ("pack:A", "pack:B")


def step_named(name: str) -> st.SearchStrategy[Step]:
    question = Question("q", TEXT, "customer", OPTIONS)
    return st.builds(
        Step,
        id=st.just(name),
        title=st.just(TEXT),
        kind=st.just("say"),
        speaker=st.just("agent"),
        say=st.just(()),
        prompt=st.just(TEXT),
        min_read_ms=st.sampled_from((0, 500, 3000)),
        documents=st.sampled_from(((), ("doc",))),
        answers=st.sampled_from(((), (question,))),
        consents=st.sampled_from(((), ("recording",), ("face",))),
        attests=st.sampled_from(((), (CLAUSES[0],), (CLAUSES[1],))),
        covers=st.just(()),
        when=st.none(),
    )


COURSES = st.integers(1, len(STEP_NAMES)).flatmap(
    lambda count: st.builds(
        Course,
        steps=st.tuples(*(step_named(name) for name in STEP_NAMES[:count])),
        min_show_ms=st.just({"doc": 800}),
        read_permille=st.sampled_from((1000, 1500)),
        attests=st.sampled_from((frozenset(), frozenset({CLAUSES[0]}))),
        ends_on_refusal=st.just(frozenset({"recording"})),
        consenting=st.sampled_from((("customer",), ("customer", "guardian"))),
        may_pause=st.just(True),
    )
)
ANY_STEP = st.sampled_from((*STEP_NAMES, "nonsense"))
ACTS = st.one_of(
    st.tuples(st.just("start"), ANY_STEP),
    st.tuples(st.just("complete"), ANY_STEP),
    st.tuples(st.just("redo"), ANY_STEP),
    st.tuples(st.just("show"), ANY_STEP),
    st.tuples(st.just("answer"), ANY_STEP, st.sampled_from(("yes", "no", "yes", "never", "x"))),
    st.tuples(
        st.just("decide"), st.sampled_from(("recording", "face")), st.sampled_from(("given", "given", "refused", "withdrawn"))
    ),
    st.tuples(st.just("attest"), st.sampled_from(CLAUSES)),
    st.tuples(st.just("wait"), st.integers(0, 4000)),
    st.tuples(st.just("pause")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("end")),
    st.tuples(st.just("honest")),
)


class Play:
    """One session under random acts; every event goes through the engine's records alone."""

    def __init__(self, course: Course) -> None:
        self.course, self.now_ms = course, 2_000
        self.events: list[tuple[EventType, Mapping[str, Any]]] = []
        self.talk = begin(course)
        self._record(EventType.RECORDING_STARTED, {})
        self._record(EventType.SEGMENT_SEALED, {"to_ms": 2_000})

    def act(self, act: tuple[Any, ...]) -> None:
        kind, course, by = act[0], self.course, "agent"
        if kind == "start":
            self._carry(engine.start_step(course, self.talk, act[1], by=by, now_ms=self.now_ms))
        elif kind == "complete":
            self._carry(engine.complete_step(course, self.talk, act[1], by=by, now_ms=self.now_ms))
        elif kind == "redo":
            self._carry(engine.redo_step(self.talk, act[1], "other", by=by, now_ms=self.now_ms))
        elif kind == "show":
            self._carry(engine.show_document(course, self.talk, act[1], "doc", "0" * 64, by=by, now_ms=self.now_ms))
        elif kind == "answer":
            ruling = engine.answer(course, self.talk, act[1], "q", act[2], "click", by="customer", now_ms=self.now_ms)
            self._carry(ruling)
        elif kind == "decide" and not self.talk.end_reason:
            body = {"purpose": act[1], "by": "customer", "how": "click", "at_ms": self.now_ms}
            self._carry(engine.decide(course, self.talk, body, act[2], {}))
        elif kind == "attest" and self.talk.is_live:
            self._record(EventType.ATTESTATION_RECORDED, {"clause": act[1]})
        elif kind == "wait":
            self.now_ms += act[1]
        elif kind == "pause" and self.talk.is_live:
            self._record(EventType.RECORDING_PAUSED, {"at_ms": self.now_ms, "reason": "other"})
        elif kind == "resume" and self.talk.paused_at_ms is not None and not self.talk.end_reason:
            self._record(EventType.RECORDING_RESUMED, {"at_ms": self.now_ms})
        elif kind == "end" and self.talk.is_live:
            self._carry(engine.end(self.talk, "completed", by=by, now_ms=self.now_ms))
        elif kind == "honest":
            self._honest()

    def _honest(self) -> None:
        """What an agent who follows the script would do with the step that is next."""
        run = self.talk.next_run
        step = self.course.step_of(run.step) if run else None
        if step is None:
            return
        self.act(("start", step.id))
        for _ in step.documents:
            self.act(("show", step.id))
        for _ in step.answers:
            self.act(("answer", step.id, "yes"))
        for purpose in step.consents:
            self.act(("decide", purpose, "given"))
        for clause in step.attests:
            self.act(("attest", clause))
        self.act(("wait", 5_000))
        self.act(("complete", step.id))

    def _carry(self, ruling: Ruling) -> None:
        for record in ruling.records:
            self._record(record.type, record.body)
        self.talk = replace(self.talk, showing=ruling.showing)

    def _record(self, kind: EventType, body: Mapping[str, Any]) -> None:
        self.events.append((kind, body))
        self.talk = after(self.course, self.talk, kind, body)


def order_is_kept(play: Play) -> None:
    """By the events alone, without the engine: what was completed, started and ended came in the script's order."""
    done: set[str] = set()
    names = [step.id for step in play.course.steps]
    for kind, body in play.events:
        if kind in (EventType.STEP_STARTED, EventType.STEP_COMPLETED):
            assert set(names[: names.index(body["step"])]) <= done, (kind, body)
        if kind is EventType.STEP_COMPLETED:
            done.add(body["step"])
            step = play.course.step_of(body["step"])
            assert step is not None
            assert body["to_ms"] - body["from_ms"] >= play.course.read_ms(step)
        if kind is EventType.STEP_REOPENED:
            done.discard(body["step"])
        if kind is EventType.SESSION_ENDED and body["reason"] == "completed":
            assert done == set(names)


@given(COURSES, st.lists(ACTS, max_size=60))
def test_no_sequence_of_acts_completes_a_step_before_the_one_before_it(course: Course, acts: list[tuple[Any, ...]]) -> None:
    play = Play(course)
    for act in acts:
        play.act(act)
    order_is_kept(play)


@given(COURSES, st.lists(ACTS, max_size=40))
def test_a_step_that_is_done_has_everything_that_it_lists(course: Course, acts: list[tuple[Any, ...]]) -> None:
    play = Play(course)
    for act in acts:
        before = play.talk
        play.act(act)
        for old, new in zip(before.steps, play.talk.steps, strict=True):
            if new.state is StepState.DONE and old.state is not StepState.DONE:
                step = course.step_of(new.step)
                assert step is not None
                assert set(step.documents) <= new.shown
                assert {q.id: "yes" for q in step.answers} == dict(new.answers)
                assert set(step.consents) <= {purpose for purpose, _ in new.decided}
                assert set(step.attests) & course.attests <= play.talk.attested


@given(COURSES, st.lists(ACTS, max_size=40))
def test_nothing_happens_after_a_talk_has_ended(course: Course, acts: list[tuple[Any, ...]]) -> None:
    play = Play(course)
    for act in acts:
        ended = bool(play.talk.end_reason)
        count = len(play.events)
        play.act(act)
        if ended:
            assert len(play.events) == count


@given(COURSES)
def test_an_honest_agent_always_comes_to_the_end(course: Course) -> None:
    play = Play(course)
    for _ in course.steps:
        play.act(("honest",))
    play.act(("end",))
    assert play.talk.end_reason == "completed"


@given(COURSES, st.lists(ACTS, max_size=40))
def test_events_alone_rebuild_the_talk(course: Course, acts: list[tuple[Any, ...]]) -> None:
    play = Play(course)
    for act in acts:
        play.act(act)
    rebuilt = begin(course)
    for kind, body in play.events:
        rebuilt = after(course, rebuilt, kind, body)
    assert rebuilt == replace(play.talk, showing=None)


@given(COURSES, st.lists(ACTS, max_size=60))
def test_a_session_moves_from_phase_to_phase_only_as_the_table_allows(course: Course, acts: list[tuple[Any, ...]]) -> None:
    play = Play(course)
    phase = Phase.READY
    for act in [("wait", 0), *acts]:
        play.act(act)
        found = phase_of(play.talk, is_invited=True, is_ready=True)
        assert found is phase or found in TRANSITIONS[phase]
        assert phase not in OVER or found is phase
        phase = found
