"""What the pages read. What they change goes through `/api/v1`, from the browser, like any other client's calls.

Each answer is the JSON that the API gives for the same question, as Python values, so that pages and API cannot disagree. A page must
render with an empty mapping wherever the contract says that something may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from starlette.requests import Request

Json = Mapping[str, Any]
Capacity = Literal["staff", "seat"]
"""As whom a page looks: an agent's and a customer's tab of one browser carry both cookies, so every page says which it means."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page: `case` and `seat` are a participant's, `roles` are a member of staff's.

    `needs_factor` tells that nothing but the account is open to them until a second factor is set up.
    """

    capacity: Capacity
    display: str
    roles: frozenset[str] = frozenset()
    has_totp: bool = False
    name: str = ""
    case: str = ""
    seat: str = ""
    needs_factor: bool = False


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """What pages need to know of the installation; `has_sample_devices` lets a participant publish the bundled clips, labelled as such."""

    institution: str
    version: str
    has_sample_devices: bool = False
    has_walk_in_queue: bool = True
    privacy_notice: str = ""
    organisation: str = ""
    time_zone: str = "Asia/Shanghai"
    administration_port: int = 0

    def has_administration(self, request: Request) -> bool:
        """Whether administration exists where this request came in: everywhere, or at a port of its own alone."""
        return not self.administration_port or (request.scope.get("server") or ("", None))[1] == self.administration_port


class ConsolePorts(Protocol):
    """Reads for pages. Errors are the six families; SignInNeededError sends the browser to the sign-in page."""

    @property
    def settings(self) -> ConsoleSettings:
        """Of this installation."""

    def viewer(self, request: Request, capacity: Capacity) -> Viewer | None:
        """Who is signed in in that capacity, None for nobody."""

    def ice_servers(self, request: Request) -> Sequence[Json]:
        """RTCIceServer dictionaries for this viewer's browser, with credentials that expire; empty where none is needed."""

    def cases(self, request: Request, *, state: str, q: str, page: int) -> Json:
        """As `GET /api/v1/cases`: {cases: [...], total, page, pages, counts: {state: n}}; `state` and `q` may be empty."""

    def case(self, request: Request, case: str, capacity: Capacity) -> Json:
        """As `GET /api/v1/cases/{case}`: number, title, state, template, language, profile, customer (masked), agent, jobs, result."""

    def templates(self) -> Json:
        """As `GET /api/v1/templates`. For anybody: customers of the walk-in queue choose from it before they are anyone."""

    def scripts(self, request: Request) -> Json:
        """As `GET /api/v1/scripts`: {scripts: [{id, title, version, state, versions: [...]}]}."""

    def script(self, request: Request, script: str) -> Json:
        """As `GET /api/v1/scripts/{script}`: {id, title, versions: [{version, state, digest, proposed_by, proposed_at, ..., text}]}."""

    def queue(self, request: Request) -> Json:
        """As `GET /api/v1/queue`: {waiting: [...], taken: [...]}."""
