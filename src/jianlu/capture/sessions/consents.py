"""Consents of a session: given, refused, withdrawn, by click or as spoken. Withdrawal takes effect at once.

A refusal or withdrawal without which the talk cannot go on ends it, with its record. What follows for inspection is asked of the
events (`govern/consent.py`).
"""

from __future__ import annotations

from jianlu.capture.sessions import engine
from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.opening import opened, session_ms
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import carry_out, phase_now
from jianlu.core.errors import ConflictError, DeniedError, InvalidError
from jianlu.govern.consent import HOW
from jianlu.govern.identity.model import Principal

DECISIONS = ("given", "refused", "withdrawn")


def consent(case: str, purpose: str, decision: str, how: str, *, using: SessionPorts, by: Principal) -> None:
    """Record a decision about a purpose: clicked by whoever decides, or noted by the agent as spoken by the customer.

    InvalidError for a purpose without a notice here; DeniedError for a seat that does not decide; ConflictError once the session is over,
    and for the withdrawal of what was never given.
    """
    if decision not in DECISIONS or how not in HOW:
        raise InvalidError(f"`decision` is one of {', '.join(DECISIONS)}, `how` one of {', '.join(HOW)}")
    with opened(case, using=using, by=by) as (live, standing):
        notice = next((each for each in live.scene.notices if each.purpose == purpose), None)
        if notice is None:
            raise InvalidError(f"this session asks about: {', '.join(each.purpose for each in live.scene.notices)}")
        if phase_now(live) not in OPEN:
            raise ConflictError(
                "this session is over: what was decided about it later goes to the institution's data protection",
                code="session_over",
            )
        seat = "customer" if standing.seat == "agent" and how == "spoken" else standing.seat
        if seat not in live.course.consenting:
            raise DeniedError("whoever is asked decides: let them click, or note what they said as spoken")
        standing_decision = live.talk.decisions.get((purpose, seat))
        if decision == "withdrawn" and (standing_decision is None or standing_decision.state == "refused"):
            raise ConflictError("nothing was consented to that could be withdrawn")
        body = {
            "purpose": purpose,
            "how": how,
            "notice": notice.id,
            "version": notice.version,
            "lang": live.row.language,
            "by": seat,
            "at_ms": session_ms(live, using=using),
        }
        commits = {"commit": notice.digest(live.row.language)}
        carry_out(live, engine.decide(live.course, live.talk, body, decision, commits), using=using)
