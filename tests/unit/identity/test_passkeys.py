"""Passkeys: enrolled by their owner after a fresh proof, good for signing in; every attack on the ceremony is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jianlu.core.errors import ConflictError, InvalidError, NotFoundError
from jianlu.govern.identity.accounts import set_active
from jianlu.govern.identity.model import STEP_UP_MAX, SignInNeededError, Site, Staff, StepUpNeededError
from jianlu.govern.identity.passkeys import (
    PASSKEYS_MAX,
    Passkey,
    begin_enrolment,
    begin_sign_in,
    begin_step_up,
    enrol,
    list_passkeys,
    remove_passkey,
    sign_in_by_passkey,
    step_up_by_passkey,
)
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import staff_of
from jianlu.govern.identity.step_up import is_recent
from tests.fakes.identity.authenticator import Authenticator, b64, unb64
from tests.fakes.identity.worlds import PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

SITE = Site("https://testserver", "Demo bank")


@pytest.fixture
def mei(using: IdentityPorts) -> Staff:
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"])
    return sign_in(using, TENANT, "mei", PASSWORD)[1]


def enrolled(using: IdentityPorts, staff: Staff, authenticator: Authenticator, name: str = "phone") -> Passkey:
    return enrol(using, staff, SITE, authenticator.create(begin_enrolment(using, staff, SITE)), name)[0]


def enter(using: IdentityPorts, authenticator: Authenticator) -> tuple[str, Staff]:
    return sign_in_by_passkey(using, TENANT, SITE, authenticator.get(begin_sign_in(using, SITE)))


@pytest.mark.parametrize("algorithm", [-7, -8])
def test_whoever_enrolled_a_passkey_signs_in_with_it_alone(using: IdentityPorts, mei: Staff, algorithm: int) -> None:
    phone = Authenticator(algorithm=algorithm)
    made = enrolled(using, mei, phone)
    token, staff = enter(using, phone)
    assert staff_of(using, token) == staff and staff.account == mei.account and staff.proved_by == "passkey"
    (listed,) = list_passkeys(using, mei.account.id)
    assert listed.id == made.id and listed.name == "phone" and listed.used_at is not None


def test_a_passkey_holds_at_the_other_port_of_the_same_host_where_it_has_one(using: IdentityPorts, mei: Staff) -> None:
    both = replace(SITE, other_origin="https://testserver:9443")
    phone = Authenticator(origin="https://testserver:9443")
    enrol(using, mei, both, phone.create(begin_enrolment(using, mei, both)), "phone")
    assert sign_in_by_passkey(using, TENANT, both, phone.get(begin_sign_in(using, both)))[1].account == mei.account
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, TENANT, SITE, phone.get(begin_sign_in(using, SITE)))


def test_an_authenticator_that_keeps_no_counter_is_used_again_and_again(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator(step=0, is_synced=True)
    assert enrolled(using, mei, phone).is_backed_up
    assert {enter(using, phone)[1].account.name for _ in range(3)} == {"mei"}


def test_enrolling_and_removing_need_a_fresh_proof(using: IdentityPorts, mei: Staff, clock: SteppingClock) -> None:
    phone = Authenticator()
    options = begin_enrolment(using, mei, SITE)
    clock.moment += STEP_UP_MAX + timedelta(seconds=30)
    for act in (
        lambda: begin_enrolment(using, mei, SITE),
        lambda: enrol(using, mei, SITE, phone.create(options), "late"),
        lambda: remove_passkey(using, mei, "k" + "a" * 26),
    ):
        with pytest.raises(StepUpNeededError):
            act()
    assert list_passkeys(using, mei.account.id) == []


def test_a_passkey_is_enrolled_by_the_sign_in_that_asked_and_by_no_other(using: IdentityPorts, mei: Staff) -> None:
    add_account(using, TENANT, "chen", PASSWORD, roles=["administrator"])
    chen = sign_in(using, TENANT, "chen", PASSWORD)[1]
    answer = Authenticator().create(begin_enrolment(using, mei, SITE))
    with pytest.raises(InvalidError):
        enrol(using, chen, SITE, answer, "an administrator's, for mei")
    assert list_passkeys(using, mei.account.id) == list_passkeys(using, chen.account.id) == []


WRONG_PAGES: list[dict[str, Any]] = [
    {"origin": "https://evil.example"},
    {"origin": "http://testserver"},
    {"origin": "https://testserver:444"},
    {"site": "evil.example"},
    {"verifies_user": False},
    {"client": {"crossOrigin": True}},
    {"client": {"topOrigin": "https://evil.example"}},
    {"client": {"challenge": b64(bytes(32))}},
]


@pytest.mark.parametrize("wrong", WRONG_PAGES)
def test_a_passkey_of_another_page_or_without_its_owner_is_not_enrolled(
    using: IdentityPorts, mei: Staff, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidError):
        enrolled(using, mei, Authenticator(**wrong))
    assert list_passkeys(using, mei.account.id) == []


@pytest.mark.parametrize("wrong", [*WRONG_PAGES, {"client": {"type": "webauthn.create"}}])
def test_a_proof_for_another_page_or_without_its_owner_is_refused(
    using: IdentityPorts, mei: Staff, wrong: dict[str, Any]
) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    for name, value in wrong.items():
        setattr(phone, name, value)
    with pytest.raises(SignInNeededError):
        enter(using, phone)


def test_a_proof_is_good_once_and_for_two_minutes(using: IdentityPorts, mei: Staff, clock: SteppingClock) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    answer = phone.get(begin_sign_in(using, SITE))
    assert sign_in_by_passkey(using, TENANT, SITE, answer)
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, TENANT, SITE, answer)
    late = phone.get(begin_sign_in(using, SITE))
    clock.moment += timedelta(minutes=2, seconds=1)
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, TENANT, SITE, late)


def test_a_challenge_is_used_up_by_a_wrong_answer_too(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    options = begin_sign_in(using, SITE)
    forged = phone.get(options)
    forged["response"]["signature"] = b64(bytes(64))
    for answer in (forged, phone.get(options)):
        with pytest.raises(SignInNeededError):
            sign_in_by_passkey(using, TENANT, SITE, answer)


def test_a_counter_that_goes_back_is_refused_and_the_passkey_is_good_for_nothing_from_then_on(
    using: IdentityPorts, mei: Staff
) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    stolen = phone.copied()
    enter(using, phone)
    enter(using, phone)
    with pytest.raises(SignInNeededError, match="copied"):
        enter(using, stolen)
    with pytest.raises(SignInNeededError, match="copied"):
        enter(using, phone)
    assert [each.is_cloned for each in list_passkeys(using, mei.account.id)] == [True]


def test_a_made_up_counter_without_the_key_does_not_spoil_the_passkey(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator(counter=5)
    enrolled(using, mei, phone)
    forged = phone.copied()
    forged.counter = 0
    answer = forged.get(begin_sign_in(using, SITE))
    answer["response"]["signature"] = b64(bytes(70))
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, TENANT, SITE, answer)
    assert enter(using, phone)[1].account.name == "mei"


def _with(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def changed(answer: dict[str, Any]) -> dict[str, Any]:
        change(answer)
        return answer

    return changed


BROKEN: list[Callable[[dict[str, Any]], Any]] = [
    lambda _: {},
    lambda answer: {"id": answer["id"]},
    lambda answer: {**answer, "response": []},
    lambda answer: {**answer, "id": 7},
    lambda answer: {**answer, "rawId": b64(b"other")},
    lambda answer: {**answer, "type": "password"},
    _with(lambda answer: answer["response"].update(clientDataJSON="*")),
    _with(lambda answer: answer["response"].update(clientDataJSON=b64(b"[" * 100_000))),
    _with(lambda answer: answer["response"].update(clientDataJSON=b64(json.dumps([1]).encode()))),
    _with(lambda answer: answer["response"].update(authenticatorData=b64(bytes(5)))),
    _with(lambda answer: answer["response"].update(authenticatorData=7)),
    _with(lambda answer: answer["response"].update(signature="")),
    _with(lambda answer: answer["response"].update(userHandle=b64(b"a" * 27))),
    _with(lambda answer: answer["response"].pop("signature")),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_bytes_that_are_no_proof_are_refused_like_any_wrong_one(
    using: IdentityPorts, mei: Staff, broken: Callable[[dict[str, Any]], Any]
) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, TENANT, SITE, broken(phone.get(begin_sign_in(using, SITE))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 5_000), bit=st.integers(0, 7))
def test_no_bit_of_an_enrolment_flips_into_a_surprise(using: IdentityPorts, mei: Staff, place: int, bit: int) -> None:
    answer = Authenticator().create(begin_enrolment(using, mei, SITE))
    raw = bytearray(unb64(answer["response"]["attestationObject"]))
    raw[place % len(raw)] ^= 1 << bit
    answer["response"]["attestationObject"] = b64(bytes(raw))
    try:
        made, _ = enrol(using, mei, SITE, answer, "flipped")
    except InvalidError:
        made = None
    assert made is None or remove_passkey(using, mei, made.id) == made


def test_step_up_takes_ones_own_passkey_and_nobody_elses(using: IdentityPorts, mei: Staff, clock: SteppingClock) -> None:
    token = sign_in(using, TENANT, "mei", PASSWORD)[0]
    mine, others = Authenticator(), Authenticator()
    enrolled(using, mei, mine)
    add_account(using, TENANT, "chen", PASSWORD, roles=["agent"])
    chen = sign_in(using, TENANT, "chen", PASSWORD)[1]
    enrolled(using, chen, others)
    clock.moment += STEP_UP_MAX + timedelta(minutes=1)
    staff = staff_of(using, token)
    assert not is_recent(using, staff)
    with pytest.raises(SignInNeededError):
        step_up_by_passkey(using, staff, SITE, others.get({**begin_step_up(using, staff, SITE), "allowCredentials": []}))
    with pytest.raises(SignInNeededError):
        step_up_by_passkey(using, staff, SITE, mine.get(begin_sign_in(using, SITE)))
    assert not is_recent(using, staff_of(using, token))
    fresh = step_up_by_passkey(using, staff, SITE, mine.get(begin_step_up(using, staff, SITE)))
    assert is_recent(using, staff_of(using, fresh)) and staff_of(using, fresh).proved_by == "passkey"


def test_a_switched_off_account_has_no_use_of_its_passkey(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    set_active(using, TENANT, "mei", is_active=False)
    with pytest.raises(SignInNeededError):
        enter(using, phone)


def test_a_passkey_of_another_tenant_is_none_of_ours(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    with pytest.raises(SignInNeededError):
        sign_in_by_passkey(using, type(TENANT)("other-bank"), SITE, phone.get(begin_sign_in(using, SITE)))


def test_a_removed_passkey_lets_nobody_in_and_only_its_owner_removes_it(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator()
    made = enrolled(using, mei, phone)
    add_account(using, TENANT, "chen", PASSWORD, roles=["administrator"])
    with pytest.raises(NotFoundError):
        remove_passkey(using, sign_in(using, TENANT, "chen", PASSWORD)[1], made.id)
    remove_passkey(using, mei, made.id)
    with pytest.raises(SignInNeededError):
        enter(using, phone)


def test_one_credential_belongs_to_one_account_and_an_account_has_ten_at_most(using: IdentityPorts, mei: Staff) -> None:
    phone = Authenticator()
    enrolled(using, mei, phone)
    assert len(begin_enrolment(using, mei, SITE)["excludeCredentials"]) == 1
    for _ in range(PASSKEYS_MAX - 1):
        enrolled(using, mei, Authenticator())
    with pytest.raises(ConflictError, match="at most"):
        begin_enrolment(using, mei, SITE)
