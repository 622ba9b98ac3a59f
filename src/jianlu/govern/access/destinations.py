"""Where a package goes: the place and the kind of recipient that a request for its export states, and what is no destination.

What may go where is decided by the case's plan and by the policies (`deliver/api/destinations.py` asks both); nothing here measures it.
"""

from __future__ import annotations

from dataclasses import dataclass

from jianlu.core.errors import InvalidError
from jianlu.core.terms.places import PLACE

RECIPIENTS = ("own", "subject", "institution", "authority")
"""This institution itself, the person whom the case is about, another institution or company, a court or another authority."""

EXPORT = "package.export"


@dataclass(frozen=True, slots=True)
class Destination:
    """An ISO 3166-1 or 3166-2 code and one of `RECIPIENTS`; both empty for what goes nowhere."""

    place: str = ""
    recipient: str = ""


NOWHERE = Destination()


def check_destination(action: str, claimed: Destination) -> Destination:
    """`claimed` as it may stand in a request to approve `action`: of an export stated, of all else empty. InvalidError otherwise."""
    if action != EXPORT:
        if claimed != NOWHERE:
            raise InvalidError("only an export states where it goes: leave out `place` and `recipient`")
        return claimed
    if not PLACE.fullmatch(claimed.place):
        raise InvalidError("an export states the `place` to which it goes, a code of ISO 3166 such as CN, CN-31 or SG: state it")
    if claimed.recipient not in RECIPIENTS:
        raise InvalidError(f"an export states its `recipient`, one of {', '.join(RECIPIENTS)}: state who receives it")
    return claimed
