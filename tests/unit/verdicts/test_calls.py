"""An English investment call: notice and consent by the same rules, with English denials, answers and numbers."""

from __future__ import annotations

import pytest

from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.clauses import judge
from tests.fakes.conversation import Line, obligation, phrase, plan_of, recording, said

PLAN = plan_of(
    [
        obligation(
            "consent",
            "require_consent",
            {"step": "consent", "question": "ask", "asker": "agent", "answerer": "customer", "within_ms": 8000},
        ),
        obligation("notice", "require_step", {"step": "notice", "speaker": "agent", "points": ["recorded", "kept"]}),
        obligation(
            "promises",
            "forbid_phrase",
            {
                "speakers": ["agent"],
                "phrases": ["guaranteed", "no_loss"],
                "questions": ["guaranteed", "no_loss"],
                "within_ms": 5000,
            },
        ),
    ],
    [
        phrase("ask", "do you agree to the recording", "do you agree", lang="en"),
        phrase("recorded", "this call is being recorded", "this call is recorded", lang="en"),
        phrase("kept", "kept for five years", lang="en"),
        phrase("guaranteed", "guaranteed", "risk free", lang="en"),
        phrase("no_loss", "you can not lose", lang="en"),
    ],
)
NOTICE, ASK = "This call is being recorded and kept for 5 years.", "Do you agree?"


def english(track: str, text: str) -> Line:
    return Line(track, text, lang="en")


def failing(*lines: Line) -> dict[str, list[str]]:
    session = said(*lines)
    verdicts = judge(PLAN, recording(session.duration_ms), session.inspections(PLAN))
    return {v.clause: [r.code for r in v.reasons] for v in verdicts if v.verdict is not Verdict.MET}


@pytest.mark.parametrize("text", ["Yes, I agree.", "Sure.", "Yes.", "That's fine.", "I do.", "Of course, go ahead."])
def test_a_call_with_notice_and_consent_is_met(text: str) -> None:
    assert failing(english("agent", NOTICE), english("agent", ASK), english("customer", text)) == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("No, I do not agree.", "refused"),
        ("I don't.", "no_answer"),
        ("I'd rather not.", "refused"),
        ("Agree to what?", "no_answer"),
        ("Hmm.", "no_answer"),
    ],
)
def test_a_call_without_consent_is_not_met(text: str, code: str) -> None:
    assert failing(english("agent", NOTICE), english("agent", ASK), english("customer", text)) == {"consent": [code]}


@pytest.mark.parametrize(
    "text", ["This call is not being recorded, it is kept for 5 years.", "This call is being recorded, kept for 50 years."]
)
def test_a_notice_that_says_something_else_is_not_met(text: str) -> None:
    assert list(failing(english("agent", text), english("agent", ASK), english("customer", "Yes."))) == ["notice"]


@pytest.mark.parametrize(
    ("lines", "forbidden"),
    [
        ([("agent", "It's guaranteed.")], True),
        ([("agent", "It isn't guaranteed.")], False),
        ([("customer", "Is it guaranteed?"), ("agent", "Yes.")], True),
        ([("customer", "Is it guaranteed?"), ("agent", "No, it is not guaranteed.")], False),
        ([("customer", "So I cannot lose?"), ("agent", "Anything can happen.")], False),
        ([("agent", "Trust me, you can't lose.")], True),
    ],
)
def test_promises_are_understood_in_english(lines: list[tuple[str, str]], forbidden: bool) -> None:
    spoken = [english("agent", NOTICE), english("agent", ASK), english("customer", "Yes."), *(english(*line) for line in lines)]
    assert failing(*spoken) == ({"promises": ["forbidden"]} if forbidden else {})
