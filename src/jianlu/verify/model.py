"""What a verification returns: problems with their places, clause verdicts, and whether the package is intact and complete.

`specs/package.md` 5 is its JSON form. Frozen values only; the wording for people is in `render.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jianlu.core.terms.instants import instant_text
from jianlu.core.terms.verdicts import ClauseVerdict, Verdict

EXIT_COMPLETE = 0
EXIT_INCOMPLETE = 10
EXIT_NOT_INTACT = 90


@dataclass(frozen=True, slots=True)
class Where:
    """Place of a problem; None where it has none. `segment` counts from 1, times are session milliseconds."""

    segment: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a code of `problems.Code`, its place, the clause it offends ("pack:clause" or None), a short detail."""

    what: str
    where: Where
    clause: str | None
    breaks_integrity: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose word the package is: key names, and whether the caller's trust file lists them (False: they are self-declared)."""

    ledger: str
    package: str
    is_trusted: bool
    saved_checkpoint: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that was declared as not recorded: why, and on whose side (a track, "source" for all of them, or "recorder")."""

    from_ms: int
    to_ms: int
    reason: str
    side: str


@dataclass(frozen=True, slots=True)
class Stamped:
    """A time stamp: the authority, its time, of how many ledger entries, whether these include the whole case.

    `is_checked` when its signature leads to a root of the trust file; else it only agrees with itself.
    """

    authority: str
    at: datetime
    size: int
    covers_case: bool
    is_checked: bool

    @property
    def command(self) -> str:
        """How somebody else's program checks it, in the unpacked package, with the authority's certificates in NAME.pem."""
        place = f"ledger/anchors/{self.size}"
        return (
            f"openssl ts -verify -in {place}/{self.authority}.tst -token_in -data {place}/checkpoint "
            f"-CAfile {self.authority}.pem -attime {int(self.at.timestamp())}"
        )

    def as_document(self) -> dict[str, Any]:
        """The stamp as JSON values."""
        return {
            "authority": self.authority,
            "at": instant_text(self.at),
            "size": self.size,
            "covers_case": self.covers_case,
            "checked": self.is_checked,
            "command": self.command,
        }


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature of a witness of the trust file: when it says that it saw so many entries, and whether these include the whole case."""

    witness: str
    at: datetime
    size: int
    covers_case: bool


@dataclass(frozen=True, slots=True)
class SecondSignature:
    """A further signature line under the signer's own name: `is_checked` when it is by an SM2 key of the trust file; else only claimed."""

    name: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The whole answer. `clauses` are not evidenced throughout when the package is not intact.

    For people: `titles` by clause key and language, `names` what a phrase or step of the plan says, by its id. `members` are those that the
    platform named at any time of a call that it recorded as end-to-end encrypted, with the beginning of their keys' SHA-256: its own word,
    which no check here supports, and none when the package is not intact. `stamps` and `cosignatures` are those that hold; without any,
    time and witnesses are not evidenced. `resealed` counts how often an object was sealed anew, each proved by the ledger; `withheld` the
    biometric templates that the events name and no package carries.
    """

    problems: tuple[Problem, ...]
    clauses: tuple[ClauseVerdict, ...]
    tenant: str = ""
    case: str = ""
    duration_ms: int | None = None
    signer: Signer | None = None
    titles: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    members: tuple[tuple[str, str], ...] = ()
    stamps: tuple[Stamped, ...] = ()
    cosignatures: tuple[Cosigned, ...] = ()
    witnesses_required: int = 0
    second_signatures: tuple[SecondSignature, ...] = ()
    resealed: int = 0
    withheld: int = 0

    @property
    def is_intact(self) -> bool:
        """Nothing was altered, dropped, added or reordered, and every verdict follows from the evidence."""
        return bool(self.case) and not any(problem.breaks_integrity for problem in self.problems)

    @property
    def is_complete(self) -> bool:
        """Intact, and every clause that is judged is met."""
        return self.is_intact and not self.problems and all(clause.verdict is Verdict.MET for clause in self.clauses)

    @property
    def exit_code(self) -> int:
        """0 intact and complete, 10 intact and not complete, 90 not intact."""
        if not self.is_intact:
            return EXIT_NOT_INTACT
        return EXIT_COMPLETE if self.is_complete else EXIT_INCOMPLETE

    def as_document(self) -> dict[str, Any]:
        """The result as JSON values: the contract of `verify --json`."""
        signer = self.signer
        return {
            "intact": self.is_intact,
            "complete": self.is_complete,
            "tenant": self.tenant,
            "case": self.case,
            "duration_ms": self.duration_ms,
            "problems": [_problem_fields(problem) for problem in self.problems],
            "clauses": [_clause_fields(clause) for clause in self.clauses],
            "gaps": [{"from_ms": gap.from_ms, "to_ms": gap.to_ms, "reason": gap.reason, "side": gap.side} for gap in self.gaps],
            "members": [list(member) for member in self.members],
            "stamps": [stamp.as_document() for stamp in self.stamps],
            "second_signatures": [{"name": each.name, "checked": each.is_checked} for each in self.second_signatures],
            "cosignatures": [
                {"witness": each.witness, "at": instant_text(each.at), "size": each.size, "covers_case": each.covers_case}
                for each in self.cosignatures
            ],
            "witnesses_required": self.witnesses_required,
            "resealed": self.resealed,
            "withheld": self.withheld,
            "signer": signer
            and {
                "ledger": signer.ledger,
                "package": signer.package,
                "trusted": signer.is_trusted,
                "saved_checkpoint": signer.saved_checkpoint,
            },
        }


def _problem_fields(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "what": problem.what,
        "where": {"segment": where.segment, "from_ms": where.from_ms, "to_ms": where.to_ms, "path": where.path},
        "clause": problem.clause,
        "detail": problem.detail,
    }


def _clause_fields(clause: ClauseVerdict) -> dict[str, Any]:
    return {
        "pack": clause.pack,
        "clause": clause.clause,
        "verdict": clause.verdict.value,
        "basis": clause.basis.value,
        "confidence": clause.confidence,
        "mark": clause.mark,
        "evidence": [{"track": e.track, "from_ms": e.from_ms, "to_ms": e.to_ms} for e in clause.evidence],
        "reasons": [
            {"code": r.code, "track": r.track, "from_ms": r.from_ms, "to_ms": r.to_ms, "about": r.about} for r in clause.reasons
        ],
    }
