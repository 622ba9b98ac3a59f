"""`spot`: the phrases inspection of a case, from the plan's phrases and the speech inspection alone.

The verifier calls this very function and compares, so a phrase finding that does not follow from the speech is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, plain_fields
from jianlu.core.formats.plan import Language, Phrase, Plan
from jianlu.core.limits import NEAR_PAIRS_MAX, PHRASE_TOKENS_MAX, PHRASE_VARIANTS_MAX
from jianlu.core.phrases.align import Haystack, Needle, Work, matches_of
from jianlu.core.phrases.hearing import heard_text
from jianlu.core.phrases.model import ENGINE_NAME, ENGINE_VERSION, Match, Passage, plain
from jianlu.core.phrases.nearness import Nearness
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.phrases.polarity import Own, Polarity, Reading
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.findings import Engine, Finding, FindingKind, Inspection, Inspector, Status

THRESHOLD_MIN = 500
"""A phrase of which half is missing was not said; a plan that asks for less is refused."""


@dataclass(frozen=True, slots=True)
class _Hit:
    phrase: Phrase
    passage: Passage
    match: Match
    negated: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class _Target:
    """A phrase ready to be searched for; `own` is what each variant denies itself."""

    phrase: Phrase
    needles: tuple[Needle, ...]
    own: tuple[Own, ...]
    unless: tuple[tuple[str, ...], ...]


def spot(plan: Plan, speech: Inspection) -> Inspection:
    """All phrases of `plan` heard on any track, in time order, with similarity, denial and question; the same input gives the same bytes.

    Covers what `speech` covers; when `speech` did not run, neither did this. Raises InvalidError for a malformed plan or
    utterance and for input beyond `core.limits`. Source: `specs/findings.md`.
    """
    engine = Engine(ENGINE_NAME, ENGINE_VERSION, rules_digest(plan))
    if speech.status is not Status.RAN:
        return Inspection(Inspector.PHRASES, speech.status, speech.reason or "speech_absent", engine, (), ())
    _check_sizes(plan)
    utterances = utterances_of(speech)
    passages = passages_of(utterances)
    work = Work()
    hits: list[_Hit] = []
    for language in plan.languages:
        polarity = Polarity(language)
        targets = _targets(plan, language, polarity, work)
        for passage in passages:
            if passage.lang == language.lang:
                hits += _hits(passage, targets, polarity, work)
    return Inspection(Inspector.PHRASES, Status.RAN, "", engine, speech.covered, _findings(hits, utterances, engine))


def rules_digest(plan: Plan) -> str:
    """SHA-256 of the canonical JSON of the plan's phrases and languages: what the search went by."""
    rules = {
        "phrases": [plain_fields(phrase) for phrase in plan.phrases],
        "languages": [plain_fields(language) for language in plan.languages],
    }
    return digest_of(canonical_bytes(rules))


def _check_sizes(plan: Plan) -> None:
    """InvalidError unless phrases and languages are within the limits and fit together."""
    spoken = {language.lang for language in plan.languages}
    if len(spoken) != len(plan.languages):
        raise InvalidError("the plan describes a language twice")
    entries = [tokens for phrase in plan.phrases for tokens in (*phrase.variants, *phrase.unless)]
    for language in plan.languages:
        lists = (language.negations, language.neutral, language.affirmations, language.refusals, language.question_tails)
        entries += [tokens for tokens_list in lists for tokens in tokens_list]
        if len(language.near) > NEAR_PAIRS_MAX or not 0 <= language.negation_window <= PHRASE_TOKENS_MAX:
            raise InvalidError(f"the language {language.lang} has too many near pairs or too long a negation window")
    if len(entries) > PHRASE_VARIANTS_MAX or any(not 0 < len(tokens) <= PHRASE_TOKENS_MAX for tokens in entries):
        raise InvalidError("the plan's phrases and expressions are too many, too long or empty: see the limits in core")
    for phrase in plan.phrases:
        if phrase.lang not in spoken or not THRESHOLD_MIN <= phrase.threshold <= 1000:
            raise InvalidError(f"the phrase {phrase.id} needs a language of the plan and a threshold of {THRESHOLD_MIN} to 1000")


def _targets(plan: Plan, language: Language, polarity: Polarity, work: Work) -> list[_Target]:
    nearness = Nearness(language.near)
    targets = [
        _Target(
            phrase,
            tuple(Needle.of(tokens, phrase.threshold, place, nearness) for place, tokens in enumerate(phrase.variants)),
            tuple(polarity.own_of(tokens) for tokens in phrase.variants),
            phrase.unless,
        )
        for phrase in plan.phrases
        if phrase.lang == language.lang
    ]
    work.spend(sum(len(alike) for target in targets for needle in target.needles for alike in needle.alike))
    return targets


