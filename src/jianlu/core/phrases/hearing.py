"""The words behind a match, for people: cut out of the recogniser's text where tokens and characters agree one to one.

Where they do not (numbers written in digits, English), the whole utterance is shown, shortened. Nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from jianlu.core.phrases.model import Heard
from jianlu.core.terms.findings import Finding

HEARD_CHARS_MAX = 120


def heard_text(heard: Sequence[Heard], utterances: Sequence[Finding]) -> str:
    """The text of `heard` tokens, which come from `utterances` in this order; at most `HEARD_CHARS_MAX` characters."""
    texts = [_part(heard, utterance) for utterance in utterances]
    return " ".join(text for text in texts if text)[:HEARD_CHARS_MAX]


def _part(heard: Sequence[Heard], utterance: Finding) -> str:
    text = str(utterance.value["text"])
    tokens = utterance.value["tokens"]
    letters = [place for place, char in enumerate(text) if char.isalnum()]
    if len(letters) != len(tokens):
        return text.strip()
    times = {(h.token, h.from_ms, h.to_ms) for h in heard}
    inside = [place for place, token in zip(letters, tokens, strict=True) if (token[0], token[1], token[2]) in times]
    return text[inside[0] : inside[-1] + 1] if inside else ""
