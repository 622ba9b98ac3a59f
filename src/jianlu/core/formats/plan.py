"""The plan: `specs/plan.md`, `jianlu/plan/v1`. What must happen in one case, each demand with the clause behind it.

A plan is frozen before the first second is recorded; its commitment is the case's first ledger event. It carries all that
the pure rules need (phrases as tokens, word lists, thresholds), so that a stranger recomputes verdicts from it alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, listed, parse_canonical, plain_fields
from jianlu.core.terms.handling import CLASSES, KEYS, LEVEL_MAX, LEVEL_MIN, OBJECTS, UNCLASSIFIED
from jianlu.core.terms.places import AREA

FORMAT = "jianlu/plan/v1"

KINDS = (
    "require_step",
    "require_consent",
    "forbid_phrase",
    "require_presence",
    "require_picture",
    "require_sound",
    "require_sync",
    "require_continuity",
    "require_attestation",
    "retain_for",
    "handle_as",
)
"""Obligation kinds, in the order in which a report lists them; params of each in `specs/plan.md`."""


@dataclass(frozen=True, slots=True)
class Track:
    """A track of the session: id ("picture", "agent", "customer", ...), kind ("video" or "audio"), stream index among its kind."""

    id: str
    kind: str
    stream: int


@dataclass(frozen=True, slots=True)
class PlanPack:
    """A rule pack that applies: id, version, digest of its files, titles by language."""

    id: str
    version: str
    digest: str
    title: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class PlanClause:
    """A clause that applies. `status`: automated, attested or out_of_scope; `note` says why (by language) when out of scope."""

    pack: str
    clause: str
    citation: str
    title: Mapping[str, str]
    source: str
    effective_from: str
    effective_to: str
    confidence: str
    mark: str
    status: str
    note: Mapping[str, str]

    @property
    def key(self) -> str:
        """`pack:clause`, the clause's name across packs."""
        return f"{self.pack}:{self.clause}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words to listen for: variants as token lists, similarity threshold in thousandths, contexts that do not count."""

    id: str
    lang: str
    says: str
    variants: tuple[tuple[str, ...], ...]
    threshold: int
    unless: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Language:
    """How one language denies, agrees and asks, as data (token lists), and which syllables sound alike."""

    lang: str
    negations: tuple[tuple[str, ...], ...]
    negation_window: int
    neutral: tuple[tuple[str, ...], ...]
    affirmations: tuple[tuple[str, ...], ...]
    refusals: tuple[tuple[str, ...], ...]
    question_tails: tuple[tuple[str, ...], ...]
    near: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Obligation:
    """One demand: id unique in the plan, the clause that makes it, kind and parameters (integers, texts, lists)."""

    id: str
    pack: str
    clause: str
    kind: str
    params: Mapping[str, Any]

    @property
    def clause_key(self) -> str:
        """`pack:clause`."""
        return f"{self.pack}:{self.clause}"


