"""Places of sign-ins: a new one is told, one too far away is refused or wants a second factor, by the settings' rules; no look-ups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from jianlu.core.errors import InvalidError
from jianlu.govern.identity.devices import Seen
from jianlu.govern.identity.localities import ELSEWHERE, Localities, Rule, coordinates_of
from jianlu.govern.identity.model import SignInNeededError, Site
from jianlu.govern.identity.notes import Act, notes_of
from jianlu.govern.identity.passkeys import begin_enrolment, begin_sign_in, enrol, sign_in_by_passkey
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.sign_in import sign_in
from jianlu.govern.identity.sign_ins import list_sign_ins, staff_of
from jianlu.govern.identity.step_up import is_recent
from tests.fakes.identity.authenticator import Authenticator
from tests.fakes.identity.worlds import PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

SITE = Site("https://testserver", "Demo bank")
PLACES = Localities(
    networks=tuple(
        (ip_network(network), name)
        for network, name in (
            ("10.0.0.0/8", "vpn"),
            ("10.31.0.0/16", "shanghai"),
            ("10.11.0.0/16", "beijing"),
            ("fd31::/16", "shanghai"),
        )
    ),
    coordinates={"shanghai": (31.23, 121.47), "beijing": (39.9, 116.4)},
)


@pytest.fixture
def placed(using: IdentityPorts) -> IdentityPorts:
    """Identity with a table of places, and mei."""
    add_account(using, TENANT, "mei", PASSWORD, roles=["agent"])
    return replace(using, localities=PLACES)


def enter(using: IdentityPorts, locality: str, key: str = "") -> tuple[str, str]:
    """Mei signs in there: the token and the account."""
    token, staff = sign_in(using, TENANT, "mei", PASSWORD, seen=Seen(locality=locality, key=key))
    return token, staff.account.id


def alarms(using: IdentityPorts, account: str) -> list[str]:
    return [each.act for each in notes_of(using, account) if each.act in (Act.NEW_PLACE, Act.TOO_FAR)]


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("10.31.4.5", "shanghai"),
        ("10.11.0.1", "beijing"),
        ("10.200.0.1", "vpn"),
        ("fd31::7", "shanghai"),
        ("203.0.113.9", ELSEWHERE),
        ("testclient", ELSEWHERE),
        ("", ELSEWHERE),
    ],
)
def test_an_address_is_where_the_narrowest_network_says(address: str, where: str) -> None:
    assert PLACES.of(address) == where and Localities().of(address) == ""


@pytest.mark.parametrize("text", ["", "31", "91,0", "0,181", "a,b", "1,2,3", "nan,0"])
def test_what_are_no_coordinates_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        coordinates_of(text)


def test_the_first_place_alarms_nobody_and_a_new_one_is_told_once(placed: IdentityPorts, clock: SteppingClock) -> None:
    _, account = enter(placed, "shanghai")
    assert alarms(placed, account) == []
    clock.moment += timedelta(hours=10)
    enter(placed, "beijing")
    enter(placed, "beijing")
    assert alarms(placed, account) == [Act.NEW_PLACE]
    assert {each.where for each in list_sign_ins(placed, account)} == {"beijing"}


def test_nobody_is_in_two_far_places_within_the_hour(placed: IdentityPorts, clock: SteppingClock) -> None:
    _, account = enter(placed, "shanghai")
    clock.moment += timedelta(minutes=40)
    with pytest.raises(SignInNeededError, match="passkey"):
        enter(placed, "beijing")
    assert alarms(placed, account) == [Act.TOO_FAR]
    clock.moment += timedelta(hours=2)
    assert enter(placed, "beijing"), "a flight later it is a new place, which is told"
    assert alarms(placed, account)[0] == Act.NEW_PLACE


def test_a_second_factor_gets_in_from_too_far_and_is_told(placed: IdentityPorts, clock: SteppingClock) -> None:
    _, staff = sign_in(placed, TENANT, "mei", PASSWORD, seen=Seen(locality="shanghai"))
    phone = Authenticator()
    enrol(placed, staff, SITE, phone.create(begin_enrolment(placed, staff, SITE)), "phone")
    clock.moment += timedelta(minutes=40)
    answer = phone.get(begin_sign_in(placed, SITE))
    assert sign_in_by_passkey(placed, TENANT, SITE, answer, seen=Seen(locality="beijing"))
    assert alarms(placed, staff.account.id) == [Act.TOO_FAR]


def test_a_place_is_refused_where_the_rule_says_so_whatever_proves_the_person(
    placed: IdentityPorts, clock: SteppingClock
) -> None:
    strict = replace(placed, localities=replace(PLACES, new=Rule.REFUSE))
    _, staff = sign_in(strict, TENANT, "mei", PASSWORD, seen=Seen(locality="shanghai"))
    phone = Authenticator()
    enrol(strict, staff, SITE, phone.create(begin_enrolment(strict, staff, SITE)), "phone")
    clock.moment += timedelta(hours=10)
    with pytest.raises(SignInNeededError, match="not expected"):
        sign_in_by_passkey(strict, TENANT, SITE, phone.get(begin_sign_in(strict, SITE)), seen=Seen(locality=ELSEWHERE))
    with pytest.raises(SignInNeededError, match="not expected"):
        enter(strict, ELSEWHERE)
    assert enter(strict, "shanghai") and alarms(strict, staff.account.id) == [Act.NEW_PLACE, Act.NEW_PLACE]


def test_a_device_that_turns_up_too_far_away_proves_its_person_anew_or_is_out(
    placed: IdentityPorts, clock: SteppingClock
) -> None:
    token, account = enter(placed, "shanghai", key="laptop")
    clock.moment += timedelta(minutes=1)
    there = Seen(key="laptop", locality="beijing")
    assert is_recent(placed, staff_of(placed, token, Seen(key="laptop", locality="shanghai")))
    staff_of(placed, token, there)
    assert not is_recent(placed, staff_of(placed, token, there)) and alarms(placed, account) == [Act.TOO_FAR]
    strict = replace(placed, localities=replace(PLACES, too_far=Rule.REFUSE))
    with pytest.raises(SignInNeededError):
        staff_of(strict, token, Seen(key="laptop", locality="shanghai"))
    with pytest.raises(SignInNeededError):
        staff_of(placed, token, there)
