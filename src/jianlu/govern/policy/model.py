"""The nouns of rule packs and cases: pack, clause, dated value, wording, conflict, and what is known of a case.

Frozen dataclasses only. Reading them from files is `load_packs.py` and `case_file.py`; turning them into a plan is `freeze.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jianlu.core.formats.plan import Track
from jianlu.govern.policy.conditions import Condition

FactValue = str | int | bool | tuple[str, ...]
"""What a fact may be: a code or text, a whole number, a yes or no, several codes or texts."""

STAGES = (
    "opening",
    "consent",
    "identity",
    "documents",
    "explanation",
    "understanding",
    "signing",
    "confirmation",
    "closing",
    "throughout",
)
"""The stages of a conversation, in the order in which a plan lists its steps."""

PARTS = ("recording", "transcript", "findings", "biometric", "consent", "ledger")
"""The parts of a case that are kept for terms of their own."""

ROLES = ("agent", "customer", "interpreter", "guardian", "witness", "reviewer")
"""Who speaks on an audio track of their own, or attests. In a hospital the agent is the physician, the customer the patient."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What decides which rules apply: the day, facts by dotted name, tracks, and the trigger dates known so far.

    Facts hold no names and no numbers of persons or documents; `case_file.py` refuses what looks like one.
    """

    on: date
    facts: Mapping[str, FactValue]
    tracks: tuple[Track, ...]
    dates: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's statement that something was done in [from_ms, to_ms) that no engine can see (`clause` is `pack:clause`)."""

    clause: str
    by: str
    from_ms: int
    to_ms: int
    statement: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case file: the tenant's own number and title of the case stay outside the facts, and so outside the plan."""

    id: str
    tenant: str
    title: str
    facts: CaseFacts
    attestations: tuple[Attestation, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """An amount that holds from `start` until the day before `end` (None: until further notice)."""

    start: date
    end: date | None
    amount: int


@dataclass(frozen=True, slots=True)
class Value:
    """A number of a rule, dated. `clause` states it, or it is technical: ours, not the law's, and `reason` says why this number."""

    id: str
    unit: str
    clause: str
    reason: Mapping[str, str]
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a variant: literal text, a fact with one of several units after it, or the item of an `each` phrase."""

    text: str = ""
    fact: str = ""
    units: tuple[str, ...] = ("",)
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A phrase in one language: variants as lists of parts. `each` repeats it for every item of a list fact."""

    id: str
    lang: str
    variants: tuple[tuple[Part, ...], ...]
    unless: tuple[str, ...]
    threshold: int
    each: str


@dataclass(frozen=True, slots=True)
class Demand:
    """An obligation as the pack states it: `fields` are checked against the form of `kind`, values and phrases unresolved."""

    kind: str
    stage: str
    when: Condition | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a regulation. `effective_mark` says how sure the dates are, `mark` how sure the demand is (V, S, K, U)."""

    id: str
    citation: str
    title: Mapping[str, str]
    source: str
    effective_from: date
    effective_to: date | None
    effective_mark: str
    confidence: str
    mark: str
    status: str
    note: Mapping[str, str]
    when: Condition | None
    demands: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class ConflictRule:
    """Two or more clauses (`pack:clause`) that pull apart when all of them apply, and what the plan does about it."""

    code: str
    clauses: tuple[str, ...]
    text: Mapping[str, str]
    resolution: Mapping[str, str]
    when: Condition | None


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """Cases of which every one is reviewed; `mark` says how sure that demand is (V, S, K, U), `note` what the reader must know."""

    id: str
    title: Mapping[str, str]
    mark: str
    note: Mapping[str, str]
    when: Condition


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """How many of the concluded cases people must review, which of them all, and until when: `clause` demands it.

    `days_fact` states the days for a case ("": none does), `unstated_days` (a value) where the case does not. Of what is drawn,
    `second_permille` are reviewed by two people who do not see each other's answers; an agent may appeal within `appeal_days`, and a talk
    that is to be done again is within `redo_days`. All but the fact name values.
    """

    id: str
    clause: str
    title: Mapping[str, str]
    when: Condition
    share_permille: str
    days_fact: str
    unstated_days: str
    second_permille: str
    appeal_days: str
    redo_days: str
    groups: tuple[ReviewGroup, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """One regulation as data; `digest` is SHA-256 over the sorted paths and digests of its files (`specs/packs.md`)."""

    id: str
    version: str
    digest: str
    title: Mapping[str, str]
    authority: Mapping[str, str]
    jurisdiction: str
    source: str
    applies: Condition
    conditions: Mapping[str, Condition]
    values: Mapping[str, Value]
    wordings: Mapping[tuple[str, str], Wording]
    clauses: tuple[Clause, ...]
    conflicts: tuple[ConflictRule, ...]
    reviews: tuple[ReviewRule, ...] = ()
