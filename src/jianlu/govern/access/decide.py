"""Deciding: one question, one answer, by the policies alone. Whatever goes wrong is a denial.

An answer that rests on a second person (emergency, approval) is asked for only where it would change something. Every answer of
`require` is kept before it is given; `decide` keeps nothing and is for showing what somebody could do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cedarpy import AuthzResult, is_authorized_batch

from jianlu.core.errors import DeniedError
from jianlu.govern.access.model import AccessDeniedError, Decision, Resource, Rule, check_action, check_purpose
from jianlu.govern.access.policies import Policies
from jianlu.govern.access.ports import Asked, DecisionLog, Grants
from jianlu.govern.identity.model import Principal, Staff

SENSITIVE = frozenset(
    {
        "case.play",
        "case.reveal",
        "case.see_names",
        "case.disclose",
        "package.export",
        "hold.place",
        "hold.lift",
        "case.destroy",
        "trigger.state",
        "account.roles",
        "policy.approve",
        "request.approve",
        "sample.draw",
    }
)
"""What is shown or done only when the decision is durable."""

FOUR_EYES = frozenset({"case.destroy", "hold.lift", "package.export", "trigger.state"})
"""Acts that take an approval of the very act by a second person before."""

EMERGENCIES = frozenset({"case.read", "case.play", "case.reveal", "session.read"})
"""What an emergency opens: looking, never acting."""


class Access:
    """Answers questions of access by one set of policies. Safe for threads."""

    def __init__(self, policies: Policies, log: DecisionLog, grants: Grants) -> None:
        """Take what decisions rest on, where they are kept, and what people were granted beside their roles."""
        self._in_force = (policies, 0)
        self.log = log
        self.grants = grants

    @property
    def policies(self) -> Policies:
        """What decisions rest on now."""
        return self._in_force[0]

    @property
    def version(self) -> int:
        """Which version of the institution's policies that is; 0 as they come with the software."""
        return self._in_force[1]

    def put_in_force(self, policies: Policies, version: int) -> None:
        """Decide by these from the next question on."""
        self._in_force = (policies, version)

    def decide(self, who: Principal, action: str, on: Resource, *, purpose: str = "", goes_on: bool = False) -> Decision:
        """Whether `who` may do `action` to `on`; keeps nothing. InvalidError for what is no action, kind or purpose.

        `goes_on`: it is the rest of an act that a second person approved and that broke off.
        """
        return self.decide_each(who, action, [on], purpose=purpose, goes_on=goes_on)[0]

    def decide_each(
        self, who: Principal, action: str, on: Sequence[Resource], *, purpose: str = "", goes_on: bool = False
    ) -> list[Decision]:
        """As `decide`, of several resources that are asked about at once."""
        check_action(action)
        check_purpose(purpose)
        decisions = self._ask_each(who, action, on, purpose, is_emergency=False, is_approved=False)
        return [
            self._by_grant(who, action, each, purpose, decision, goes_on=goes_on)
            for each, decision in zip(on, decisions, strict=True)
        ]

    def _by_grant(
        self, who: Principal, action: str, on: Resource, purpose: str, decision: Decision, *, goes_on: bool
    ) -> Decision:
        """What was denied, asked again where an emergency or an approval of it was granted."""
        if decision.is_allowed or not isinstance(who, Staff):
            return decision
        account = who.account.id
        is_emergency = action in EMERGENCIES and self.grants.has_emergency(on.tenant, account, on)
        is_approved = action in FOUR_EYES and (goes_on or self.grants.has_approval(on.tenant, account, action, on))
        if not (is_emergency or is_approved):
            return decision
        return self._ask(who, action, on, purpose, is_emergency=is_emergency, is_approved=is_approved)

    def could(self, who: Principal, action: str, on: Resource, *, purpose: str = "") -> bool:
        """Whether `who` may do it once a second person has approved; keeps nothing."""
        return self.approved(who, action, on, purpose=purpose).is_allowed

    def approved(self, who: Principal, action: str, on: Resource, *, purpose: str = "") -> Decision:
        """The answer once a second person has approved; keeps nothing."""
        return self._ask(who, check_action(action), on, check_purpose(purpose), is_emergency=False, is_approved=True)

    def require(self, who: Principal, action: str, on: Resource, *, purpose: str = "", goes_on: bool = False) -> Decision:
        """As `decide`, kept; AccessDeniedError when it is denied, UnavailableError when the answer cannot be kept."""
        decision = self.decide(who, action, on, purpose=purpose, goes_on=goes_on)
        is_sensitive = action in SENSITIVE and decision.is_allowed
        self.log.record(Asked(who, action, on, purpose), decision, is_sensitive=is_sensitive)
        if not decision.is_allowed:
            raise AccessDeniedError(decision)
        return decision

    def _ask(self, who: Principal, action: str, on: Resource, purpose: str, *, is_emergency: bool, is_approved: bool) -> Decision:
        return self._ask_each(who, action, [on], purpose, is_emergency=is_emergency, is_approved=is_approved)[0]

    def _ask_each(
        self, who: Principal, action: str, on: Sequence[Resource], purpose: str, *, is_emergency: bool, is_approved: bool
    ) -> list[Decision]:
        policies = self.policies
        known = policies.of_action.get(action)
        denied = _denied((policies.default,), policies.default)
        if known is None:
            return [denied] * len(on)
        asker = self.principal_entity(who)
        context = {"purpose": purpose, "is_emergency": is_emergency, "is_approved": is_approved}
        requests = [
            {
                "principal": asker["uid"],
                "action": {"type": "Action", "id": action},
                "resource": {"type": each.entity_type, "id": each.id},
                "context": context,
            }
            for each in on
        ]
        try:
            answers = is_authorized_batch(requests, known, json.dumps([asker, *map(resource_entity, on)]))
            return [_decision(policies, each, action, asker["uid"]["type"]) for each in answers]
        except (ValueError, TypeError, KeyError, DeniedError):
            if len(on) == 1:
                return [denied]
            asked = [[each] for each in on]  # one that cannot be asked about closes no other
            return [
                self._ask_each(who, action, one, purpose, is_emergency=is_emergency, is_approved=is_approved)[0] for one in asked
            ]

    def principal_entity(self, who: Principal) -> dict[str, Any]:
        """Who asks, as policies see them."""
        if not isinstance(who, Staff):
            attributes: Mapping[str, Any] = {"tenant": who.tenant, "case": who.case, "seat": who.seat, "scope": who.scope}
            return {"uid": {"type": "Seat", "id": who.admission}, "attrs": attributes, "parents": []}
        account, standing = who.account, self.grants.standing(who.tenant, who.account.id)
        attributes = {
            "account": account.id,
            "tenant": account.tenant,
            "roles": sorted(account.roles),
            "branch": standing.branch,
            "place": standing.place,
            "level": standing.level,
            "is_strong": who.by_totp,
        }
        return {"uid": {"type": "Staff", "id": account.id}, "attrs": attributes, "parents": []}


