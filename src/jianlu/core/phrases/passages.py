"""From a speech inspection to passages: each track's heard tokens in time order, cut at long silences.

The only reader of utterance findings here: malformed ones raise InvalidError, so what follows may trust its input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.limits import SPEECH_TOKENS_MAX
from jianlu.core.phrases.model import PASSAGE_PAUSE_MS, Heard, Passage
from jianlu.core.terms.findings import Finding, FindingKind, Inspection


def utterances_of(speech: Inspection) -> tuple[Finding, ...]:
    """The utterances in time order; positions in this tuple are what `Heard.utterance` means."""
    found = (finding for finding in speech.findings if finding.kind is FindingKind.UTTERANCE)
    return tuple(sorted(found, key=lambda u: (u.from_ms, u.to_ms, u.track, u.id)))


def passages_of(utterances: Sequence[Finding]) -> tuple[Passage, ...]:
    """The passages of all tracks, tracks in order of name; InvalidError for malformed or endless utterances.

    Tokens of one track and language belong together until a silence of more than `PASSAGE_PAUSE_MS`.
    """
    streams: dict[tuple[str, str], list[Heard]] = {}
    total = 0
    for place, utterance in enumerate(utterances):
        lang, tokens = _value_of(utterance)
        total += len(tokens)
        if total > SPEECH_TOKENS_MAX:
            raise InvalidError(f"the speech has more than {SPEECH_TOKENS_MAX} tokens: inspect shorter sessions")
        streams.setdefault((utterance.track, lang), []).extend(_heard(entry, place) for entry in tokens)
    found: list[Passage] = []
    for (track, lang), heard in sorted(streams.items()):
        found += _cut(track, lang, sorted(heard, key=lambda h: (h.from_ms, h.utterance)))
    return tuple(found)


def _cut(track: str, lang: str, heard: list[Heard]) -> list[Passage]:
    found: list[Passage] = []
    first = 0
    for at in range(1, len(heard) + 1):
        if at == len(heard) or heard[at].from_ms - heard[at - 1].to_ms > PASSAGE_PAUSE_MS:
            found.append(Passage(track, lang, tuple(heard[first:at])))
            first = at
    return found


def _value_of(utterance: Finding) -> tuple[str, list[Any]]:
    lang, text, tokens = (utterance.value.get(name) for name in ("lang", "text", "tokens"))
    if not isinstance(lang, str) or not isinstance(text, str) or not isinstance(tokens, list):
        raise InvalidError("an utterance needs lang, text and tokens: write findings as the findings spec says")
    return lang, tokens


def _heard(entry: Any, place: int) -> Heard:
    if not isinstance(entry, list | tuple) or len(entry) != 4 or not isinstance(entry[0], str) or not entry[0]:
        raise InvalidError("a token of an utterance must be [text, from, to, score]")
    token, from_ms, to_ms, score = entry
    if any(not isinstance(n, int) or isinstance(n, bool) for n in (from_ms, to_ms, score)) or not 0 <= from_ms <= to_ms:
        raise InvalidError("a token of an utterance needs whole milliseconds, 0 <= from <= to, and a whole score")
    return Heard(token, from_ms, to_ms, score, place)
