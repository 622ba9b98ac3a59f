"""The script of a session: `specs/script.md`, `jianlu/script/v1`. What is said, asked, shown and agreed, in which order.

A script is data with a version. Its texts hold `{section.key}` where a fact of the case stands, so that one approved script serves
many cases; `fill` puts the facts in. Conditions stay tables here: what they mean is `specs/packs.md`, not for a format to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.limits import SCRIPT_BYTES_MAX, SCRIPT_STEPS_MAX, SCRIPT_TEXT_MAX

FORMAT = "jianlu/script/v1"
STEP_KINDS = ("say", "ask", "show", "sign", "consent")
EFFECTS = ("go_on", "stay", "end")
"""What an answer does: lets the step be completed, does not, or ends the talk as refused."""

_ID = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_SCRIPT = re.compile(r"^[a-z][a-z0-9-]{0,39}$")
_VERSION = re.compile(r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$")
_CLAUSE = re.compile(r"^[a-z0-9-]{1,60}:[A-Za-z0-9.-]{1,40}$")
_PLACE = re.compile(r"\{([^{}]*)\}")
_FACT = re.compile(r"^[a-z]+\.[a-z_]+$")
_DURATION_MS_MAX = 3_600_000
_LIST_MAX = 40

Bilingual = Mapping[str, str]
"""A text by language; `zh` and `en` are both there."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something that is shown: it counts as shown after `min_show_ms`."""

    id: str
    title: Bilingual
    min_show_ms: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence to be said; left out of a case in which `when` does not hold."""

    text: Bilingual
    when: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be given; `effect` is one of EFFECTS."""

    id: str
    label: Bilingual
    effect: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that must be answered, by the seat `by`."""

    id: str
    question: Bilingual
    by: str
    options: tuple[Option, ...]

    def option_of(self, id: str) -> Option | None:
        """The option of that id, or None."""
        return next((option for option in self.options if option.id == id), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. It is done when everything it lists was shown, answered, decided and attested, no sooner than `min_read_ms`.

    `covers` names the steps of the plan that it carries out; `attests` the clauses (`pack:clause`) that it attests where a plan asks.
    """

    id: str
    title: Bilingual
    kind: str
    speaker: str
    say: tuple[Sentence, ...]
    prompt: Bilingual
    min_read_ms: int
    documents: tuple[str, ...]
    answers: tuple[Question, ...]
    consents: tuple[str, ...]
    attests: tuple[str, ...]
    covers: tuple[str, ...]
    when: Mapping[str, Any] | None

    def question_of(self, id: str) -> Question | None:
        """The question of that id, or None."""
        return next((question for question in self.answers if question.id == id), None)


@dataclass(frozen=True, slots=True)
class Script:
    """The whole script, in the order in which it is carried out."""

    script: str
    version: str
    title: Bilingual
    documents: tuple[Document, ...]
    steps: tuple[Step, ...]

    def step_of(self, id: str) -> Step | None:
        """The step of that id, or None."""
        return next((step for step in self.steps if step.id == id), None)

    def document_of(self, id: str) -> Document | None:
        """The document of that id, or None."""
        return next((document for document in self.documents if document.id == id), None)

    @property
    def facts(self) -> frozenset[str]:
        """Dotted names of the facts that its texts hold."""
        texts = [text for step in self.steps for text in _texts_of(step)]
        return frozenset(name for text in texts for name in _PLACE.findall(text))


def script_bytes(script: Script) -> bytes:
    """The canonical document; raises InvalidError when it would not parse back."""
    content = canonical_bytes(
        {
            "format": FORMAT,
            "script": script.script,
            "version": script.version,
            "title": dict(script.title),
            "documents": [
                {"id": each.id, "title": dict(each.title), "min_show_ms": each.min_show_ms} for each in script.documents
            ],
            "steps": [_step_fields(step) for step in script.steps],
        }
    )
    parse_script(content)
    return content


