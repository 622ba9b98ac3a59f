"""Enrolment: only the owner of an account sets its password or passkey, by a link that is good once; everything is noted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from jianlu.core.errors import InvalidError, JianluError, NotFoundError, UnavailableError
from jianlu.govern.identity.accounts import list_accounts, make_account, set_active
from jianlu.govern.identity.enrolment import (
    begin_with_passkey,
    enrol_with_passkey,
    enrol_with_password,
    look_at_link,
    set_own_password,
)
from jianlu.govern.identity.model import STEP_UP_MAX, SignInNeededError, Site, StepUpNeededError
from jianlu.govern.identity.notes import Act, carry_notes, notes_of
from jianlu.govern.identity.passkeys import begin_enrolment, begin_sign_in, enrol, list_passkeys, sign_in_by_passkey
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import LINK_FOR, offer_enrolment, sweep_enrolments
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import staff_of
from tests.fakes.identity.authenticator import Authenticator
from tests.fakes.identity.worlds import OTHER_PASSWORD, PASSWORD, TENANT, released_link
from tests.fakes.vault.memory import SteppingClock

SITE = Site("https://testserver", "Demo bank")
Taken = tuple[str, str]


@pytest.fixture
def link(using: IdentityPorts) -> Taken:
    """A link that chen made and somebody else released: its token and its code."""
    make_account(using, TENANT, "mei", roles=["agent"], by="chen")
    return released_link(using, TENANT, "mei", by="chen")


@pytest.mark.parametrize("password", ["", PASSWORD, "the password of an account that does not exist"])
def test_a_new_account_has_no_way_in_before_its_owner_takes_the_link(using: IdentityPorts, link: Taken, password: str) -> None:
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", password)
    assert look_at_link(using, link[0]).account.name == "mei"


def test_the_owner_takes_the_link_with_a_password_once(using: IdentityPorts, link: Taken) -> None:
    token, staff = enrol_with_password(using, *link, PASSWORD)
    assert staff_of(using, token) == staff and sign_in(using, TENANT, "mei", PASSWORD)
    for act in (lambda: enrol_with_password(using, *link, OTHER_PASSWORD), lambda: begin_with_passkey(using, *link, SITE)):
        with pytest.raises(NotFoundError, match="used"):
            act()


def test_the_owner_takes_the_link_with_a_passkey_and_has_no_password(using: IdentityPorts, link: Taken) -> None:
    phone = Authenticator()
    enrol_with_passkey(using, *link, SITE, phone.create(begin_with_passkey(using, *link, SITE)), "phone")
    assert sign_in_by_passkey(using, TENANT, SITE, phone.get(begin_sign_in(using, SITE)))[1].account.name == "mei"
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", "")


def test_a_passkey_that_was_made_for_another_link_is_refused(using: IdentityPorts, link: Taken) -> None:
    make_account(using, TENANT, "an", roles=["agent"])
    other = released_link(using, TENANT, "an")
    answer = Authenticator().create(begin_with_passkey(using, *other, SITE))
    with pytest.raises(InvalidError):
        enrol_with_passkey(using, *link, SITE, answer, "not mei's")
    assert look_at_link(using, link[0]).account.name == "mei"


@pytest.mark.parametrize("password", ["short", "x" * 300, "mei mei mei mei", "aaaabbbbaaaabbbb"])
def test_a_bad_password_leaves_the_link_good(using: IdentityPorts, link: Taken, password: str) -> None:
    with pytest.raises(InvalidError):
        enrol_with_password(using, *link, password)
    assert enrol_with_password(using, *link, PASSWORD)


@pytest.mark.parametrize("password", ["handkerchief", "Necronomicon2026!", "woaini5201314"])
def test_a_password_of_a_breach_is_refused_at_each_door(using: IdentityPorts, link: Taken, password: str) -> None:
    """The link of an account that is new or begins anew, and a change by its owner: there is no third place to choose one."""
    with pytest.raises(InvalidError) as refused:
        enrol_with_password(using, *link, password)
    assert refused.value.code == "password_guessable"
    staff = enrol_with_password(using, *link, PASSWORD)[1]
    with pytest.raises(InvalidError) as refused:
        set_own_password(using, staff, password)
    assert refused.value.code == "password_guessable" and sign_in(using, TENANT, "mei", PASSWORD)


def test_a_link_ends_with_time_with_the_next_link_and_with_the_account(
    using: IdentityPorts, link: Taken, clock: SteppingClock
) -> None:
    second = offer_enrolment(using, TENANT, "mei").token
    with pytest.raises(NotFoundError):
        look_at_link(using, link[0])
    set_active(using, TENANT, "mei", is_active=False)
    for act in (lambda: look_at_link(using, second), lambda: offer_enrolment(using, TENANT, "mei")):
        with pytest.raises(NotFoundError):
            act()
    set_active(using, TENANT, "mei", is_active=True)
    assert look_at_link(using, second)
    clock.moment += LINK_FOR
    with pytest.raises(NotFoundError):
        look_at_link(using, second)
    sweep_enrolments(using)


def test_of_two_who_take_a_link_at_once_one_is_in(using: IdentityPorts, link: Taken) -> None:
    ends: list[str] = []

    def take(password: str) -> None:
        try:
            enrol_with_password(using, *link, password)
            ends.append("in")
        except JianluError:
            ends.append("out")

    threads = [threading.Thread(target=take, args=(password,)) for password in (PASSWORD, OTHER_PASSWORD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["in", "out"]


def test_a_link_for_an_account_in_use_changes_nothing_until_it_is_taken(using: IdentityPorts, link: Taken) -> None:
    _, staff = enrol_with_password(using, *link, PASSWORD)
    _, token = enrol(using, staff, SITE, Authenticator().create(begin_enrolment(using, staff, SITE)), "phone")
    again = released_link(using, TENANT, "mei")
    assert staff_of(using, token) and sign_in(using, TENANT, "mei", PASSWORD) and list_passkeys(using, staff.account.id)
    enrol_with_password(using, *again, OTHER_PASSWORD)
    assert list_passkeys(using, staff.account.id) == []
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)


def test_a_new_password_of_ones_own_needs_a_fresh_proof_and_ends_other_sign_ins(
    using: IdentityPorts, link: Taken, clock: SteppingClock
) -> None:
    token, staff = enrol_with_password(using, *link, PASSWORD)
    other, _ = sign_in(using, TENANT, "mei", PASSWORD)
    set_own_password(using, staff, OTHER_PASSWORD)
    assert staff_of(using, token)
    with pytest.raises(SignInNeededError):
        staff_of(using, other)
    clock.moment += STEP_UP_MAX + timedelta(minutes=1)
    with pytest.raises(StepUpNeededError):
        set_own_password(using, staff_of(using, token), PASSWORD)


def test_what_was_done_is_noted_with_who_did_it(using: IdentityPorts, link: Taken) -> None:
    _, staff = enrol_with_password(using, *link, PASSWORD)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", OTHER_PASSWORD)
    noted = {(each.act, each.by) for each in notes_of(using, staff.account.id)}
    assert {
        (Act.MADE, "chen"),
        (Act.LINK_MADE, "chen"),
        (Act.ENROLLED, staff.account.id),
        (Act.PASSWORD_SET, staff.account.id),
        (Act.SIGNED_IN, staff.account.id),
        (Act.SIGN_IN_REFUSED, "somebody"),
    } <= noted


def test_a_name_that_is_nobodys_leaves_no_note(using: IdentityPorts) -> None:
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "nobody", PASSWORD)
    assert carry_notes(using, TENANT, lambda _, document: pytest.fail(str(document))) == 0


def test_notes_are_carried_to_the_ledger_once_and_wait_while_it_is_away(using: IdentityPorts, link: Taken) -> None:
    carried: list[Mapping[str, Any]] = []

    def away(_: str, __: Mapping[str, Any]) -> None:
        raise UnavailableError("the ledger is away: try again")

    with pytest.raises(UnavailableError):
        carry_notes(using, TENANT, away)
    assert carry_notes(using, TENANT, lambda _, document: carried.append(document)) == 3
    assert carry_notes(using, TENANT, lambda _, document: carried.append(document)) == 0
    assert [each["act"] for each in carried[0]["notes"]] == [Act.MADE, Act.LINK_MADE, Act.LINK_RELEASED]
    assert not any(secret in str(carried) for secret in link)
    assert len(notes_of(using, list_accounts(using, TENANT)[0].id)) == 3
