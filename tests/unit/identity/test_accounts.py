"""Accounts: what may be one, what is refused, and what the list shows."""

from __future__ import annotations

from typing import Any

import pytest

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.govern.identity.accounts import find_account, list_accounts, make_account, set_active, unlock_account
from jianlu.govern.identity.model import Role
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import offer_enrolment
from jianlu.govern.identity.totp import reset_totp
from tests.fakes.identity.worlds import OTHER_PASSWORD, PASSWORD, TENANT, add_account


def test_an_account_is_found_and_listed_as_it_was_made(using: IdentityPorts) -> None:
    made = add_account(using, TENANT, "li.wei", PASSWORD, roles=["agent", "supervisor"], skills=["funds", "funds"])
    assert made.roles == {Role.AGENT, Role.SUPERVISOR} and made.display == "li.wei" and made.skills == ("funds",)
    add_account(using, TENANT, "an", PASSWORD, roles=["compliance"])
    assert find_account(using, TENANT, "li.wei") == made
    assert [account.name for account in list_accounts(using, TENANT)] == ["an", "li.wei"]
    assert list_accounts(using, type(TENANT)("other-bank")) == []


def test_a_name_is_taken_once_per_tenant(using: IdentityPorts) -> None:
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"])
    with pytest.raises(ConflictError):
        add_account(using, TENANT, "mei", OTHER_PASSWORD, roles=["agent"])
    assert add_account(using, type(TENANT)("other-bank"), "mei", PASSWORD, roles=["agent"]).name == "mei"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Mei"},
        {"name": "-mei"},
        {"name": "m" * 65},
        {"name": "王梅"},
        {"roles": []},
        {"roles": ["root"]},
        {"display": "a\nb"},
        {"display": " "},
        {"languages": ["zh cn"]},
        {"licences": [f"l{n}" for n in range(21)]},
    ],
)
def test_what_cannot_be_an_account_is_refused_with_a_reason(using: IdentityPorts, wrong: dict[str, Any]) -> None:
    asked = {"name": "mei", "roles": ["agent"], **wrong}
    name, roles = asked.pop("name"), asked.pop("roles")
    with pytest.raises(InvalidError):
        make_account(using, TENANT, name, roles=roles, **asked)
    assert list_accounts(using, TENANT) == []


def test_an_account_that_does_not_exist_is_said_to_be_missing(using: IdentityPorts) -> None:
    for act in (
        lambda: find_account(using, TENANT, "mei"),
        lambda: offer_enrolment(using, TENANT, "mei"),
        lambda: unlock_account(using, TENANT, "mei"),
        lambda: set_active(using, TENANT, "mei", is_active=False),
        lambda: reset_totp(using, TENANT, "mei"),
    ):
        with pytest.raises(NotFoundError, match="jianlu account list"):
            act()
