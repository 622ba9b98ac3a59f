"""A link and a second person: no administrator gets into an account that is not theirs, alone or by a device that they share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jianlu.core.errors import ConflictError, DeniedError, NotFoundError
from jianlu.govern.identity.accounts import find_account, list_accounts, make_account
from jianlu.govern.identity.devices import Seen
from jianlu.govern.identity.enrolment import begin_with_passkey, enrol_with_password, look_at_link
from jianlu.govern.identity.first_people import let_all_in
from jianlu.govern.identity.model import STEP_UP_MAX, SignInNeededError, Site, Staff, StepUpNeededError
from jianlu.govern.identity.notes import Act, notes_of
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.releases import (
    RELEASE_FOR,
    TRIES_MAX,
    offer_enrolment,
    release,
    waiting_links,
    withdraw_link,
)
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import staff_of
from tests.fakes.identity.worlds import OTHER_PASSWORD, PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

SITE = Site("https://testserver", "Demo bank")
PEOPLE = {"shen": "security_administrator", "guan": "administrator", "he": "supervisor", "mei": "agent"}


@pytest.fixture
def people(using: IdentityPorts) -> dict[str, Staff]:
    """One of each kind, each signed in on a device of their own."""
    for name, role in PEOPLE.items():
        add_account(using, TENANT, name, PASSWORD, roles=[role])
    return {name: sign_in(using, TENANT, name, PASSWORD, seen=Seen(key=f"device of {name}"))[1] for name in PEOPLE}


def made_by(using: IdentityPorts, maker: Staff, name: str = "mei") -> str:
    """The token of a link that `maker` made."""
    return offer_enrolment(using, TENANT, name, by=maker.account.id, by_sign_in=maker.sign_in).token


def test_the_maker_of_a_link_gets_nowhere_with_it_alone(using: IdentityPorts, people: dict[str, Staff]) -> None:
    token = made_by(using, people["shen"])
    assert not look_at_link(using, token).is_released
    for code in ("", "00000000"):
        with pytest.raises(DeniedError, match="second person"):
            enrol_with_password(using, token, code, OTHER_PASSWORD)
        with pytest.raises(DeniedError, match="second person"):
            begin_with_passkey(using, token, code, SITE)
    assert sign_in(using, TENANT, "mei", PASSWORD)


@pytest.mark.parametrize("who", ["shen", "mei"])
def test_neither_the_maker_nor_the_owner_of_a_link_releases_it(using: IdentityPorts, people: dict[str, Staff], who: str) -> None:
    made_by(using, people["shen"])
    with pytest.raises(DeniedError, match="ask a supervisor"):
        release(using, TENANT, "mei", by=people[who])


def test_a_second_account_on_the_device_of_the_maker_releases_nothing(using: IdentityPorts, people: dict[str, Staff]) -> None:
    made_by(using, people["shen"])
    _, second = sign_in(using, TENANT, "he", PASSWORD, seen=Seen(key="device of shen"))
    with pytest.raises(DeniedError, match="your own"):
        release(using, TENANT, "mei", by=second)
    assert release(using, TENANT, "mei", by=people["he"]).code


def test_a_second_account_on_another_device_of_the_maker_releases_nothing(using: IdentityPorts, people: dict[str, Staff]) -> None:
    """The maker is signed in on two devices; the link was made on one of them."""
    made_by(using, people["shen"])
    sign_in(using, TENANT, "shen", PASSWORD, seen=Seen(key="laptop"))
    _, second = sign_in(using, TENANT, "he", PASSWORD, seen=Seen(key="laptop"))
    with pytest.raises(DeniedError, match="your own"):
        release(using, TENANT, "mei", by=second)


@pytest.mark.parametrize("whose", ["shen", "he"])
def test_a_link_is_not_taken_on_the_device_of_whoever_made_or_released_it(
    using: IdentityPorts, people: dict[str, Staff], whose: str
) -> None:
    token = made_by(using, people["shen"])
    code = release(using, TENANT, "mei", by=people["he"]).code
    with pytest.raises(DeniedError, match="your own"):
        enrol_with_password(using, token, code, OTHER_PASSWORD, seen=Seen(key=f"device of {whose}"))
    assert (Act.ENROLMENT_REFUSED, "somebody") in [(each.act, each.by) for each in notes_of(using, people["mei"].account.id)]
    assert enrol_with_password(using, token, code, OTHER_PASSWORD, seen=Seen(key="device of mei"))


def test_the_code_of_one_link_opens_no_other(using: IdentityPorts, people: dict[str, Staff]) -> None:
    token = made_by(using, people["shen"])
    other = make_account(using, TENANT, "an", roles=["agent"])
    made_by(using, people["shen"], "an")
    with pytest.raises(DeniedError):
        enrol_with_password(using, token, release(using, TENANT, other.name, by=people["he"]).code, OTHER_PASSWORD)
    release(using, TENANT, "mei", by=people["he"])
    with pytest.raises(DeniedError, match="not the code"):
        enrol_with_password(using, token, release(using, TENANT, "an", by=people["he"]).code, OTHER_PASSWORD)


def test_guessing_the_code_ends_the_link(using: IdentityPorts, people: dict[str, Staff]) -> None:
    token = made_by(using, people["shen"])
    code = release(using, TENANT, "mei", by=people["he"]).code
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(TRIES_MAX):
        with pytest.raises(DeniedError, match="not the code"):
            enrol_with_password(using, token, wrong, OTHER_PASSWORD)
    with pytest.raises(NotFoundError):
        enrol_with_password(using, token, code, OTHER_PASSWORD)
    with pytest.raises(NotFoundError):
        look_at_link(using, token)
    assert sign_in(using, TENANT, "mei", PASSWORD), "the account is as it was"


def test_a_code_is_good_for_an_hour_and_until_the_next(
    using: IdentityPorts, people: dict[str, Staff], clock: SteppingClock
) -> None:
    token = made_by(using, people["shen"])
    first = release(using, TENANT, "mei", by=people["he"]).code
    second = release(using, TENANT, "mei", by=people["guan"]).code
    if first != second:
        with pytest.raises(DeniedError, match="not the code"):
            enrol_with_password(using, token, first, OTHER_PASSWORD)
    clock.moment += RELEASE_FOR
    with pytest.raises(DeniedError, match="second person"):
        enrol_with_password(using, token, second, OTHER_PASSWORD)


def test_releasing_needs_a_fresh_proof_and_a_link_that_waits(
    using: IdentityPorts, people: dict[str, Staff], clock: SteppingClock
) -> None:
    with pytest.raises(NotFoundError, match="no link waits"):
        release(using, TENANT, "mei", by=people["he"])
    made_by(using, people["shen"])
    clock.moment += STEP_UP_MAX + timedelta(seconds=1)
    with pytest.raises(StepUpNeededError):
        release(using, TENANT, "mei", by=people["he"])


def test_the_owner_refuses_a_link_that_they_did_not_ask_for(using: IdentityPorts, people: dict[str, Staff]) -> None:
    token = made_by(using, people["shen"])
    release(using, TENANT, "mei", by=people["he"])
    withdraw_link(using, TENANT, people["mei"].account, by=people["mei"].account.id)
    with pytest.raises(NotFoundError):
        look_at_link(using, token)
    with pytest.raises(ConflictError):
        withdraw_link(using, TENANT, people["mei"].account, by=people["mei"].account.id)


def test_who_made_released_and_took_a_link_is_on_the_record(using: IdentityPorts, people: dict[str, Staff]) -> None:
    token = made_by(using, people["shen"])
    (waiting,) = waiting_links(using, TENANT)
    assert (waiting.account.name, waiting.made_by, waiting.released_by) == ("mei", people["shen"].account.id, "")
    code = release(using, TENANT, "mei", by=people["he"]).code
    assert waiting_links(using, TENANT)[0].released_by == people["he"].account.id
    enrol_with_password(using, token, code, OTHER_PASSWORD)
    noted = {each.act: each for each in notes_of(using, people["mei"].account.id)[:5]}
    assert noted[Act.LINK_MADE].by == people["shen"].account.id and noted[Act.LINK_RELEASED].by == people["he"].account.id
    assert people["shen"].account.id in noted[Act.ENROLLED].how and people["he"].account.id in noted[Act.ENROLLED].how
    assert code not in str(notes_of(using, people["mei"].account.id)) and waiting_links(using, TENANT) == []


def test_in_a_new_home_the_operator_lets_the_first_in_and_nobody_after_them(using: IdentityPorts) -> None:
    """Where nobody could release a link there is nobody to deceive; from then on the operator is like any maker."""
    make_account(using, TENANT, "shen", roles=["security_administrator"])
    make_account(using, TENANT, "mei", roles=["agent"])
    first = offer_enrolment(using, TENANT, "shen")
    enrol_with_password(using, first.token, first.code, PASSWORD)
    assert offer_enrolment(using, TENANT, "mei").code == "", "shen can release it"
    with pytest.raises(ConflictError):
        let_all_in(using, TENANT, ["mei"], PASSWORD)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)
    _, shen = sign_in(using, TENANT, "shen", PASSWORD)
    again = offer_enrolment(using, TENANT, "mei")
    assert enrol_with_password(using, again.token, release(using, TENANT, "mei", by=shen).code, PASSWORD)


def test_nobody_but_the_operator_is_ever_alone(using: IdentityPorts) -> None:
    made = make_account(using, TENANT, "shen", roles=["security_administrator"])
    assert offer_enrolment(using, TENANT, "shen", by=made.id).code == ""
    assert offer_enrolment(using, TENANT, "shen", by="scim").code == ""


def test_the_first_people_of_a_demonstration_all_get_in(using: IdentityPorts) -> None:
    for name, role in PEOPLE.items():
        make_account(using, TENANT, name, roles=[role])
    let_all_in(using, TENANT, PEOPLE, PASSWORD)
    for account in list_accounts(using, TENANT):
        token, staff = sign_in(using, TENANT, account.name, PASSWORD)
        assert replace(staff_of(using, token), proved_at=staff.proved_at) == staff
    assert find_account(using, TENANT, "mei").is_active
