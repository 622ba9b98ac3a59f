"""Participants: a token for one seat of one case, replaced by the next, ended with the seat, never good for another use."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jianlu.core.terms.ids import CaseRef
from jianlu.govern.identity.admissions import admit, dismiss, participant_of, sweep_admissions
from jianlu.govern.identity.model import SEAT_MAX, SignInNeededError
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import staff_of
from tests.fakes.identity.worlds import PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

CASE = CaseRef("c" + "a2" * 13)
OTHER = CaseRef("c" + "b3" * 13)


def test_an_admission_is_for_one_seat_of_one_case(using: IdentityPorts) -> None:
    token, made = admit(using, TENANT, CASE, "customer")
    assert participant_of(using, token) == made
    assert (made.tenant, made.case, made.seat, made.scope) == (TENANT, CASE, "customer", "")


def test_whoever_is_admitted_again_replaces_whoever_was(using: IdentityPorts) -> None:
    first, _ = admit(using, TENANT, CASE, "customer")
    others = [admit(using, TENANT, CASE, "guardian")[0], admit(using, TENANT, OTHER, "customer")[0]]
    second, _ = admit(using, TENANT, CASE, "customer")
    with pytest.raises(SignInNeededError, match="invitation"):
        participant_of(using, first)
    assert all(participant_of(using, token) for token in [second, *others])


def test_an_admission_ends_with_the_seat_and_after_a_day(using: IdentityPorts, clock: SteppingClock) -> None:
    token, _ = admit(using, TENANT, CASE, "customer")
    software, _ = admit(using, TENANT, CASE, "customer", scope="whip:customer")
    dismiss(using, TENANT, CASE, "customer")
    for ended, prefix in ((token, ""), (software, "whip:")):
        with pytest.raises(SignInNeededError):
            participant_of(using, ended, scope_prefix=prefix)
    token, _ = admit(using, TENANT, CASE, "customer")
    clock.moment += SEAT_MAX - timedelta(minutes=1)
    assert participant_of(using, token)
    clock.moment += timedelta(minutes=1)
    with pytest.raises(SignInNeededError):
        participant_of(using, token)
    sweep_admissions(using)


def test_a_token_for_software_is_no_seat_and_a_seat_no_token_for_software(using: IdentityPorts) -> None:
    software, made = admit(using, TENANT, CASE, "agent", scope="whip:agent")
    person, _ = admit(using, TENANT, CASE, "agent")
    assert participant_of(using, software, scope_prefix="whip:") == made
    for token, prefix in ((software, ""), (software, "whep:"), (person, "whip:")):
        with pytest.raises(SignInNeededError):
            participant_of(using, token, scope_prefix=prefix)


def test_staff_and_participants_cannot_use_each_others_tokens(using: IdentityPorts) -> None:
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"])
    staff, _ = sign_in(using, TENANT, "mei", PASSWORD)
    seat, _ = admit(using, TENANT, CASE, "customer")
    with pytest.raises(SignInNeededError):
        staff_of(using, seat)
    with pytest.raises(SignInNeededError):
        participant_of(using, staff)
