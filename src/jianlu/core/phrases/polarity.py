"""Whether what was heard says the phrase or its opposite, and whether it is a question: counted denials, by the language's data.

A phrase is denied when the number of denials in it and shortly before it differs in parity from the phrase's own: `不保本` denies
保本, `不是不保本` does not, `红利是确定的` denies `红利是不确定的`. Source of the rules: `specs/findings.md`.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.formats.plan import Language
from jianlu.core.phrases.lexicon import Expression, Lexicon, Sense, polarity_lexicon
from jianlu.core.phrases.model import CLOSE_PAUSE_MS, QUESTION_REACH, Match, Passage


class Polarity:
    """The denial rules of one language."""

    def __init__(self, language: Language) -> None:
        self._lexicon = polarity_lexicon(language)
        self._denials = Lexicon([(Sense.NEGATION, entry) for entry in language.negations])
        self._window = language.negation_window

    def is_odd(self, tokens: Sequence[str]) -> bool:
        """Whether `tokens`, taken alone, hold an odd number of denials."""
        return len(_counted(_denials(self._lexicon.scan(tokens)))) % 2 == 1

    def reading_of(self, passage: Passage) -> Reading:
        """The denials, turns and questions of `passage`."""
        tokens = passage.tokens
        expressions = self._lexicon.scan(tokens)
        turns = [e for e in expressions if Sense.NEUTRAL in e.senses and not self._denials.scan(tokens[e.first : e.last])]
        questions = [e for e in expressions if Sense.QUESTION in e.senses]
        return Reading(passage, self._window, _counted(_denials(expressions)), turns, questions)


class Reading:
    """One passage read for denials and questions."""

    def __init__(
        self, passage: Passage, window: int, denials: list[Expression], turns: list[Expression], questions: list[Expression]
    ) -> None:
        self._passage, self._window = passage, window
        self._denials, self._turns, self._questions = _Places(denials), _Places(turns), _Places(questions)

    def denials_of(self, match: Match, spent: Sequence[tuple[int, int]] = ()) -> int:
        """How many denials act on `match`: in it, or ending at most the window before it, in the same sentence and without a turn between.

        `spent` are stretches whose denials belong to another phrase that was heard whole; beyond its end they do not act.
        """
        inside, before = 0, []
        for denial in self._denials.between(match.first - self._window, match.last):
            if denial.last > match.first:
                inside += 1
            elif self._acts(denial, match) and not any(low <= denial.first and denial.last <= high for low, high in spent):
                before.append(denial)
        # `不，它不保本`: a lone no, and then the sentence that says so again
        return inside + sum(1 for place, denial in enumerate(before, 1) if place == len(before) or denial.last - denial.first > 1)

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
        turned = any(denial.last <= t.first < match.first for t in self._turns.between(denial.last, match.first))
        return not turned and self._passage.is_one_sentence(denial.last - 1, match.first)

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


def _denials(expressions: Sequence[Expression]) -> list[Expression]:
    return [e for e in expressions if Sense.NEGATION in e.senses and not e.senses & {Sense.NEUTRAL, Sense.QUESTION}]


def _counted(denials: list[Expression]) -> list[Expression]:
    """Without a one-token denial that another follows at once: `不，不保本` denies once."""
    following = {denial.first for denial in denials}
    return [d for d in denials if d.last - d.first > 1 or d.last not in following]
