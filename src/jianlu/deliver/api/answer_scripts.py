"""What answers hold of drafts of scripts, of what changed between two versions, and of who did what.

As in `answers.py`: descriptions that the API's contract suite holds answers to.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from jianlu.deliver.api.answer_checks import Answer, Words
from jianlu.deliver.api.answers import ScriptEntry, ScriptVersion


class ScriptClause(Answer):
    """A clause of a rule pack, `key` as `pack:clause`."""

    key: str
    citation: str
    title: Words


class ScriptProblem(Answer):
    """What is wrong with a draft: `at` is its place in the document, as `steps/3/say/0/text/zh`."""

    code: str
    at: str
    text: Words


class ScriptLack(Answer):
    """What a talk would miss that follows the script; `is_refused` when it keeps the script from being proposed."""

    code: str
    clause: ScriptClause
    step: str
    text: Words
    is_refused: bool


class ScriptDemand(Answer):
    """What the rules demand under one name that steps may cover: the wordings that are read out, and the clauses."""

    id: str
    says: list[str]
    clauses: list[ScriptClause]


class ScriptChoice(Answer):
    """Something to choose, with its label."""

    id: str
    label: Words


class ScriptCondition(Answer):
    """A condition that the script uses, in words."""

    when: dict[str, Any]
    text: dict[str, str]


class ScriptChoices(Answer):
    """What an editor may choose from."""

    kinds: list[ScriptChoice]
    seats: list[ScriptChoice]
    consents: list[ScriptChoice]
    effects: list[ScriptChoice]
    facts: list[ScriptChoice]
    conditions: list[ScriptCondition]
    demands: list[ScriptDemand]
    attested: list[ScriptClause]


class ChangedField(Answer):
    """A field that differs, word by word in each language: parts are `same`, `added` or `removed`, and their text."""

    field: str
    label: Words
    parts: dict[str, list[list[str]]]


class ChangedStep(Answer):
    """A step and what became of it: `same`, `added`, `removed` or `changed`."""

    id: str
    no: int
    title: Words
    kind: str
    fields: list[ChangedField]


class ScriptChanges(Answer):
    """What differs between two texts of a script."""

    head: list[ChangedField]
    steps: list[ChangedStep]
    counts: dict[str, int]


class ScriptDraft(Answer):
    """A draft; `revision` 0 is the newest version as nobody has changed it yet. `rehearsed`: in how many kinds of case it was tried."""

    script: str
    revision: int
    based_on: str
    saved_by: str
    saved_by_name: str
    saved_at: str
    content: dict[str, Any]
    problems: list[ScriptProblem]
    lacks: list[ScriptLack]
    rehearsed: int
    next_version: str
    choices: ScriptChoices
    changes: ScriptChanges


class VersionChanges(Answer):
    """A version as text for readers, and what differs from another one (null for the first of all)."""

    version: str
    against: str
    reading: dict[str, Any]
    changes: ScriptChanges | None
    lacks: list[ScriptLack]
    rehearsed: int
    demands: list[ScriptDemand]
    attested: list[ScriptClause]


class ScriptAct(Answer):
    """Who did what to which version; the ledger keeps it too."""

    act: str
    version: str
    digest: str
    account: str
    name: str
    at: str
    reason: str


class ScriptActs(Answer):
    """Every act on a script, the newest first."""

    acts: list[ScriptAct]


_AT = "/api/v1/scripts/{script}"
SCRIPT_ANSWERS: dict[str, type[BaseModel]] = {
    f"GET {_AT}/draft": ScriptDraft,
    f"PUT {_AT}/draft": ScriptDraft,
    f"POST {_AT}/draft/discard": ScriptEntry,
    f"POST {_AT}/draft/propose": ScriptVersion,
    f"GET {_AT}/versions/{{version}}/changes": VersionChanges,
    f"GET {_AT}/acts": ScriptActs,
}
