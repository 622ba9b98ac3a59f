"""What is wrong with a script that is being written, all of it at once, each with its place: an editor shows it beside the field.

Lenient where `core/formats/script.py` stops at the first fault. What is found nowhere here that reader still refuses, and its words come
last. Whether the rules are content is `rehearsal.py`; words for readers are `deliver/scripts/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jianlu.capture.cases.scenes import script_of
from jianlu.core.errors import InvalidError
from jianlu.core.formats.script import EFFECTS, FORMAT, STEP_KINDS, Script
from jianlu.core.limits import SCRIPT_STEPS_MAX, SCRIPT_TEXT_MAX
from jianlu.govern.consent import PURPOSES
from jianlu.govern.policy.case_file import SEATS
from jianlu.govern.policy.conditions import parse_condition
from jianlu.govern.policy.facts import FACTS

LANGS = ("zh", "en")
_CODE = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_PLACE = re.compile(r"\{([^{}]*)\}")
_MS_MAX = 3_600_000


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` names the fault, `at` its place in the document (`steps/3/say/0/text/zh`), `about` what it is about, empty without."""

    code: str
    at: str
    about: str = ""


def problems_of(content: Mapping[str, Any], name: str) -> tuple[tuple[Problem, ...], Script | None]:
    """Every problem, in the order of the document, and the script itself where there is none, under that name. Raises nothing."""
    found = list(_document(content))
    if found:
        return tuple(found), None
    try:
        script = script_of({**content, "format": FORMAT, "script": name, "version": "1.0.0"}, "the draft")
    except InvalidError as error:
        return (Problem("other", "", str(error)),), None
    return (), script


def _document(content: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _text(content.get("title"), "title")
    documents = [each if isinstance(each, dict) else {} for each in content.get("documents", ())]
    steps = [each if isinstance(each, dict) else {} for each in content.get("steps", ())]
    yield from _twins([each.get("id") for each in documents], "documents")
    for no, document in enumerate(documents):
        yield from _text(document.get("title"), f"documents/{no}/title")
        yield from _ms(document.get("min_show_ms", 0), f"documents/{no}/min_show_ms")
    if not 1 <= len(steps) <= SCRIPT_STEPS_MAX:
        yield Problem("steps_count", "steps", str(SCRIPT_STEPS_MAX))
    yield from _twins([each.get("id") for each in steps], "steps")
    known = {each.get("id") for each in documents if isinstance(each.get("id"), str)}
    for no, step in enumerate(steps):
        yield from _step(step, f"steps/{no}", known)


def _step(step: Mapping[str, Any], at: str, documents: set[Any]) -> Iterator[Problem]:
    yield from _text(step.get("title"), f"{at}/title")
    if step.get("kind") not in STEP_KINDS:
        yield Problem("kind", f"{at}/kind")
    if step.get("speaker", "agent") not in SEATS:
        yield Problem("seat", f"{at}/speaker")
    yield from _text(step.get("prompt", {"zh": "", "en": ""}), f"{at}/prompt", may_be_empty=True)
    yield from _ms(step.get("min_read_ms", 0), f"{at}/min_read_ms")
    say = _list(step.get("say"))
    if not say and not _list(step.get("documents")) and not _list(step.get("answers")):
        yield Problem("step_empty", f"{at}/say")
    for no, sentence in enumerate(say):
        place = f"{at}/say/{no}"
        yield from _text(sentence.get("text") if isinstance(sentence, dict) else None, f"{place}/text")
        yield from _condition(sentence.get("when") if isinstance(sentence, dict) else None, f"{place}/when")
    yield from _condition(step.get("when"), f"{at}/when")
    for name in _list(step.get("documents")):
        if name not in documents:
            yield Problem("document_unknown", f"{at}/documents", str(name)[:40])
    for name in _list(step.get("consents")):
        if name not in PURPOSES:
            yield Problem("consent_unknown", f"{at}/consents", str(name)[:40])
    questions = [each if isinstance(each, dict) else {} for each in _list(step.get("answers"))]
    yield from _twins([each.get("id") for each in questions], f"{at}/answers")
    for no, question in enumerate(questions):
        yield from _question(question, f"{at}/answers/{no}")


def _question(question: Mapping[str, Any], at: str) -> Iterator[Problem]:
    yield from _text(question.get("question"), f"{at}/question")
    if question.get("by") not in SEATS:
        yield Problem("seat", f"{at}/by")
    options = [each if isinstance(each, dict) else {} for each in _list(question.get("options"))]
    yield from _twins([each.get("id") for each in options], f"{at}/options")
    for no, option in enumerate(options):
        yield from _text(option.get("label"), f"{at}/options/{no}/label")
        if option.get("effect") not in EFFECTS:
            yield Problem("effect", f"{at}/options/{no}/effect")
    if not any(option.get("effect") == "go_on" for option in options):
        yield Problem("no_way_on", f"{at}/options")


def _text(claimed: Any, at: str, *, may_be_empty: bool = False) -> Iterator[Problem]:
    texts = claimed if isinstance(claimed, dict) else {}
    for lang in LANGS:
        text = texts.get(lang)
        if not isinstance(text, str) or not (text.strip() or may_be_empty):
            yield Problem(f"text_{lang}", f"{at}/{lang}")
            continue
        if len(text) > SCRIPT_TEXT_MAX:
            yield Problem("text_long", f"{at}/{lang}", str(SCRIPT_TEXT_MAX))
        for name in _PLACE.findall(text):
            if name not in FACTS:
                yield Problem("fact_unknown", f"{at}/{lang}", name[:40])
        if text.count("{") != len(_PLACE.findall(text)) or text.count("}") != text.count("{"):
            yield Problem("braces", f"{at}/{lang}")


def _ms(claimed: Any, at: str) -> Iterator[Problem]:
    if not isinstance(claimed, int) or isinstance(claimed, bool) or not 0 <= claimed <= _MS_MAX:
        yield Problem("duration", at)


def _condition(claimed: Any, at: str) -> Iterator[Problem]:
    if claimed is None:
        return
    try:
        parse_condition(dict(claimed))
    except (InvalidError, TypeError, ValueError):
        yield Problem("condition", at)


def _twins(names: list[Any], at: str) -> Iterator[Problem]:
    seen: set[Any] = set()
    for no, name in enumerate(names):
        if not isinstance(name, str) or not _CODE.fullmatch(name):
            yield Problem("code", f"{at}/{no}/id")
        elif name in seen:
            yield Problem("twice", f"{at}/{no}/id", name)
        else:
            seen.add(name)


def _list(claimed: Any) -> list[Any]:
    return claimed if isinstance(claimed, list) else []
