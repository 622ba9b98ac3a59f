"""What an answer says: agreement, refusal or denial, found in one party's speech by the language's expressions and their place.

One-token expressions count only when they stand alone, two-token agreement only near the beginning, longer ones anywhere; a
question (`可以吗`) is no agreement, a denial before it (`不太清楚`) makes it a refusal. Source: `specs/findings.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from jianlu.core.phrases.lexicon import Expression, Lexicon, Sense
from jianlu.core.phrases.model import CLOSE_PAUSE_MS, QUESTION_REACH, Passage

REPLY_LEAD = 2
"""Tokens that may stand before a two-token agreement: `我都清楚`, not `我想要更好的`."""

REPLY_DENIAL_REACH = 1
"""Tokens between a denial and the agreement that it makes a refusal (`不很同意`); further off it is a readback."""

SENTENCE_TOKENS_MAX = 100
"""A sentence without any pause is cut here: nobody says more in one breath, and the work stays linear."""


class Stance(StrEnum):
    """What a reply says. DENIES is a bare denial (`不会`): no refusal by itself, but an answer to a negative question."""

    AGREES = "agrees"
    REFUSES = "refuses"
    DENIES = "denies"


@dataclass(frozen=True, slots=True)
class Reply:
    """A stance taken on `track` in [from_ms, to_ms); `lead` tokens of the same sentence stand before it."""

    track: str
    stance: Stance
    from_ms: int
    to_ms: int
    lead: int


def replies_in(passage: Passage, lexicon: Lexicon) -> list[Reply]:
    """Every stance taken in `passage`, in time order, by the `reply_lexicon` of its language. Never raises; plain talk gives []."""
    expressions = lexicon.scan(passage.tokens)
    bounds = _sentence_bounds(passage)
    found: list[Reply] = []
    for place, expression in enumerate(expressions):
        sentence = bounds[expression.first]
        stance, lead = _stance(expressions, place, sentence)
        if stance is not None and not _is_question(expressions, place, sentence):
            words = passage.heard[expression.first : expression.last]
            found.append(Reply(passage.track, stance, words[0].from_ms, max(w.to_ms for w in words), lead))
    return found


def _sentence_bounds(passage: Passage) -> list[tuple[int, int]]:
    """For each token, where its sentence begins and ends: cut where a new utterance begins or a short pause is heard."""
    heard = passage.heard
    cuts = [0]
    for at in range(1, len(heard)):
        paused = heard[at].utterance != heard[at - 1].utterance or heard[at].from_ms - heard[at - 1].to_ms >= CLOSE_PAUSE_MS
        if paused or at - cuts[-1] >= SENTENCE_TOKENS_MAX:
            cuts.append(at)
    bounds: list[tuple[int, int]] = []
    for first, last in zip(cuts, [*cuts[1:], len(heard)], strict=True):
        bounds += [(first, last)] * (last - first)
    return bounds


def _stance(expressions: Sequence[Expression], place: int, sentence: tuple[int, int]) -> tuple[Stance | None, int]:
    expression = expressions[place]
    size = expression.last - expression.first
    lead = _lead(expressions, place, sentence[0])
    if Sense.REFUSAL in expression.senses and (size > 1 or _stands_alone(expressions, place, sentence, lead)):
        return Stance.REFUSES, lead
    if Sense.AFFIRMATION in expression.senses:
        if size == 1 and not _stands_alone(expressions, place, sentence, lead):
            return None, lead
        if size == 2 and lead > REPLY_LEAD:
            return None, lead
        if _is_denied(expressions, place, sentence):
            return Stance.REFUSES, lead
        follower = expressions[place + 1] if place + 1 < len(expressions) else None
        if follower is not None and follower.first == expression.last < sentence[1] and _denies(follower):
            return None, lead  # 可以不录吗: the agreement is part of a denial
        return Stance.AGREES, lead
    if _denies(expression) and lead == 0:
        return Stance.DENIES, lead
    return None, lead


def _denies(expression: Expression) -> bool:
    return Sense.NEGATION in expression.senses and not expression.senses & {Sense.NEUTRAL, Sense.QUESTION}


def _lead(expressions: Sequence[Expression], place: int, start: int) -> int:
    """Tokens from the sentence's start to the expression, other agreeing or neutral expressions not counted."""
    known = 0
    for earlier in reversed(expressions[max(place - SENTENCE_TOKENS_MAX, 0) : place]):
        if earlier.first < start:
            break
        if earlier.senses & {Sense.AFFIRMATION, Sense.NEUTRAL}:
            known += earlier.last - earlier.first
    return expressions[place].first - start - known


def _stands_alone(expressions: Sequence[Expression], place: int, sentence: tuple[int, int], lead: int) -> bool:
    """Whether nothing but agreeing, refusing or neutral expressions shares the sentence."""
    expression = expressions[place]
    end = expression.last
    for later in expressions[place + 1 : place + 1 + SENTENCE_TOKENS_MAX]:
        if later.first != end or end >= sentence[1] or not later.senses & {Sense.AFFIRMATION, Sense.NEUTRAL, Sense.REFUSAL}:
            break
        end = later.last
    return lead == 0 and end >= sentence[1]


def _is_denied(expressions: Sequence[Expression], place: int, sentence: tuple[int, int]) -> bool:
    first = expressions[place].first
    for earlier in reversed(expressions[max(place - REPLY_DENIAL_REACH - 1, 0) : place]):
        if earlier.last < first - REPLY_DENIAL_REACH or earlier.first < sentence[0]:
            return False
        if _denies(earlier):
            return True
    return False


def _is_question(expressions: Sequence[Expression], place: int, sentence: tuple[int, int]) -> bool:
    """Whether a question word of the same sentence stands close by; short agreement is asked by one anywhere behind it (`可以...吗`)."""
    expression = expressions[place]
    behind = SENTENCE_TOKENS_MAX if expression.last - expression.first <= 2 else QUESTION_REACH
    for other in expressions[max(place - QUESTION_REACH - 1, 0) : place + behind + 2]:
        if Sense.QUESTION not in other.senses or other is expression or not sentence[0] <= other.first < sentence[1]:
            continue
        single = other.last - other.first == 1
        if other.first >= expression.last and other.first - expression.last <= behind:
            if not single or other.last == sentence[1]:
                return True
        elif not single and other.last <= expression.first and expression.first - other.last <= QUESTION_REACH:
            return True
    return False