def resource_entity(on: Resource) -> dict[str, Any]:
    """What is acted on, as policies see it."""
    attributes = {name: list(value) if isinstance(value, tuple) else value for name, value in on.attributes.items()}
    return {"uid": {"type": on.entity_type, "id": on.id}, "attrs": {**attributes, "tenant": on.tenant}, "parents": []}


def _decision(policies: Policies, answer: AuthzResult, action: str, kind: str) -> Decision:
    """What the policies' answer to an asker of that kind means."""
    fired = [policies.rules[name] for name in sorted(answer.diagnostics.id_annotations_by_reason.values())]
    if answer.allowed and not answer.diagnostics.errors:
        return Decision(True, *_named(fired), "")
    if fired and not answer.allowed:
        return _denied(tuple(fired), fired[0])
    nearest = [rule for one, rule in policies.permits[action] if one in ("", kind)]
    return _denied((policies.default,), nearest[0] if nearest else policies.default)


def _named(rules: list[Rule] | tuple[Rule, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    clauses = dict.fromkeys(clause for rule in rules for clause in rule.clauses)
    return tuple(rule.id for rule in rules), tuple(clauses)


def _denied(rules: tuple[Rule, ...], says: Rule) -> Decision:
    return Decision(False, *_named(rules), says.next_step["en"], says.next_step["zh"])
