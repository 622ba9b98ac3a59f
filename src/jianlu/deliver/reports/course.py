"""The course of a live session in words: who did what at which second, from the events alone. Reports and playback say the same.

Steps, documents and questions are called by the titles of the sealed script; a code without a word is shown as it is. The words are
in `course.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Plan
from jianlu.core.formats.script import Script, parse_script
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.verdicts.reasons import CODE_NAMES
from jianlu.deliver.plans.labels import word
from jianlu.deliver.plans.sentences import speaker
from jianlu.deliver.reports.labels import CONSENT_PURPOSES, REFUSALS, SESSION_CODES
from jianlu.deliver.reports.words import words
from jianlu.vault.case_log import CaseLog

MESSAGE_BYTES_MAX = 64 * 1024
"""One message of a session: far above the characters that anybody may send at once."""

_FINGERPRINT_SHOWN = 16
_SEATS = frozenset({"seat", "by", "to", "track", "side"})
_OF_A_RECORDER = re.compile(r"([a-z])_([a-z_]+)")
"""A check of a second recorder, named before it."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened: its event, from when to when in session time (None where it has no session time)."""

    event: Event
    from_ms: int | None
    to_ms: int | None


def acts_of(events: Iterable[Event]) -> tuple[Act, ...]:
    """Everything that `course.toml` has words for, in the order of the ledger."""
    return tuple(Act(event, *_times(event)) for event in events if event.type.value in _texts())


def act_text(act: Act, plan: Plan, script: Script | None, lang: str, texts: Mapping[str, str] | None = None) -> str:
    """The act in "zh" or "en"; `texts` are the messages of the session, by the object that holds each."""
    fields = {key: _value(key, value, act.event, plan, script, lang) for key, value in act.event.body.items()}
    fields["text"] = (texts or {}).get(str(act.event.body.get("object")), "-")
    known = _texts()[act.event.type.value]
    text = known.get(f"{lang}_to", known[lang]) if "to" in act.event.body else known[lang]
    return text.format_map(_Fields(fields))


def message_texts(log: CaseLog) -> dict[str, str]:
    """What was written in the session, by the object that holds it; a message of a later format has no text, a deposit its SHA-256."""
    found = {}
    for event in log.events:
        if event.type is EventType.DEPOSIT_RECORDED:
            found[str(event.body["object"])] = digest_of(log.open_object(event.body["object"], event.body["version"]))
        elif event.type is EventType.MESSAGE_RECORDED:
            name, version = event.body["object"], event.body["version"]
            written = parse_canonical(log.open_object(name, version), bytes_max=MESSAGE_BYTES_MAX)
            found[str(name)] = str(written.get("text", "")) if isinstance(written, dict) else ""
    return found


def sealed_script(log: CaseLog) -> Script | None:
    """The script that the session ran, None for a case without one."""
    is_frozen = any(event.type is EventType.SCRIPT_FROZEN for event in log.events)
    return parse_script(log.open_object("script")) if is_frozen else None


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("jianlu.deliver.reports").joinpath("course.toml").read_text(encoding="utf-8"))


def code_word(code: str, lang: str) -> str:
    """A session's code in words; where there are none, its own, since a person may have chosen it."""
    known = CODE_NAMES.get(code, {}).get(lang)
    return word(SESSION_CODES, code, lang) if code in SESSION_CODES else known or code.replace("_", " ")


def step_title(step: str, script: Script | None, lang: str) -> str:
    """What a step is called."""
    found = script.step_of(step) if script else None
    return found.title[lang] if found else step


class _Fields(dict[str, str]):
    """An event that lacks a field is still told, with a dash in its place."""

    def __missing__(self, key: str) -> str:
        return "-"


def _times(event: Event) -> tuple[int | None, int | None]:
    body = event.body
    if event.type in (EventType.RECORDING_STARTED, EventType.RECORDING_ENDED):
        at = _whole(body.get("duration_ms", 0))
        return at, at
    start = _whole(body.get("from_ms", body.get("at_ms")))
    return start, _whole(body.get("to_ms", start))


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _value(key: str, value: Any, event: Event, plan: Plan, script: Script | None, lang: str) -> str:
    if key in _SEATS:
        return speaker(plan, str(value), lang) if value else words("whole_session", lang)
    if key == "clause":
        return next((stated.title[lang] for stated in plan.clauses if stated.key == value), str(value))
    if key in _TITLES:
        return _TITLES[key](event, script, lang)
    if key == "checks" and isinstance(value, list):
        pairs = [f"{_check_word(str(name), lang)} {code_word(str(result), lang)}" for name, result in value]
        return ("、" if lang == "zh" else ", ").join(pairs)
    if key == "members" and isinstance(value, list):
        return ("、" if lang == "zh" else ", ").join(_member(plan, row, lang) for row in value)
    if key == "reason" and event.type is EventType.STEP_REFUSED:
        return word(REFUSALS, str(value), lang)
    if key == "purpose":
        return word(CONSENT_PURPOSES, str(value), lang)
    return code_word(str(value), lang)


def _check_word(name: str, lang: str) -> str:
    found = None if name in SESSION_CODES else _OF_A_RECORDER.fullmatch(name)
    if found is None or found[2] not in SESSION_CODES:
        return code_word(name, lang)
    return f"{code_word('recorder', lang)} {found[1].upper()} {code_word(found[2], lang)}"


def _member(plan: Plan, row: Any, lang: str) -> str:
    """A member of an encrypted session, with the first digits of its key's fingerprint."""
    name, fingerprint = (str(row[0]), str(row[1])) if isinstance(row, list) and len(row) == 2 else (str(row), "")
    recorder = name.removeprefix("recorder-")
    shown = f"{code_word('recorder', lang)} {recorder.upper()}" if recorder != name else speaker(plan, name, lang)
    return f"{shown} ({fingerprint[:_FINGERPRINT_SHOWN]})" if fingerprint else shown


def _step_of(event: Event, script: Script | None, lang: str) -> str:
    return step_title(str(event.body.get("step", "")), script, lang)


def _document_of(event: Event, script: Script | None, lang: str) -> str:
    found = script.document_of(str(event.body.get("document"))) if script else None
    return found.title[lang] if found else _code_of_document(str(event.body.get("document")), lang)


def _code_of_document(code: str, lang: str) -> str:
    """A document that the script does not know, such as `annex_2`, by the word for its kind."""
    kind, _, number = code.rpartition("_")
    return f"{code_word(kind, lang)} {number}" if kind in SESSION_CODES and number.isdecimal() else code_word(code, lang)


def _question_of(event: Event, script: Script | None, lang: str) -> str:
    step = script.step_of(str(event.body.get("step"))) if script else None
    found = step.question_of(str(event.body.get("question"))) if step else None
    return found.question[lang] if found else str(event.body.get("question"))


def _answer_of(event: Event, script: Script | None, lang: str) -> str:
    answer = str(event.body.get("answer"))
    step = script.step_of(str(event.body.get("step"))) if script else None
    question = step.question_of(str(event.body.get("question"))) if step else None
    option = question.option_of(answer) if question else None
    return option.label[lang] if option else code_word(answer, lang)


_TITLES: Mapping[str, Callable[[Event, Script | None, str], str]] = {
    "step": _step_of,
    "document": _document_of,
    "question": _question_of,
    "answer": _answer_of,
}