def parse_script(content: bytes) -> Script:
    """The script that `content` is; raises InvalidError, naming the step, for anything but a well-formed version 1 script.

    Guarantees: ids are unique, every document that a step shows is in the script, texts are in both languages and within bounds, and
    braces in texts hold names of facts only.
    """
    fields = parse_canonical(content, bytes_max=SCRIPT_BYTES_MAX)
    _check_keys(fields, {"format", "script", "version", "title", "documents", "steps"}, "a script")
    if fields["format"] != FORMAT:
        raise InvalidError("not a version 1 script")
    documents = tuple(_document(entry) for entry in _list(fields["documents"], "documents"))
    steps = tuple(_step(entry) for entry in _list(fields["steps"], "steps", SCRIPT_STEPS_MAX))
    script = Script(
        _matched(fields["script"], _SCRIPT, "script"),
        _matched(fields["version"], _VERSION, "version"),
        _bilingual(fields["title"], "title"),
        documents,
        steps,
    )
    _check_whole(script)
    return script


def fill(text: Bilingual, wording: Callable[[str, str], str]) -> dict[str, str]:
    """`text` with each `{fact}` replaced by `wording(fact, language)`."""

    def filled(lang: str) -> str:
        return _PLACE.sub(lambda found: wording(found[1], lang), text[lang])

    return {lang: filled(lang) for lang in text}


def _texts_of(step: Step) -> list[str]:
    bilingual = [sentence.text for sentence in step.say] + [step.title, step.prompt]
    for question in step.answers:
        bilingual += [question.question, *(option.label for option in question.options)]
    return [text for texts in bilingual for text in texts.values()]


def _step_fields(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "title": dict(step.title),
        "kind": step.kind,
        "speaker": step.speaker,
        "say": [{"text": dict(each.text), "when": each.when} for each in step.say],
        "prompt": dict(step.prompt),
        "min_read_ms": step.min_read_ms,
        "documents": list(step.documents),
        "answers": [
            {
                "id": question.id,
                "question": dict(question.question),
                "by": question.by,
                "options": [{"id": each.id, "label": dict(each.label), "effect": each.effect} for each in question.options],
            }
            for question in step.answers
        ],
        "consents": list(step.consents),
        "attests": list(step.attests),
        "covers": list(step.covers),
        "when": step.when,
    }


def _step(entry: Any) -> Step:
    _check_keys(entry, set(Step.__dataclass_fields__), "a step of the script")
    step_id = _matched(entry["id"], _ID, "id of a step")
    if entry["kind"] not in STEP_KINDS:
        raise InvalidError(f"the step {step_id} must be of one of the kinds {', '.join(STEP_KINDS)}")
    return Step(
        id=step_id,
        title=_bilingual(entry["title"], step_id),
        kind=entry["kind"],
        speaker=_matched(entry["speaker"], _ID, f"speaker of {step_id}"),
        say=tuple(_sentence(each, step_id) for each in _list(entry["say"], f"say of {step_id}")),
        prompt=_bilingual(entry["prompt"], step_id, may_be_empty=True),
        min_read_ms=_duration(entry["min_read_ms"], step_id),
        documents=_codes(entry["documents"], _ID, f"documents of {step_id}"),
        answers=tuple(_question(each, step_id) for each in _list(entry["answers"], f"answers of {step_id}")),
        consents=_codes(entry["consents"], _ID, f"consents of {step_id}"),
        attests=_codes(entry["attests"], _CLAUSE, f"attests of {step_id}"),
        covers=_codes(entry["covers"], _ID, f"covers of {step_id}"),
        when=_condition(entry["when"], step_id),
    )


def _sentence(entry: Any, where: str) -> Sentence:
    _check_keys(entry, {"text", "when"}, f"a sentence of {where}")
    return Sentence(_bilingual(entry["text"], where), _condition(entry["when"], where))


