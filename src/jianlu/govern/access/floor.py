"""What no version of an institution's policies takes away: the statements that keep two people two, and tenants apart.

Each of them forbids, and what forbids is stronger than whatever permits; so a version that has them word for word cannot open what they
shut. Beside them, a version must leave somebody who can propose the next one and somebody else who can approve it.
"""

from __future__ import annotations

import json

from cedarpy import is_authorized

from jianlu.core.errors import InvalidError
from jianlu.govern.access.policies import DEFAULT_RULE, Policies
from jianlu.govern.access.situations import Situation, context_of

FLOOR = (
    DEFAULT_RULE,
    "other-tenant",
    "script-approval-by-a-second-person",
    "requests-by-a-second-person",
    "no-self-grant",
    "maker-releaser-and-owner-are-three",
    "policies-by-a-second-person",
    "export-with-a-second-person",
    "holds-lifted-with-a-second-person",
    "inspection-sees-its-sample-alone",
)
"""Ids of statements that stay as they come with the software."""


def require_floor(policies: Policies, shipped: Policies) -> None:
    """InvalidError for a version that lacks or alters a statement of the floor, or after which policies could be changed no more."""
    for name in FLOOR:
        if policies.statements.get(name) != shipped.statements[name]:
            raise InvalidError(f"the statement {name} must stay as it is: two people stay two by it; leave it in, word for word")
    if not _can(policies, "security_administrator", "policy.propose", "Tenant"):
        raise InvalidError("nobody could propose policies any more: leave policy.propose to security administrators")
    deciders = ("security_administrator", "audit_administrator", "compliance")
    if not any(_can(policies, who, "policy.approve", "Policy") for who in deciders):
        raise InvalidError("nobody could approve policies any more: leave policy.approve to one of those who answer for them")


def _can(policies: Policies, who: str, action: str, kind: str) -> bool:
    at = Situation(who, kind, "other", "none", "live")
    request = {
        "principal": at.principal["uid"],
        "action": {"type": "Action", "id": action},
        "resource": at.resource["uid"],
        "context": context_of("plain"),
    }
    answer = is_authorized(request, policies.of_action[action], json.dumps([at.principal, at.resource]))
    return bool(answer.allowed) and not answer.diagnostics.errors
