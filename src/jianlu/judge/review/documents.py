"""The sealed documents of reviews: roll, sample, review, appeal. Canonical JSON after `specs/review.md`.

Whoever reads one believes it no more than the ledger does: digests and commitments are the case log's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes, listed, parse_canonical
from jianlu.core.terms.verdicts import Verdict
from jianlu.judge.review.model import Appeal, Candidate, Cause, ClauseReview, Review, Roll, Sample, Stage, Tree

ROLL, SAMPLE = "jianlu/review-roll/v1", "jianlu/review-sample/v1"
REVIEW, APPEAL = "jianlu/review/v1", "jianlu/review-appeal/v1"
_T = TypeVar("_T")


def roll_bytes(roll: Roll) -> bytes:
    """The canonical document of a roll."""
    cases = [{"case": c.case, "closed": c.closed, "out": c.out, "groups": list(c.groups), "due_on": c.due_on} for c in roll.cases]
    names = ("plan", "pack_version", "pack_digest", "on", "no", "first", "end", "share_permille", "second_permille")
    return canonical_bytes({"format": ROLL, "cases": cases, **{name: getattr(roll, name) for name in names}})


def parse_roll(content: bytes) -> Roll:
    """The roll of a document; InvalidError for anything else."""

    def read(fields: dict[str, Any]) -> Roll:
        cases = tuple(Candidate(**{**each, "groups": tuple(listed(each["groups"]))}) for each in listed(fields.pop("cases")))
        return Roll(cases=cases, **fields)

    return _parsed(content, ROLL, read)


def sample_bytes(sample: Sample) -> bytes:
    """The canonical document of a sample."""
    lists = {name: list(getattr(sample, name)) for name in ("grouped", "drawn", "twice")}
    tree = {"origin": sample.tree.origin, "size": sample.tree.size, "root": sample.tree.root}
    return canonical_bytes({"format": SAMPLE, "plan": sample.plan, "no": sample.no, "roll": sample.roll_digest, **tree, **lists})


def parse_sample(content: bytes) -> Sample:
    """The sample of a document; InvalidError for anything else."""

    def read(fields: dict[str, Any]) -> Sample:
        grouped, drawn, twice = (tuple(listed(fields.pop(name))) for name in ("grouped", "drawn", "twice"))
        tree = Tree(fields.pop("origin"), fields.pop("size"), fields.pop("root"))
        return Sample(tree=tree, roll_digest=fields.pop("roll"), grouped=grouped, drawn=drawn, twice=twice, **fields)

    return _parsed(content, SAMPLE, read)


def review_bytes(review: Review) -> bytes:
    """The canonical document of a review."""
    return canonical_bytes({"format": REVIEW, **review_fields(review)})


def review_fields(review: Review) -> dict[str, Any]:
    """The review as JSON values, without its format."""
    clauses = [
        {
            "clause": each.clause,
            "machine": each.machine.value,
            "verdict": each.verdict.value,
            "reason": each.reason,
            "from_ms": each.from_ms,
            "to_ms": each.to_ms,
        }
        for each in review.clauses
    ]
    names = ("case", "plan", "reviewer", "at", "judged", "redo")
    plain = {name: getattr(review, name) for name in names}
    return {**plain, "stage": review.stage.value, "cause": review.cause.value, "clauses": clauses}


def parse_review(content: bytes) -> Review:
    """The review of a document; InvalidError for anything else."""

    def read(fields: dict[str, Any]) -> Review:
        clauses = tuple(
            ClauseReview(**{**each, "machine": Verdict(each["machine"]), "verdict": Verdict(each["verdict"])})
            for each in listed(fields.pop("clauses"))
        )
        return Review(stage=Stage(fields.pop("stage")), cause=Cause(fields.pop("cause")), clauses=clauses, **fields)

    return _parsed(content, REVIEW, read)


def appeal_bytes(appeal: Appeal) -> bytes:
    """The canonical document of an appeal."""
    return canonical_bytes({"format": APPEAL, **appeal_fields(appeal)})


def appeal_fields(appeal: Appeal) -> dict[str, Any]:
    """The appeal as JSON values, without its format."""
    return {
        "case": appeal.case,
        "by": appeal.by,
        "at": appeal.at,
        "clauses": list(appeal.clauses),
        "reason": appeal.reason,
    }


def parse_appeal(content: bytes) -> Appeal:
    """The appeal of a document; InvalidError for anything else."""
    return _parsed(content, APPEAL, lambda fields: Appeal(clauses=tuple(listed(fields.pop("clauses"))), **fields))


def _parsed(content: bytes, format: str, read: Callable[[dict[str, Any]], _T]) -> _T:
    """What `read` makes of the document, each field of the type that it says; a text in the place of a list could be walked, too."""
    fields = parse_canonical(content)
    if not isinstance(fields, Mapping) or fields.get("format") != format:
        raise InvalidError(f"not a document of the format {format}")
    try:
        made = read({name: value for name, value in fields.items() if name != "format"})
        _check_types(made)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidError(f"a document of the format {format} lacks a field or has one of the wrong form") from error
    return made


def _check_types(made: Any) -> None:
    for name, field in made.__dataclass_fields__.items():
        value = getattr(made, name)
        if not isinstance(value, _KINDS.get(field.type, object)) or isinstance(value, bool):
            raise InvalidError(f"`{name}` of a document of a review has another type")
        for each in value if isinstance(value, tuple) else (value,):
            if hasattr(each, "__dataclass_fields__"):
                _check_types(each)
            elif field.type == "tuple[str, ...]" and not isinstance(each, str):
                raise InvalidError(f"`{name}` of a document of a review has another type")


_KINDS: dict[str, Any] = {"str": str, "int": int, "int | None": (int, type(None))}
