"""Changing roles: on the record first, one change after the other, and nobody else waits for a slow ledger."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from jianlu.core.errors import UnavailableError
from jianlu.govern.identity.accounts import find_account
from jianlu.govern.identity.model import Role
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.roles import change_roles
from jianlu.govern.identity.sign_in import sign_in
from tests.fakes.identity.worlds import PASSWORD, TENANT, a_second_person, add_account


def test_others_write_while_the_ledger_takes_its_time_over_a_change_of_roles(using: IdentityPorts) -> None:
    for name in ("lin", "zhou"):
        add_account(using, TENANT, name, PASSWORD, roles=["agent"])
    is_asked, may_answer, kept = threading.Event(), threading.Event(), []

    def slowly(kind: str, document: Mapping[str, Any]) -> None:
        kept.append((kind, document["before"], document["after"]))
        is_asked.set()
        assert may_answer.wait(60)

    def change() -> None:
        change_roles(using, TENANT, "lin", ["reviewer"], by=a_second_person(using, TENANT), keep=slowly)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        assert is_asked.wait(60)
        assert sign_in(using, TENANT, "zhou", PASSWORD), "a sign-in writes"
        assert find_account(using, TENANT, "lin").roles == {Role.AGENT}, "nothing holds that is not on the record"
    finally:
        may_answer.set()
        changing.join()
    assert find_account(using, TENANT, "lin").roles == {Role.REVIEWER}
    assert kept == [("roles", ["agent"], ["reviewer"])]


def test_roles_that_cannot_be_put_on_the_record_are_not_changed(using: IdentityPorts) -> None:
    add_account(using, TENANT, "lin", PASSWORD, roles=["agent"])

    def away(kind: str, document: Mapping[str, Any]) -> None:
        raise UnavailableError("the ledger is away: try again")

    with pytest.raises(UnavailableError, match="ledger"):
        change_roles(using, TENANT, "lin", ["reviewer"], by=a_second_person(using, TENANT), keep=away)
    assert find_account(using, TENANT, "lin").roles == {Role.AGENT}