def _hits(passage: Passage, targets: Sequence[_Target], polarity: Polarity, work: Work) -> list[_Hit]:
    haystack, reading = Haystack.of(passage.tokens), polarity.reading_of(passage)
    found = [(target, match) for target in targets for match in _chosen(target, haystack, work)]
    spent = _Spent([m for target, m in found if (own := target.own[m.variant]).odd and reading.is_odd(m, own)])
    return [
        _Hit(
            phrase=target.phrase,
            passage=passage,
            match=match,
            negated=_is_negated(target, match, reading, spent),
            asked=reading.is_asked(match.first, match.last),
        )
        for target, match in found
    ]


def _is_negated(target: _Target, match: Match, reading: Reading, spent: _Spent) -> bool:
    own = target.own[match.variant]
    return reading.is_odd(match, own, spent.before(match.first)) != own.odd


class _Spent:
    """Phrases that hold their own denial and were heard whole: their denial is theirs (`不是存款，｜是保险`)."""

    def __init__(self, matches: Sequence[Match]) -> None:
        self._by_last: dict[int, list[tuple[int, int]]] = {}
        for match in matches:
            self._by_last.setdefault(match.last, []).append((match.first, match.last))

    def before(self, first: int) -> list[tuple[int, int]]:
        """The stretches that end within a phrase's length before token `first`."""
        return [found for last in range(max(first - PHRASE_TOKENS_MAX, 0), first + 1) for found in self._by_last.get(last, ())]


def _chosen(target: _Target, haystack: Haystack, work: Work) -> list[Match]:
    """The best matches of a phrase that do not overlap: most similar first, then earliest, then the earlier variant."""
    matches = [match for needle in target.needles for match in matches_of(needle, haystack, work)]
    if not matches:
        return []
    excepted = {start: last for context in sorted(target.unless, key=len) for start, last in _occurrences(context, haystack)}
    taken: set[int] = set()
    chosen: list[Match] = []
    for match in sorted(matches, key=lambda m: (-m.similarity, m.first, -m.last, m.variant)):
        places = range(match.first, match.last)
        if taken.isdisjoint(places) and not _is_excepted(match, excepted):
            taken.update(places)
            chosen.append(match)
    return chosen


def _is_excepted(match: Match, excepted: dict[int, int]) -> bool:
    starts = range(max(match.last - PHRASE_TOKENS_MAX, 0), match.first + 1)
    return any(excepted.get(start, 0) >= match.last for start in starts)


def _occurrences(context: tuple[str, ...], haystack: Haystack) -> list[tuple[int, int]]:
    """Where `context` stands exactly, number marks aside."""
    wanted = [plain(token) for token in context]
    starts = haystack.places.get(wanted[0], [])
    return [
        (start, start + len(wanted))
        for start in starts
        if [plain(token) for token in haystack.tokens[start : start + len(wanted)]] == wanted
    ]


def _findings(hits: Sequence[_Hit], utterances: Sequence[Finding], engine: Engine) -> tuple[Finding, ...]:
    ordered = sorted(hits, key=lambda h: (*_range(h), h.passage.track, h.phrase.id, h.match.variant, h.match.first))
    return tuple(_finding(hit, f"phrases-{place:06d}", utterances, engine) for place, hit in enumerate(ordered, 1))


def _range(hit: _Hit) -> tuple[int, int]:
    heard = hit.passage.heard[hit.match.first : hit.match.last]
    return heard[0].from_ms, max(h.to_ms for h in heard)


def _finding(hit: _Hit, id: str, utterances: Sequence[Finding], engine: Engine) -> Finding:
    from_ms, to_ms = _range(hit)
    heard = hit.passage.heard[hit.match.first : hit.match.last]
    places = [heard[0].utterance, *(right.utterance for left, right in pairwise(heard) if right.utterance != left.utterance)]
    return Finding(
        id=id,
        kind=FindingKind.PHRASE,
        track=hit.passage.track,
        from_ms=from_ms,
        to_ms=to_ms,
        score=hit.match.similarity,
        threshold=hit.phrase.threshold,
        engine=engine,
        value={
            "phrase": hit.phrase.id,
            "variant": hit.match.variant,
            "negated": hit.negated,
            "asked": hit.asked,
            "utterances": [utterances[place].id for place in places],
            "heard": heard_text(heard, [utterances[place] for place in dict.fromkeys(places)]),
        },
    )