@dataclass(frozen=True, slots=True)
class RetentionTerm:
    """A rule's answer for one part: until `trigger` plus `years`/`months`; `until` is a date, or "open" while the trigger is unknown."""

    clause: str
    trigger: str
    years: int
    months: int
    until: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long one part is kept: the latest of its terms wins and is named; all are shown."""

    part: str
    until: str
    clause: str
    terms: tuple[RetentionTerm, ...]


@dataclass(frozen=True, slots=True)
class HandlingTerm:
    """A clause's answer for one kind of object; `category` and `key` empty, `level` 0 and `places` () where it states none."""

    clause: str
    category: str
    level: int
    places: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Handling:
    """How one kind of object is handled: the strictest of its terms, all of which are shown.

    `clause` states the level (`default` where none does), `places` are the areas in which it may be kept (() for anywhere).
    """

    object: str
    category: str
    level: int
    clause: str
    places: tuple[str, ...]
    key: str
    terms: tuple[HandlingTerm, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two clauses that pull apart, and what the plan does about it (texts by language)."""

    code: str
    clauses: tuple[str, ...]
    text: Mapping[str, str]
    resolution: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan; `facts` are the case facts that decided it (no names, no numbers of documents).

    A plan without `handling` is written as before there was any, so that older plans keep their bytes.
    """

    facts: Mapping[str, Any]
    tracks: tuple[Track, ...]
    packs: tuple[PlanPack, ...]
    clauses: tuple[PlanClause, ...]
    phrases: tuple[Phrase, ...]
    languages: tuple[Language, ...]
    obligations: tuple[Obligation, ...]
    retention: tuple[Retention, ...]
    conflicts: tuple[Conflict, ...]
    handling: tuple[Handling, ...] = ()

    def clause_of(self, key: str) -> PlanClause:
        """The clause named `pack:clause`; raises InvalidError when the plan has none."""
        for clause in self.clauses:
            if clause.key == key:
                return clause
        raise InvalidError(f"the plan has no clause {key}")


def plan_bytes(plan: Plan) -> bytes:
    """The canonical document; raises InvalidError when it would not parse back to `plan`."""
    content = _written(plan)
    parse_plan(content)
    return content


def settled_plan(plan: Plan) -> Plan:
    """The plan that its own document says; raises InvalidError when no document can say it."""
    return parse_plan(_written(plan))


def _written(plan: Plan) -> bytes:
    fields = plain_fields(plan)
    if not plan.handling:
        del fields["handling"]
    return canonical_bytes({"format": FORMAT, **fields})


def parse_plan(content: bytes) -> Plan:
    """The plan that `content` is; raises InvalidError for anything but a well-formed version 1 plan.

    Guarantees: ids are unique, every obligation names a clause of the plan and a known kind, all fields have their types.
    """
    fields = parse_canonical(content)
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT or fields.get("handling") == []:
        raise InvalidError("not a version 1 plan")
    if set(fields) | {"handling"} != set(Plan.__dataclass_fields__):
        raise InvalidError("not a version 1 plan")
    try:
        plan = Plan(
            facts=_mapping(fields["facts"]),
            tracks=tuple(_made(Track, entry) for entry in listed(fields["tracks"])),
            packs=tuple(_made(PlanPack, entry) for entry in listed(fields["packs"])),
            clauses=tuple(_made(PlanClause, entry) for entry in listed(fields["clauses"])),
            phrases=tuple(_phrase(entry) for entry in listed(fields["phrases"])),
            languages=tuple(_language(entry) for entry in listed(fields["languages"])),
            obligations=tuple(_made(Obligation, entry) for entry in listed(fields["obligations"])),
            retention=tuple(_retention(entry) for entry in listed(fields["retention"])),
            conflicts=tuple(_conflict(entry) for entry in listed(fields["conflicts"])),
            handling=tuple(_handling(entry) for entry in listed(fields.get("handling", []))),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError("a plan lacks a field or has one of the wrong form") from error
    _check(plan)
    return plan


_Made = TypeVar("_Made")
_FORMS: dict[str, Any] = {"str": str, "int": int, "Mapping[str, str]": dict, "Mapping[str, Any]": dict}


def _made(kind: type[_Made], entry: Any) -> _Made:
    """`kind` with the fields of `entry`, each checked against its annotation (tuples were made by the caller)."""
    fields = kind.__dataclass_fields__  # type: ignore[attr-defined]
    if not isinstance(entry, dict) or set(entry) != set(fields):
        raise InvalidError(f"a {kind.__name__} of the plan has missing or unknown fields")
    for name, value in entry.items():
        form = _FORMS.get(fields[name].type, tuple)
        if not isinstance(value, form) or isinstance(value, bool):
            raise InvalidError(f"the field {name} of a {kind.__name__} has the wrong type")
        if fields[name].type == "Mapping[str, str]" and not all(isinstance(text, str) for text in value.values()):
            raise InvalidError(f"the texts of {name} in a {kind.__name__} must be texts")
    return kind(**entry)


def _phrase(entry: dict[str, Any]) -> Phrase:
    return _made(Phrase, {**entry, "variants": _tokens(entry["variants"]), "unless": _tokens(entry["unless"])})


def _language(entry: dict[str, Any]) -> Language:
    lists = ("negations", "neutral", "affirmations", "refusals", "question_tails")
    near = _tokens(entry["near"])
    if any(len(pair) != 2 for pair in near):
        raise InvalidError("sounds that a language exchanges come in pairs")
    return _made(Language, {**entry, **{name: _tokens(entry[name]) for name in lists}, "near": near})


def _retention(entry: dict[str, Any]) -> Retention:
    return _made(Retention, {**entry, "terms": tuple(_made(RetentionTerm, term) for term in listed(entry["terms"]))})


def _conflict(entry: dict[str, Any]) -> Conflict:
    (clauses,) = _tokens([entry["clauses"]])
    return _made(Conflict, {**entry, "clauses": clauses})


def _handling(entry: dict[str, Any]) -> Handling:
    terms = tuple(_made(HandlingTerm, {**term, "places": _areas(term["places"])}) for term in listed(entry["terms"]))
    made = _made(Handling, {**entry, "terms": terms, "places": _areas(entry["places"])})
    if made.object not in OBJECTS or made.category not in (*CLASSES, UNCLASSIFIED) or made.key not in ("", *KEYS):
        raise InvalidError("the handling of an object has a code that this version does not know")
    if not LEVEL_MIN <= made.level <= LEVEL_MAX:
        raise InvalidError("the handling of an object has a level that there is not")
    return made


def _areas(areas: Any) -> tuple[str, ...]:
    if not isinstance(areas, list) or not all(isinstance(area, str) and AREA.fullmatch(area) for area in areas):
        raise InvalidError("places must be a list of codes")
    return tuple(areas)


def _tokens(lists: Any) -> tuple[tuple[str, ...], ...]:
    found = tuple(tuple(listed(tokens)) for tokens in listed(lists))
    if not all(isinstance(token, str) and token for tokens in found for token in tokens):
        raise InvalidError("tokens must be non-empty texts")
    return found


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidError("an object is expected")
    return value


def _check(plan: Plan) -> None:
    clauses = {clause.key for clause in plan.clauses}
    if len({each.object for each in plan.handling}) != len(plan.handling):
        raise InvalidError("a plan says twice how one kind of object is handled")
    if not {term.clause for each in plan.handling for term in each.terms} <= clauses:
        raise InvalidError("the handling of an object names a clause that the plan does not have")
    obligation_ids = [obligation.id for obligation in plan.obligations]
    phrase_ids = [phrase.id for phrase in plan.phrases]
    if (
        len(clauses) != len(plan.clauses)
        or len(set(obligation_ids)) != len(obligation_ids)
        or len(set(phrase_ids)) != len(phrase_ids)
    ):
        raise InvalidError("a plan names something twice")
    for obligation in plan.obligations:
        if obligation.kind not in KINDS or obligation.clause_key not in clauses or not isinstance(obligation.params, dict):
            raise InvalidError(f"the obligation {obligation.id} is of an unknown kind or has no clause in the plan")
