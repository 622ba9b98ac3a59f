"""Whether what was heard says the phrase or its opposite, and whether it is a question: counted denials, by the language's data.

A phrase is denied when the number of denials in it and shortly before it differs in parity from the phrase's own: `不保本` denies
保本, `不是不保本` does not, `红利是确定的` denies `红利是不确定的`. Source of the rules: `specs/findings.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jianlu.core.formats.plan import Language
from jianlu.core.phrases.lexicon import Expression, Lexicon, Sense, polarity_lexicon
from jianlu.core.phrases.model import CLOSE_PAUSE_MS, QUESTION_REACH, Match, Passage, plain

CONTRAST_TOKENS_MIN = 2
"""So much stands at least between `不是` and `是` when one thing is denied and another stated; fewer is a stammer."""


@dataclass(frozen=True, slots=True)
class Own:
    """What a phrase's variant denies itself: an odd number of times or not, and its neutral expressions that hold a denial.

    Those count as denials where the variant is heard: `不一样` denies nothing by itself, but `一样` is its opposite.
    """

    odd: bool
    masks: frozenset[tuple[str, ...]]


class Polarity:
    """The denial rules of one language."""

    def __init__(self, language: Language) -> None:
        self._lexicon = polarity_lexicon(language)
        self._denials = Lexicon([(Sense.NEGATION, entry) for entry in language.negations])
        self._window = language.negation_window

    def own_of(self, tokens: Sequence[str]) -> Own:
        """What `tokens`, taken alone, deny."""
        expressions = self._lexicon.scan(tokens)
        masked = [(words, count) for e in expressions if (count := self._masked(words := _words(tokens, e), e))]
        count = len(_counted(_denials(expressions))) + sum(count for _, count in masked)
        return Own(count % 2 == 1, frozenset(words for words, _ in masked))

    def reading_of(self, passage: Passage) -> Reading:
        """The denials, turns and questions of `passage`."""
        tokens = passage.tokens
        expressions = self._lexicon.scan(tokens)
        masks = {e: count for e in expressions if (count := self._masked(_words(tokens, e), e))}
        turns = [e for e in expressions if Sense.NEUTRAL in e.senses and e not in masks]
        questions = [e for e in expressions if Sense.QUESTION in e.senses]
        return Reading(passage, self._window, _counted(_denials(expressions)), masks, turns, questions)

    def _masked(self, words: Sequence[str], expression: Expression) -> int:
        """How many denials a neutral expression holds, taken word by word."""
        return len(_counted(self._denials.scan(words))) if Sense.NEUTRAL in expression.senses else 0


class Reading:
    """One passage read for denials and questions."""

    def __init__(
        self,
        passage: Passage,
        window: int,
        denials: list[Expression],
        masks: Mapping[Expression, int],
        turns: list[Expression],
        questions: list[Expression],
    ) -> None:
        self._passage, self._window, self._masked = passage, window, masks
        self._denials, self._masks = _Places(denials), _Places(list(masks))
        self._turns, self._questions = _Places(turns), _Places(questions)

    def is_odd(self, match: Match, own: Own, spent: Sequence[tuple[int, int]] = ()) -> bool:
        """Whether an odd number of denials act on `match`, heard for the variant that denies `own`.

        They lie in it, or end at most the window before it, in the same sentence and without a turn between. `spent` are
        stretches whose denials belong to another phrase that was heard whole; beyond its end they do not act.
        """
        inside, before = 0, []
        for denial in self._denials.between(match.first - self._window, match.last):
            if denial.last > match.first:
                inside += 1
            elif self._acts(denial, match) and not any(low <= denial.first and denial.last <= high for low, high in spent):
                before.append(denial)
        for mask in self._masks.between(match.first, match.last):
            if mask.last > match.first and _words(self._passage.tokens, mask) in own.masks:
                inside += self._masked[mask]
        # `不，它不保本`: a lone no, and then the sentence that says so again
        lasting = sum(1 for place, denial in enumerate(before, 1) if place == len(before) or denial.last - denial.first > 1)
        return (inside + lasting) % 2 == 1

    def is_asked(self, first: int, last: int) -> bool:
        """Whether a question word belongs to tokens [first, last): in them, right after them, or (longer ones) right before."""
        for question in self._questions.between(first - QUESTION_REACH, last + QUESTION_REACH + 1):
            if question.last <= first:
                fits = question.last - question.first > 1 and self._passage.reaches(question.last - 1, first)
            elif question.first >= last:
                fits = (question.last - question.first > 1 or self._closes(question)) and self._passage.reaches(
                    last - 1, question.first
                )
            else:
                fits = question.last - question.first > 1
            if fits:
                return True
        return False

    def _acts(self, denial: Expression, match: Match) -> bool:
        if any(denial.last <= turn.first < match.first for turn in self._turns.between(denial.last, match.first)):
            return False
        if self._contrasts(denial, match):
            return False
        if denial.last == match.first and denial.last - denial.first == 1:
            return self._passage.reaches(denial.first, match.first)  # recognisers leave a sentence's first word in the one before
        return self._passage.is_one_sentence(denial.last - 1, match.first)

    def _contrasts(self, denial: Expression, match: Match) -> bool:
        """Whether the phrase begins with the denial's own verb, something else between: `不是`存款，`是`保险产品."""
        verb = plain(self._passage.heard[denial.last - 1].token)
        is_verb = denial.last - denial.first > 1 and verb == plain(self._passage.heard[match.first].token)
        return is_verb and match.first - denial.last >= CONTRAST_TOKENS_MIN

    def _closes(self, question: Expression) -> bool:
        """Whether a one-syllable question word ends its sentence: 吗 does, the same sound in 马上 does not."""
        heard = self._passage.heard
        if question.last == len(heard):
            return True
        after, word = heard[question.last], heard[question.last - 1]
        return after.utterance != word.utterance or after.from_ms - word.to_ms >= CLOSE_PAUSE_MS


class _Places:
    """Expressions by place, so that looking around a match costs what is near it."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._by_first = {expression.first: expression for expression in expressions}
        self._longest = max((e.last - e.first for e in expressions), default=0)

    def between(self, low: int, high: int) -> list[Expression]:
        """Expressions that end after `low` - 1 and begin before `high`, in order."""
        if not self._longest:
            return []
        found = (self._by_first.get(place) for place in range(max(low - self._longest, 0), high))
        return [expression for expression in found if expression is not None and expression.last >= low]


def _words(tokens: Sequence[str], expression: Expression) -> tuple[str, ...]:
    return tuple(plain(token) for token in tokens[expression.first : expression.last])


def _denials(expressions: Sequence[Expression]) -> list[Expression]:
    return [e for e in expressions if Sense.NEGATION in e.senses and not e.senses & {Sense.NEUTRAL, Sense.QUESTION}]


def _counted(denials: list[Expression]) -> list[Expression]:
    """Without a one-token denial that another follows at once: `不，不保本` denies once."""
    following = {denial.first for denial in denials}
    return [d for d in denials if d.last - d.first > 1 or d.last not in following]
