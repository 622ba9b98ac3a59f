"""A stated day, sealed with `custody:trigger:stated`: `specs/custody.md`, `jianlu/trigger-statement/v1`.

Who says on what evidence that a term of a case began on a day; written by the vault, and read again by a verifier of certificates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.event import Event

FORMAT = "jianlu/trigger-statement/v1"


@dataclass(frozen=True, slots=True)
class Statement:
    """`evidence` names the document that shows the day and `evidence_digest` is its SHA-256; `replaces` is the day stated before, or empty.

    `statement` is the id of what two people saw, `by` and `second` their accounts, `request` the approved request.
    """

    case: str
    statement: str
    trigger: str
    day: str
    replaces: str
    evidence: str
    evidence_digest: str
    reason: str
    by: str
    second: str
    request: str
    at: str


def statement_bytes(statement: Statement) -> bytes:
    """The canonical document."""
    return canonical_bytes({"format": FORMAT, **asdict(statement)})


def statement_of(content: bytes, event: Event) -> Statement:
    """The document that was sealed with `event`; IntegrityError unless it says what the event says, by two people."""
    fields: Any = parse_canonical(content)
    names = set(Statement.__dataclass_fields__)
    if not isinstance(fields, dict) or fields.pop("format", "") != FORMAT or set(fields) != names:
        raise IntegrityError("what was sealed with a stated day is no statement of version 1")
    if not all(isinstance(value, str) for value in fields.values()):
        raise IntegrityError("a statement's fields have the wrong type")
    said = Statement(**fields)
    body = event.body
    if [said.case, said.statement, said.trigger, said.day] != [body.get(name) for name in ("of", "statement", "trigger", "day")]:
        raise IntegrityError("what was sealed with a stated day says another one")
    if not said.second or said.second == said.by:
        raise IntegrityError("one person stated a day and approved it")
    return said
