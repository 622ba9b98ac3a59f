"""Who may do what, said a second time and by hand: the policies are held to this, not this to the policies.

A row is an action with those whom it is open to; the conditions that cut across all of them are below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OVER = frozenset({"ended", "sealed", "refused", "halted"})
ACTING = frozenset(
    {"session.lead", "session.join", "session.invite", "session.outside", "session.take_part", "session.send", "session.watch"}
)
LOOKING = frozenset({"case.read", "case.search", "session.read"})
WORKERS = frozenset({"agent", "supervisor", "compliance", "reviewer", "auditor", "regulator"})
EVERYBODY = WORKERS | {"administrator", "security_administrator", "audit_administrator"}
TALKERS, CONTROL = frozenset({"agent", "supervisor"}), frozenset({"supervisor", "compliance"})
WATCHERS = frozenset({"compliance", "auditor", "regulator"})
KEEPERS = WATCHERS | {"audit_administrator"}

IN_THE_TENANT: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("template.read", "pack.read", "ice.read", "policy.read", "me.secure"), EVERYBODY),
    **dict.fromkeys(("case.list", "search.run"), WORKERS - {"regulator"}),
    "script.read": WORKERS,
    **dict.fromkeys(("case.make", "queue.read", "queue.take", "queue.serve"), TALKERS),
    **dict.fromkeys(("supervision.read", "script.propose", "script.withdraw"), CONTROL),
    **dict.fromkeys(("review.decide", "review.confirm"), frozenset({"reviewer", "compliance"})),
    **dict.fromkeys(("review.list", "review.read"), frozenset({"reviewer"}) | WATCHERS),
    "review.plan": frozenset({"compliance"}),
    "review.export": WATCHERS,
    "review.appeal": frozenset(),
    "review.redo": frozenset({"supervisor"}),
    "sample.draw": WATCHERS,
    **dict.fromkeys(("request.make", "request.read"), WORKERS | {"security_administrator"}),
    "access.read": KEEPERS,
    "hold.list": KEEPERS - {"regulator"},
    "store.list": (KEEPERS - {"regulator"}) | {"administrator"},
    "retention.read": CONTROL | {"auditor", "audit_administrator"},
    "ledger.read": KEEPERS | {"supervisor"},
    **dict.fromkeys(("account.list", "apikey.list", "apikey.revoke"), frozenset({"administrator", "security_administrator"})),
    "enrolment.release": frozenset({"supervisor", "administrator", "security_administrator"}),
    "account.make": frozenset({"security_administrator"}),
    "policy.propose": frozenset({"security_administrator"}),
    **dict.fromkeys(("apikey.make", "webhook.make", "webhook.list", "webhook.change"), frozenset({"administrator"})),
    **dict.fromkeys(("system.read", "system.change"), frozenset({"administrator"})),
}

FOR_SEATS = frozenset({"consent.withdraw", "case.read", "session.read", "session.take_part", "session.send", "session.watch"})


@dataclass(frozen=True)
class Situation:
    """Who asks and how they stand to what is asked for."""

    is_seat: bool
    roles: frozenset[str]
    is_own_tenant: bool
    relation: str
    """`owner`, `maker`, `nobody` (nobody has taken it), `stranger`; of a seat `own` or `other`."""

    is_in_branch: bool
    is_within_level: bool
    state: str
    is_approved: bool
    is_emergency: bool


def may(action: str, kind: str, on: Situation) -> bool:
    """Whether the law opens it."""
    if not on.is_own_tenant:
        return False
    if kind == "case":
        return (on.is_seat and on.relation == "own" and action in FOR_SEATS) or (not on.is_seat and _case(action, on))
    if on.is_seat:
        return action == "ice.read" and kind == "tenant"
    if kind in ("hold", "destruction", "statement"):
        return "compliance" in on.roles and on.is_approved
    if kind == "script":
        return bool(on.roles & CONTROL) and on.relation != "owner"
    if kind == "policy":
        return bool(on.roles & {"security_administrator", "audit_administrator", "compliance"}) and on.relation != "owner"
    if kind == "request":
        return bool(on.roles & CONTROL) and on.relation != "owner"
    if kind == "account":
        return "security_administrator" in on.roles and on.relation != "owner"
    if kind == "enrolment":
        return bool(on.roles & {"supervisor", "administrator"}) and on.relation not in ("owner", "maker")
    if kind == "review":
        return _review(action, on)
    if action in ("case.list", "search.run") and "regulator" in on.roles:
        return False
    return bool(on.roles & IN_THE_TENANT[action])


def _case(action: str, on: Situation) -> bool:
    is_own = on.relation in ("owner", "maker")
    if not on.is_within_level or "regulator" in on.roles:
        return False
    if action == "package.export":
        return on.is_approved and bool(on.roles & (CONTROL | {"auditor"}) or (on.roles & TALKERS and is_own))
    allowed = [
        "agent" in on.roles and on.is_in_branch and action == "session.join",
        "agent" in on.roles and is_own and action in ACTING | LOOKING | {"case.play", "consent.withdraw"},
        "agent" in on.roles and on.relation == "nobody" and on.is_in_branch and action in ACTING | LOOKING,
        "supervisor" in on.roles
        and on.is_in_branch
        and action in ACTING | LOOKING | {"case.play", "case.reveal", "session.supervise", "consent.withdraw"},
        "compliance" in on.roles
        and action
        in ACTING | LOOKING | {"case.play", "case.reveal", "case.disclose", "hold.read", "hold.place", "consent.withdraw"},
        "reviewer" in on.roles and on.state in OVER and not is_own and action in LOOKING | {"case.play"},
        "auditor" in on.roles and action in LOOKING | {"hold.read"},
        on.is_emergency and action in {"case.read", "case.play", "case.reveal", "session.read"},
    ]
    return any(allowed)


def _review(action: str, on: Situation) -> bool:
    is_own = on.relation in ("owner", "maker")
    if action in ("review.decide", "review.confirm"):
        return bool(on.roles & {"reviewer", "compliance"}) and not is_own
    if action == "review.appeal":
        return on.relation == "owner"
    if action == "review.redo":
        return "supervisor" in on.roles or ("agent" in on.roles and on.relation == "owner")
    return bool(on.roles & IN_THE_TENANT[action]) or (action == "review.read" and on.relation == "owner")
