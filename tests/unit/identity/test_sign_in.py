"""Signing in: right and wrong credentials, locking, sign-ins that end, and that the database alone lets nobody in."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from jianlu.core.errors import UnavailableError
from jianlu.govern.identity._tables import accounts, sign_ins
from jianlu.govern.identity.accounts import set_active, unlock_account
from jianlu.govern.identity.devices import Seen
from jianlu.govern.identity.model import FAILURES_MAX, IDLE_MAX, LOCKED_FOR, SIGN_IN_MAX, SignInNeededError
from jianlu.govern.identity.passwords import HASHES_AT_ONCE, Passwords
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import sign_out, staff_named, staff_of, sweep_sign_ins
from jianlu.govern.identity.step_up import step_up_by_password
from tests.fakes.identity.worlds import OTHER_PASSWORD, PASSWORD, TENANT, add_account, set_password
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


def test_an_administrator_unlocks_and_the_owner_takes_a_link_with_a_new_password(using: IdentityPorts) -> None:
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
    clock.moment += IDLE_MAX / 2
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


def test_each_proof_changes_the_token_and_the_one_before_is_refused(using: IdentityPorts) -> None:
    here = Seen(key="desk", place="branch")
    token, staff = sign_in(using, TENANT, "mei", PASSWORD, seen=here)
    fresh = step_up_by_password(using, staff, PASSWORD)
    with pytest.raises(SignInNeededError):
        staff_of(using, token, here)
    again = staff_of(using, fresh, here)
    assert again.sign_in == staff.sign_in and again.is_bound, "what stays open rests on the name, the device is the same"
    with pytest.raises(SignInNeededError):
        staff_of(using, fresh, Seen(key="another desk", place="branch"))
    assert staff_named(using, staff.sign_in, here) == again


def test_of_two_proofs_at_once_the_sign_in_has_one_token(using: IdentityPorts) -> None:
    token, staff = sign_in(using, TENANT, "mei", PASSWORD)
    fresh: list[str] = []
    threads = [threading.Thread(target=lambda: fresh.append(step_up_by_password(using, staff, PASSWORD))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*fresh, token}) == 3 and [_holds(using, each) for each in (token, *fresh)].count(True) == 1


def _holds(using: IdentityPorts, token: str) -> bool:
    try:
        return staff_of(using, token).account.name == "mei"
    except SignInNeededError:
        return False


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in_but_a_call_does(using: IdentityPorts, clock: SteppingClock) -> None:
    asking = Seen(is_use=False)
    alone, _ = sign_in(using, TENANT, "mei", PASSWORD)
    talking, staff = sign_in(using, TENANT, "mei", PASSWORD)
    for _ in range(4):
        clock.moment += IDLE_MAX / 3
        assert staff_of(using, talking, asking, stays=lambda account: account == staff.account)
        with suppress(SignInNeededError):
            staff_of(using, alone, asking)
    with pytest.raises(SignInNeededError):
        staff_of(using, alone, asking)


def test_never_are_more_passwords_hashed_at_once_than_the_cap(using: IdentityPorts) -> None:
    """Twelve people sign in at the same moment: whoever hashes is counted inside the hashing itself."""
    counted = Counted()
    busy = replace(using, passwords=counted)
    threads = [threading.Thread(target=sign_in, args=(busy, TENANT, "mei", PASSWORD)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.times == 12 and 1 <= counted.most <= HASHES_AT_ONCE


class Counted(Passwords):
    """Argon2id at a cost that takes a moment, which knows how many compare at the same time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_kib=1024, lanes=1)
        self._lock = threading.Lock()
        self._now = self.most = self.times = 0

    def matches(self, kept: str | None, password: str) -> bool:
        with self._lock:
            self._now, self.times = self._now + 1, self.times + 1
            self.most = max(self.most, self._now)
        try:
            return super().matches(kept, password)
        finally:
            with self._lock:
                self._now -= 1
