"""The nouns of a case before its session: scene, seat rule, notice, health rule, profile, request, and what lists show of a case.

Frozen values only. A scene is a template as data (`scenes/`, read by `scenes.py`); what is said in it is its script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jianlu.core.formats.script import Script
from jianlu.govern.consent import Notice
from jianlu.govern.policy.model import FactValue

ON_UNHEALTHY = ("stop", "pause", "warn")
"""What a scene does when its recording is not healthy for longer than its grace: end the talk, suspend it, or say so."""

SHARE_KINDS = ("screen", "document", "whiteboard")


@dataclass(frozen=True, slots=True)
class SeatRule:
    """Who may sit here: a required seat is needed to begin; what a seat may share is recorded."""

    seat: str
    is_required: bool
    may_share: bool


@dataclass(frozen=True, slots=True)
class HealthRule:
    """What happens when the recording is not healthy, and after how long."""

    on_unhealthy: str
    grace_ms: int


@dataclass(frozen=True, slots=True)
class Profile:
    """How the session is led for one kind of customer: reading times in thousandths of the script's, large type, a human agent."""

    id: str
    read_permille: int
    is_large: bool
    needs_human: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """A template: everything that a new kind of session needs, and no code.

    `facts` are the defaults of facts, `asks` the facts that the form asks for, in order. `guardian_below_age`: a younger customer needs a
    guardian's seat and consent. `licence` and `skills` are what an agent of the queue needs. With `end_to_end` every room is encrypted.
    `level` is how sensitive its cases are, 1 to 5.
    """

    id: str
    version: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    facts: Mapping[str, FactValue]
    asks: tuple[str, ...]
    seats: tuple[SeatRule, ...]
    health: HealthRule
    on_not_met: str
    may_pause: bool
    two_recorders: bool
    profiles: tuple[Profile, ...]
    notices: tuple[Notice, ...]
    guardian_below_age: int
    licence: str
    skills: tuple[str, ...]
    script: Script
    end_to_end: bool = False
    level: int = 3

    def profile_of(self, id: str) -> Profile | None:
        """The profile of that id, or None."""
        return next((profile for profile in self.profiles if profile.id == id), None)

    def seat_of(self, seat: str) -> SeatRule | None:
        """The rule of that seat, or None."""
        return next((rule for rule in self.seats if rule.seat == seat), None)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who will sit somewhere; kept sealed with the case, shown masked."""

    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """What is stated to make a case: `facts` by dotted name, `people` by seat, `seats` beyond the scene's required ones.

    With `end_to_end` its room is encrypted, whatever the scene says.
    """

    scene: str
    number: str
    title: str
    language: str
    profile: str
    facts: Mapping[str, Any]
    people: Mapping[str, Person]
    seats: tuple[str, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    end_to_end: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """What lists and the session use cases know of a case without opening its evidence; no names but masked ones."""

    tenant: str
    case: str
    number: str
    title: str
    scene: str
    scene_version: str
    script: str
    script_version: str
    script_digest: str
    language: str
    profile: str
    state: str
    customer: str
    agent: str
    agent_display: str
    check_code: str
    zero_us: int | None
    showing: str
    created_by: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    request_digest: str
    branch: str = ""
    place: str = ""
    level: int = 3

    @property
    def document(self) -> dict[str, Any]:
        """The row as lists of cases show it."""
        return {
            "case": self.case,
            "number": self.number,
            "title": self.title,
            "template": self.scene,
            "state": self.state,
            "language": self.language,
            "profile": self.profile,
            "customer": self.customer,
            "agent": self.agent_display,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
        }


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list of cases; `counts` are those of every case that its reader may see, by state."""

    rows: tuple[CaseRow, ...]
    total: int
    page: int
    pages: int
    counts: Mapping[str, int] = field(default_factory=dict)