def _question(entry: Any, where: str) -> Question:
    _check_keys(entry, {"id", "question", "by", "options"}, f"a question of {where}")
    options = tuple(_option(each, where) for each in _list(entry["options"], f"options of {where}"))
    if not any(option.effect == "go_on" for option in options) or _has_twins(option.id for option in options):
        raise InvalidError(f"a question of {where} needs an answer that lets the talk go on, and each answer once")
    return Question(
        _matched(entry["id"], _ID, f"question of {where}"),
        _bilingual(entry["question"], where),
        _matched(entry["by"], _ID, f"seat that answers in {where}"),
        options,
    )


def _option(entry: Any, where: str) -> Option:
    _check_keys(entry, {"id", "label", "effect"}, f"an answer of {where}")
    if entry["effect"] not in EFFECTS:
        raise InvalidError(f"an answer of {where} must have one of the effects {', '.join(EFFECTS)}")
    return Option(_matched(entry["id"], _ID, f"answer of {where}"), _bilingual(entry["label"], where), entry["effect"])


def _document(entry: Any) -> Document:
    _check_keys(entry, {"id", "title", "min_show_ms"}, "a document of the script")
    document = _matched(entry["id"], _ID, "id of a document")
    return Document(document, _bilingual(entry["title"], document), _duration(entry["min_show_ms"], document))


def _check_whole(script: Script) -> None:
    steps, documents = [step.id for step in script.steps], [document.id for document in script.documents]
    questions = [(step.id, question.id) for step in script.steps for question in step.answers]
    if not steps or _has_twins(steps) or _has_twins(documents) or _has_twins(questions):
        raise InvalidError("a script has steps, and names each step, document and question once")
    for step in script.steps:
        for document in step.documents:
            if script.document_of(document) is None:
                raise InvalidError(f"the step {step.id} shows a document that the script does not have")
    for name in script.facts:
        if not _FACT.fullmatch(name):
            raise InvalidError("braces in a script's texts hold the name of a fact such as {product.insurer}")


def _check_keys(entry: Any, keys: set[str], what: str) -> None:
    if not isinstance(entry, dict) or set(entry) != keys:
        raise InvalidError(f"{what} has missing or unknown fields; it has exactly: {', '.join(sorted(keys))}")


def _list(entry: Any, what: str, entries_max: int = _LIST_MAX) -> list[Any]:
    if not isinstance(entry, list) or len(entry) > entries_max:
        raise InvalidError(f"{what} must be a list of at most {entries_max} entries")
    return entry


def _codes(entry: Any, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    codes = tuple(_matched(each, form, what) for each in _list(entry, what))
    if _has_twins(codes):
        raise InvalidError(f"the {what} name something twice")
    return codes


def _matched(entry: Any, form: re.Pattern[str], what: str) -> str:
    if not isinstance(entry, str) or not form.fullmatch(entry):
        raise InvalidError(f"the {what} is malformed in the script")
    return entry


def _duration(entry: Any, where: str) -> int:
    if not isinstance(entry, int) or isinstance(entry, bool) or not 0 <= entry <= _DURATION_MS_MAX:
        raise InvalidError(f"times of {where} are whole milliseconds, at most an hour")
    return entry


def _bilingual(entry: Any, where: str, *, may_be_empty: bool = False) -> dict[str, str]:
    if not isinstance(entry, dict) or set(entry) != {"zh", "en"}:
        raise InvalidError(f"a text of {where} must be there in zh and en")
    for text in entry.values():
        if not isinstance(text, str) or len(text) > SCRIPT_TEXT_MAX or not (text.strip() or may_be_empty):
            raise InvalidError(f"a text of {where} must have 1 to {SCRIPT_TEXT_MAX} characters")
    return dict(entry)


def _condition(entry: Any, where: str) -> dict[str, Any] | None:
    if entry is not None and not isinstance(entry, dict):
        raise InvalidError(f"`when` of {where} must be a condition or null")
    return entry


def _has_twins(names: Any) -> bool:
    found = list(names)
    return len(set(found)) != len(found)
