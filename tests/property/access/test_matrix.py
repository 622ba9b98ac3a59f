"""Every route, every role, every relation to the thing, every thing: generated from the application's routes, held to the law said by hand.

A route that asks for nothing fails here; so does one whose answer differs from `law.py` in any situation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

import pytest

from jianlu.core.terms.ids import TenantId, case_ref
from jianlu.govern.access.decide import Access
from jianlu.govern.access.model import Attribute, Resource, Standing
from jianlu.govern.identity.model import Participant, Principal, Role
from tests.fakes.access.worlds import HandedOut, plain_access
from tests.fakes.sessions.world import staff
from tests.fakes.vault.home import TENANT
from tests.property.access.law import Situation, may
from tests.property.access.routes import Asking, all_routes, askings, undeclared

CASE, OTHER = "c" + "a2" * 13, "c" + "b3" * 13
ROLE_SETS = [frozenset({role.value}) for role in Role] + [
    frozenset(pair)
    for pair in (
        ("agent", "reviewer"),
        ("agent", "supervisor"),
        ("agent", "compliance"),
        ("supervisor", "reviewer"),
        ("auditor", "agent"),
    )
]
RELATIONS = {"case": ("owner", "maker", "nobody", "stranger"), "review": ("owner", "maker", "stranger"), "tenant": ("stranger",)}
STATES = ("live", "sealed")
FLAGS = (False, True)
CASES_MIN = 100_000


def situations(kind: str) -> Iterator[Situation]:
    """Everybody who may come, and all that matters of what they ask for."""
    is_case = kind == "case"
    relations = RELATIONS.get(kind, ("owner", "stranger"))
    states, bools = (
        STATES if is_case else STATES[:1],
        FLAGS if kind in ("case", "hold", "destruction", "statement") else FLAGS[:1],
    )
    levels = FLAGS if is_case else (True,)
    for roles, relation, state, level, approved in product(ROLE_SETS, relations, states, levels, bools):
        for branch, emergency in product(bools, bools):
            yield Situation(False, roles, True, relation, branch, level, state, approved, emergency)
        yield Situation(False, roles, False, relation, True, level, state, approved, is_case)
    for own, relation, level, state in product(FLAGS, ("own", "other"), FLAGS, STATES):
        yield Situation(True, frozenset(), own, relation, True, level, state, False, False)


def decided(access: Access, grants: HandedOut, action: str, kind: str, on: Situation) -> bool:
    """What the policies say."""
    tenant = TenantId(TENANT)
    who: Principal
    if on.is_seat:
        who = Participant(tenant, case_ref(CASE if on.relation == "own" else OTHER), "customer", "admission")
    else:
        who = staff("asker", *(Role(role) for role in on.roles))
    grants.standings["account-asker"] = Standing("pudong", "CN-31", 3)
    grants.approvals = {("account-asker", action, CASE)} if on.is_approved else set()
    grants.emergencies = {("account-asker", CASE)} if on.is_emergency else set()
    resource = Resource(kind, CASE, tenant if on.is_own_tenant else TenantId("bank-b"), attributes_of(kind, on))
    return access.decide(who, action, resource).is_allowed


def attributes_of(kind: str, on: Situation) -> dict[str, Attribute]:
    """What is asked for, as it stands to the asker."""
    mine, others = "account-asker", "account-other"
    owner = {"owner": mine, "nobody": ""}.get(on.relation, others)
    maker = mine if on.relation == "maker" else others
    match kind:
        case "case":
            branch = "pudong" if on.is_in_branch else "xuhui"
            level = 3 if on.is_within_level else 4
            return {
                "ref": CASE,
                "owner": owner,
                "maker": maker,
                "branch": branch,
                "place": "CN-31",
                "level": level,
                "state": on.state,
            }
        case "hold":
            return {"ref": CASE, "owner": owner, "maker": maker, "branch": "pudong", "level": 3}
        case "review":
            return {"owner": owner, "maker": maker}
        case "script" | "policy":
            return {"proposer": owner}
        case "request":
            return {"asker": owner, "action": "package.export"}
        case "account":
            return {"account": owner}
        case "enrolment":
            return {"owner": owner, "maker": maker}
    return {}


def test_every_route_says_what_it_asks_for() -> None:
    assert len(all_routes()) > 100
    assert not undeclared()


def test_a_route_that_asks_for_nothing_would_be_seen() -> None:
    from fastapi import APIRouter
    from fastapi.routing import APIRoute

    from jianlu.deliver.api.rights import asks_of, on_case

    router = APIRouter()

    @router.get("/cases/{case}/secret")
    def secret(case: str) -> dict[str, Any]:
        return {"case": case}

    @router.get("/cases/{case}/kept", dependencies=[on_case("case.play")])
    def kept(case: str) -> dict[str, Any]:
        return {"case": case}

    bare, asking = (list(asks_of(route)) for route in router.routes if isinstance(route, APIRoute))
    assert bare == [] and [each.action for each in asking] == ["case.play"]


def test_no_route_opens_what_the_law_closes_and_none_closes_what_it_opens() -> None:
    grants = HandedOut()
    access = plain_access(grants=grants)
    cached = lru_cache(maxsize=None)(lambda action, kind, on: decided(access, grants, action, kind, on))
    tried, leaks, refused = 0, [], []
    for asking in askings():
        for on in situations(asking.kind):
            tried += 1
            is_open, is_lawful = cached(asking.action, asking.kind, on), may(asking.action, asking.kind, on)
            if is_open and not is_lawful:
                leaks.append((asking, on))
            if is_lawful and not is_open:
                refused.append((asking, on))
    assert tried >= CASES_MIN, tried
    assert not leaks, f"{len(leaks)} leaks, the first: {leaks[0]}"
    assert not refused, f"{len(refused)} refused that the law opens, the first: {refused[0]}"


@pytest.mark.parametrize("asking", [Asking("GET /x", "case.play", "case"), Asking("GET /x", "package.export", "case")])
def test_a_wrong_policy_would_be_seen(asking: Asking) -> None:
    """The law differs from an access that is always open and from one that is always shut."""
    answers = {may(asking.action, asking.kind, on) for on in situations("case")}
    assert answers == {True, False}
