"""What an access decision is about and what it says: resource, standing of a person, decision, and the error of a denial.

Values only. Policies are read by `policies.py`, decisions made by `decide.py`, kept by whoever implements `ports.DecisionLog`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jianlu.core.errors import DeniedError, InvalidError
from jianlu.core.terms.ids import TenantId

Attribute = str | int | bool | tuple[str, ...]

LEVEL_MIN, LEVEL_MAX = 1, 5
"""Levels of personal and business information (JR/T 0197-2020, clause 6): 5 is what harms most."""

LEVEL_OF_STAFF = 4
"""What an account may see unless its standing says otherwise: all of daily business, nothing of level 5."""

LEVEL_OF_CASES = 3
"""Of a case unless its template says otherwise: a customer's own financial affairs."""

PURPOSES = frozenset(
    {
        "",
        "serving",
        "supervision",
        "review",
        "audit",
        "inspection",
        "disclosure",
        "training",
        "emergency",
        "research",
        "marketing",
    }
)
"""Why somebody looks; empty is the purpose that the role itself is there for."""

_ACTION = re.compile(r"[a-z]+\.[a-z_]+")
_KIND = re.compile(r"[a-z]+(?:_[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on. `kind` is a lower-case word that policies know as an entity type (`case` is `Case`, `api_key` is `ApiKey`)."""

    kind: str
    id: str
    tenant: TenantId
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def entity_type(self) -> str:
        """The kind as policies name it; InvalidError for what is no kind."""
        if not _KIND.fullmatch(self.kind):
            raise InvalidError("a kind of resource is lower-case words joined by underscores: correct the call")
        return "".join(part.capitalize() for part in self.kind.split("_"))


def tenant_wide(tenant: TenantId) -> Resource:
    """The tenant itself, for acts that concern no single thing: lists, making something, administration."""
    return Resource("tenant", tenant, tenant)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a role does not say of an account.

    The branch it works in ("" for all), the place (`CN-31`, "" for unknown), the level that it may see.
    """

    branch: str = ""
    place: str = ""
    level: int = LEVEL_OF_STAFF


@dataclass(frozen=True, slots=True)
class Rule:
    """What a policy says of itself: id, clauses (`cn-pipl:51`), and what to do when it denies, in Chinese and English."""

    id: str
    clauses: tuple[str, ...]
    next_step: Mapping[Literal["zh", "en"], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer: `policies` are the ids of those that decided, `clauses` what they rest on, `next_step` what to do after a denial."""

    is_allowed: bool
    policies: tuple[str, ...]
    clauses: tuple[str, ...]
    next_step: str
    next_step_zh: str = ""


class AccessDeniedError(DeniedError):
    """A policy, or the absence of one, denied it; `decision` says which, by which clause, and what to do."""

    def __init__(self, decision: Decision) -> None:
        rules, clauses = ", ".join(decision.policies), ", ".join(decision.clauses)
        super().__init__(f"denied by the rule {rules} ({clauses}): {decision.next_step}")
        self.decision = decision


def check_action(action: str) -> str:
    """`action` when it is of the form `noun.verb`; InvalidError otherwise."""
    if not _ACTION.fullmatch(action):
        raise InvalidError("an action is `noun.verb` in lower case: correct the call")
    return action


def check_purpose(claimed: str) -> str:
    """`claimed` when it is a purpose that policies know; InvalidError otherwise."""
    if claimed not in PURPOSES:
        raise InvalidError(f"a purpose is one of {', '.join(sorted(PURPOSES - {''}))}")
    return claimed
