"""How the edges react to our six error families: HTTP status, exit code, log level. One table for command line and web.

The families themselves are `core/errors.py`; no message is worded here.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import (
    ConflictError,
    DeniedError,
    IntegrityError,
    InvalidError,
    JianluError,
    NotFoundError,
    UnavailableError,
)
from jianlu.govern.identity.model import SignInNeededError


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an edge does with an error of one family."""

    http_status: int
    exit_code: int
    log_level: str


REACTIONS: dict[type[JianluError], Reaction] = {
    SignInNeededError: Reaction(401, 3, "warning"),  # of the family DeniedError; the first that fits counts
    InvalidError: Reaction(422, 2, "info"),
    DeniedError: Reaction(403, 3, "warning"),
    NotFoundError: Reaction(404, 4, "info"),
    ConflictError: Reaction(409, 5, "info"),
    UnavailableError: Reaction(503, 75, "error"),
    IntegrityError: Reaction(500, 90, "critical"),
}


def reaction_to(error: JianluError) -> Reaction:
    """The reaction to `error`, by its family."""
    for family, reaction in REACTIONS.items():
        if isinstance(error, family):
            return reaction
    return Reaction(500, 70, "critical")
