"""A script as text that anybody can read: every step with what is said, shown, asked and agreed, and the facts of a case as 〔…〕.

Made from the document as it is kept, so that a version, a draft and what changed between them read the same. Unfinished drafts are read
as far as they go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.deliver.plans.condition_words import said_condition
from jianlu.deliver.plans.labels import FACTS, LANGS, ROLES, Words, word
from jianlu.deliver.scripts.labels import CONSENTS, EFFECTS, KINDS
from jianlu.govern.policy.conditions import parse_condition

Texts = dict[str, str]
_PLACE = re.compile(r"\{([^{}]*)\}")


def script_reading(content: Mapping[str, Any]) -> dict[str, Any]:
    """The script's document as a page shows it: `title`, `documents`, `steps`, every text in both languages."""
    titles = {str(each.get("id")): read_text(each.get("title")) for each in _tables(content.get("documents"))}
    return {
        "title": read_text(content.get("title")),
        "documents": [
            {"id": str(each.get("id")), "title": titles[str(each.get("id"))], "min_show_ms": _whole(each.get("min_show_ms"))}
            for each in _tables(content.get("documents"))
        ],
        "steps": [_step(step, no, titles) for no, step in enumerate(_tables(content.get("steps")), 1)],
    }


def read_text(claimed: Any) -> Texts:
    """A text with its facts as 〔…〕; empty where a draft has none yet."""
    texts = claimed if isinstance(claimed, Mapping) else {}

    def said(lang: str) -> str:
        named = partial(_fact, lang=lang)
        return _PLACE.sub(named, str(texts.get(lang) or ""))

    return both(said)


def read_condition(claimed: Any) -> Texts:
    """A condition in words; empty for none, and for one that is malformed."""
    if not isinstance(claimed, Mapping):
        return {}
    try:
        condition = parse_condition(dict(claimed))
        return both(lambda lang: said_condition(condition, lang, named={}, amount=lambda _: 0))
    except (InvalidError, KeyError, TypeError):
        return {}


def both(said: Callable[[str], str]) -> Texts:
    """The same in each language."""
    return {lang: said(lang) for lang in LANGS}


def _step(step: Mapping[str, Any], no: int, titles: Mapping[str, Texts]) -> dict[str, Any]:
    return {
        "id": str(step.get("id") or ""),
        "no": no,
        "title": read_text(step.get("title")),
        "kind": _word(KINDS, step.get("kind")),
        "speaker": _word(ROLES, step.get("speaker", "agent")),
        "when": read_condition(step.get("when")),
        "say": [
            {"text": read_text(each.get("text")), "when": read_condition(each.get("when"))} for each in _tables(step.get("say"))
        ],
        "prompt": read_text(step.get("prompt")),
        "min_read_ms": _whole(step.get("min_read_ms")),
        "documents": [titles.get(str(name), both(lambda _, n=name: str(n))) for name in _listed(step.get("documents"))],  # type: ignore[misc]
        "answers": [
            {
                "question": read_text(each.get("question")),
                "by": _word(ROLES, each.get("by")),
                "options": [
                    {"label": read_text(option.get("label")), "effect": _word(EFFECTS, option.get("effect"))}
                    for option in _tables(each.get("options"))
                ],
            }
            for each in _tables(step.get("answers"))
        ],
        "consents": [_word(CONSENTS, name) for name in _listed(step.get("consents"))],
        "covers": [str(name) for name in _listed(step.get("covers"))],
        "attests": [str(name) for name in _listed(step.get("attests"))],
    }


def _fact(found: re.Match[str], lang: str) -> str:
    name = word(FACTS, found[1], lang)
    return f"〔{name}〕" if lang == "zh" else f"[{name}]"


def _word(words: Words, code: Any) -> Texts:
    return both(partial(word, words, str(code or "")))


def _tables(claimed: Any) -> list[Mapping[str, Any]]:
    return [each if isinstance(each, Mapping) else {} for each in _listed(claimed)]


def _listed(claimed: Any) -> Sequence[Any]:
    return claimed if isinstance(claimed, list | tuple) else ()


def _whole(claimed: Any) -> int:
    return claimed if isinstance(claimed, int) and not isinstance(claimed, bool) else 0
