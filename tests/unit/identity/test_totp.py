"""The second factor: set up with a first code, asked for from then on, each code good once, held against RFC 6238's vectors."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select, update

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.govern.identity._tables import accounts
from jianlu.govern.identity._totp_steps import matching_step
from jianlu.govern.identity.model import FAILURES_MAX, CodeNeededError, SecondFactorNeededError, SignInNeededError, Staff
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import known_for_one_act, sign_in
from jianlu.govern.identity.sign_ins import list_sign_ins, staff_of
from jianlu.govern.identity.totp import begin_totp, confirm_totp, reset_totp
from tests.fakes.identity.worlds import PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

STEP = timedelta(seconds=30)


@pytest.fixture
def mei(using: IdentityPorts) -> Staff:
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"])
    return sign_in(using, TENANT, "mei", PASSWORD)[1]


def enrol(using: IdentityPorts, clock: SteppingClock, staff: Staff) -> pyotp.TOTP:
    totp = pyotp.parse_uri(begin_totp(using, staff).uri)
    assert isinstance(totp, pyotp.TOTP)
    confirm_totp(using, staff, totp.at(clock.moment))
    clock.moment += STEP
    return totp


def test_a_code_is_needed_once_the_factor_is_on(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    enrolment = begin_totp(using, mei)
    assert sign_in(using, TENANT, "mei", PASSWORD), "not before it is confirmed"
    totp = pyotp.TOTP(enrolment.secret)
    confirm_totp(using, mei, totp.at(clock.moment))
    clock.moment += STEP
    with pytest.raises(CodeNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)
    token, staff = sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment))
    assert staff.by_totp and staff_of(using, token).by_totp and staff.account.has_totp


def test_a_code_that_was_used_is_refused(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    totp = enrol(using, clock, mei)
    code = totp.at(clock.moment)
    sign_in(using, TENANT, "mei", PASSWORD, code)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD, code)
    earlier = totp.at(clock.moment - STEP)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD, earlier)
    clock.moment += STEP
    assert sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment))


def test_the_code_that_switched_it_on_does_not_sign_in(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    totp = pyotp.TOTP(begin_totp(using, mei).secret)
    code = totp.at(clock.moment)
    confirm_totp(using, mei, code)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD, code)


def test_a_phone_that_is_half_a_minute_off_gets_in_and_one_that_is_two_off_does_not(
    using: IdentityPorts, clock: SteppingClock, mei: Staff
) -> None:
    totp = enrol(using, clock, mei)
    assert sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment + STEP))
    clock.moment += 10 * STEP
    for off in (-3 * STEP, 3 * STEP):
        with pytest.raises(SignInNeededError):
            sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment + off))


def test_asking_for_the_code_is_no_failure_but_a_wrong_code_is(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    totp = enrol(using, clock, mei)
    for _ in range(2 * FAILURES_MAX):
        with pytest.raises(CodeNeededError):
            sign_in(using, TENANT, "mei", PASSWORD)
    wrong = "000000" if totp.at(clock.moment) != "000000" else "000001"
    for _ in range(FAILURES_MAX):
        with pytest.raises(SignInNeededError):
            sign_in(using, TENANT, "mei", PASSWORD, wrong)
    with pytest.raises(SignInNeededError, match="sign-in refused"):
        sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment))


def test_a_second_factor_is_not_replaced_silently_and_is_reset_by_an_administrator(
    using: IdentityPorts, clock: SteppingClock, mei: Staff
) -> None:
    totp = enrol(using, clock, mei)
    _, staff = sign_in(using, TENANT, "mei", PASSWORD, totp.at(clock.moment))
    with pytest.raises(ConflictError):
        begin_totp(using, staff)
    with pytest.raises(ConflictError):
        confirm_totp(using, staff, totp.at(clock.moment))
    reset_totp(using, TENANT, "mei")
    assert not sign_in(using, TENANT, "mei", PASSWORD)[1].by_totp


def test_a_wrong_first_code_leaves_it_off(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    with pytest.raises(ConflictError):
        confirm_totp(using, mei, "123456")
    totp = pyotp.TOTP(begin_totp(using, mei).secret)
    with pytest.raises(InvalidError, match="clock"):
        confirm_totp(using, mei, totp.at(clock.moment + 5 * STEP))
    assert sign_in(using, TENANT, "mei", PASSWORD)


def test_a_secret_moved_to_another_account_is_noticed(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    totp = enrol(using, clock, mei)
    add_account(using, TENANT, "eve", PASSWORD, roles=["agent"])
    with using.database.begin() as connection:
        copied = select(accounts.c.totp_wrapped).where(accounts.c.name == "mei").scalar_subquery()
        connection.execute(update(accounts).where(accounts.c.name == "eve").values(totp_is_on=True, totp_wrapped=copied))
    with pytest.raises(IntegrityError):
        sign_in(using, TENANT, "eve", PASSWORD, totp.at(clock.moment))


def test_the_secret_is_not_in_the_database(using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    secret = begin_totp(using, mei).secret
    with using.database.connect() as connection:
        row = str(connection.execute(select(accounts)).all())
    assert secret not in row and base64.b32decode(secret).hex() not in row


@pytest.mark.parametrize(
    ("at_s", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_are_those_of_rfc_6238(at_s: int, code: str, using: IdentityPorts, clock: SteppingClock, mei: Staff) -> None:
    secret = b"12345678901234567890"
    assert matching_step(secret, code, datetime.fromtimestamp(at_s, UTC)) == at_s // 30
    assert matching_step(secret, code[:3] + " " + code[3:], datetime.fromtimestamp(at_s, UTC)) == at_s // 30
    assert matching_step(secret, code, datetime.fromtimestamp(at_s + 90, UTC)) is None


def test_a_command_needs_the_code_too_where_everybody_has_a_second_factor(
    using: IdentityPorts, clock: SteppingClock, mei: Staff
) -> None:
    strict = replace(using, needs_second_factor=True)
    with pytest.raises(SecondFactorNeededError):
        known_for_one_act(strict, TENANT, "mei", PASSWORD)
    totp = enrol(strict, clock, mei)
    clock.moment += STEP
    before = list_sign_ins(strict, mei.account.id)
    assert known_for_one_act(strict, TENANT, "mei", PASSWORD, totp.at(clock.moment)).proved_by == "password+totp"
    assert list_sign_ins(strict, mei.account.id) == before
