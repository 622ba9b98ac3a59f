"""One question about a home and what was found now; what all of them are given to look with.

Four answers, so that what nobody showed is neither a pass nor a failure (`specs/assessment.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from jianlu.core.terms.ids import TenantId
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.runtime.settings import Settings
from jianlu.verify.trust import Trust
from jianlu.wiring import Workbench

Figure = int | str


class Answer(StrEnum):
    """`measured` is a figure that nobody promised anything about; `not_evidenced` was not shown, which is not the same as wrong."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_EVIDENCED = "not_evidenced"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Found:
    """What a look came to: the answer, the figures behind it, and for what was not met or shown the reason in one sentence."""

    answer: Answer
    figures: Mapping[str, Figure] = field(default_factory=dict)
    reason: str = ""


def met_if(is_so: bool, reason: str, **figures: Figure) -> Found:  # reads as a sentence
    """Met, or not met for `reason`."""
    return Found(Answer.MET, figures) if is_so else Found(Answer.NOT_MET, figures, reason)


def not_evidenced(reason: str, **figures: Figure) -> Found:
    """Neither shown nor refuted."""
    return Found(Answer.NOT_EVIDENCED, figures, reason)


@dataclass(frozen=True, slots=True)
class Examined:
    """A home that is looked at, open beside its service; `check_keeper` raises unless the root key's keeper answers and is the same."""

    path: Path
    settings: Settings
    tenant: TenantId
    bench: Workbench
    identity: IdentityPorts
    check_keeper: Callable[[], None]
    trust: Trust


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, under a name that stays, in both languages; `look` raises one of our errors when it cannot see."""

    name: str
    zh: str
    en: str
    look: Callable[[Examined], Found]

    @property
    def area(self) -> str:
        """security, compliance or performance: the first part of the name."""
        return self.name.partition(".")[0]
