"""Signing in: right and wrong credentials, locking, sign-ins that end, and that the database alone lets nobody in."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from jianlu.core.errors import UnavailableError
from jianlu.govern.identity._tables import accounts, sign_ins
from jianlu.govern.identity.accounts import add_account, set_active, set_password, unlock_account
from jianlu.govern.identity.model import FAILURES_MAX, IDLE_MAX, LOCKED_FOR, SIGN_IN_MAX, SignInNeededError
from jianlu.govern.identity.passwords import HASHES_AT_ONCE, Passwords
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import sign_in, sign_out, staff_of, sweep_sign_ins
from tests.fakes.identity.worlds import OTHER_PASSWORD, PASSWORD, TENANT
from tests.fakes.vault.memory import SteppingClock


@pytest.fixture(autouse=True)
def _mei(using: IdentityPorts) -> None:
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"], display="王梅", licences=["life"], languages=["zh", "en"])


def fail(using: IdentityPorts, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SignInNeededError, match="sign-in refused"):
            sign_in(using, TENANT, "mei", OTHER_PASSWORD)


def test_a_right_password_gives_a_token_that_says_who_it_is(using: IdentityPorts) -> None:
    token, staff = sign_in(using, TENANT, "mei", PASSWORD)
    again = staff_of(using, token)
    assert again == staff
    assert (again.account.display, again.account.licences, again.account.languages) == ("王梅", ("life",), ("zh", "en"))
    assert token not in repr(staff) and len(token) >= 43


@pytest.mark.parametrize(("name", "password"), [("mei", OTHER_PASSWORD), ("nobody", PASSWORD), ("mei", ""), ("MEI", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_read_the_same(using: IdentityPorts, name: str, password: str) -> None:
    with pytest.raises(SignInNeededError, match="sign-in refused: check name, password and code"):
        sign_in(using, TENANT, name, password)


def test_an_account_of_another_tenant_is_none_of_ours(using: IdentityPorts) -> None:
    with pytest.raises(SignInNeededError):
        sign_in(using, type(TENANT)("other-bank"), "mei", PASSWORD)


def test_five_failures_lock_even_for_the_right_password(using: IdentityPorts, clock: SteppingClock) -> None:
    fail(using, FAILURES_MAX)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)
    clock.moment += LOCKED_FOR - timedelta(minutes=1)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)
    clock.moment += timedelta(minutes=1)
    assert sign_in(using, TENANT, "mei", PASSWORD)[1].account.name == "mei"


def test_a_right_password_before_the_fifth_failure_forgets_the_others(using: IdentityPorts) -> None:
    for _ in range(3):
        fail(using, FAILURES_MAX - 1)
        sign_in(using, TENANT, "mei", PASSWORD)


def test_guesses_in_parallel_do_not_outrun_the_lock(using: IdentityPorts) -> None:
    tried: list[bool] = []
    real = using.passwords

    class Counting(Passwords):
        def matches(self, kept: str | None, password: str) -> bool:
            tried.append(kept is not None)
            return real.matches(kept, password)

    watched = replace(using, passwords=Counting(time_cost=1, memory_kib=8, lanes=1))

    def guess() -> None:
        with pytest.raises(SignInNeededError):
            sign_in(watched, TENANT, "mei", OTHER_PASSWORD)

    threads = [threading.Thread(target=guess) for _ in range(4 * FAILURES_MAX)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tried) == 4 * FAILURES_MAX
    assert sum(tried) == FAILURES_MAX, "a locked account's password is not looked at"


def test_an_administrator_unlocks_or_sets_a_new_password(using: IdentityPorts) -> None:
    fail(using, FAILURES_MAX)
    unlock_account(using, TENANT, "mei")
    token, _ = sign_in(using, TENANT, "mei", PASSWORD)
    fail(using, FAILURES_MAX)
    set_password(using, TENANT, "mei", OTHER_PASSWORD)
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
    assert sign_in(using, TENANT, "mei", OTHER_PASSWORD)


def test_signing_out_ends_that_sign_in_alone(using: IdentityPorts) -> None:
    first, _ = sign_in(using, TENANT, "mei", PASSWORD)
    second, _ = sign_in(using, TENANT, "mei", PASSWORD)
    sign_out(using, first)
    sign_out(using, first)
    with pytest.raises(SignInNeededError, match="not signed in"):
        staff_of(using, first)
    assert staff_of(using, second).account.name == "mei"


def test_a_switched_off_account_is_out_at_once(using: IdentityPorts) -> None:
    token, _ = sign_in(using, TENANT, "mei", PASSWORD)
    set_active(using, TENANT, "mei", is_active=False)
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
    with pytest.raises(SignInNeededError):
        sign_in(using, TENANT, "mei", PASSWORD)
    set_active(using, TENANT, "mei", is_active=True)
    assert sign_in(using, TENANT, "mei", PASSWORD)


def test_an_idle_sign_in_ends_and_a_used_one_ends_after_a_day_of_work(using: IdentityPorts, clock: SteppingClock) -> None:
    token, _ = sign_in(using, TENANT, "mei", PASSWORD)
    idle, _ = sign_in(using, TENANT, "mei", PASSWORD)
    used = timedelta()
    while used + IDLE_MAX / 2 < SIGN_IN_MAX:
        clock.moment += IDLE_MAX / 2
        used += IDLE_MAX / 2
        assert staff_of(using, token)
    with pytest.raises(SignInNeededError):
        staff_of(using, idle)
    clock.moment += IDLE_MAX / 2
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
    sweep_sign_ins(using)
    with using.database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sign_ins")).scalar_one() == 0


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 10_000, "\ud800", "' OR 1=1 --"])
def test_a_made_up_token_is_nobodys(using: IdentityPorts, token: str) -> None:
    with pytest.raises(SignInNeededError):
        staff_of(using, token)


def test_the_database_holds_neither_token_nor_password(using: IdentityPorts) -> None:
    token, _ = sign_in(using, TENANT, "mei", PASSWORD)
    with using.database.connect() as connection:
        rows = [str(row) for table in (accounts, sign_ins) for row in connection.execute(select(table))]
    assert rows and not [row for row in rows if token in row or PASSWORD in row]
    assert any("$argon2id$" in row for row in rows)


def test_a_password_is_hashed_anew_when_the_cost_was_raised(using: IdentityPorts) -> None:
    dearer = replace(using, passwords=Passwords(time_cost=2, memory_kib=16, lanes=1))
    sign_in(dearer, TENANT, "mei", PASSWORD)
    with using.database.connect() as connection:
        assert "m=16,t=2,p=1" in connection.execute(text("SELECT password_hash FROM accounts")).scalar_one()
    assert sign_in(using, TENANT, "mei", PASSWORD)


def test_a_password_typed_on_another_keyboard_is_the_same(using: IdentityPorts) -> None:
    set_password(using, TENANT, "mei", "caf\u00e9 au lait, merci")
    assert sign_in(using, TENANT, "mei", "cafe\u0301 au lait, merci")


def test_too_many_at_once_are_asked_to_come_back(using: IdentityPorts) -> None:
    busy = replace(using, passwords=Passwords(time_cost=1, memory_kib=8, lanes=1, turn_wait_s=0))
    turns = [busy.passwords.turn() for _ in range(HASHES_AT_ONCE)]
    for turn in turns:
        turn.__enter__()
    with pytest.raises(UnavailableError, match="try again"):
        sign_in(busy, TENANT, "mei", PASSWORD)
    for turn in turns:
        turn.__exit__(None, None, None)
    assert sign_in(busy, TENANT, "mei", PASSWORD)
