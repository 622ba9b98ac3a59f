"""Signing in with the organisation's account at a real provider; every bent answer is refused; joiners, movers and leavers follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from jianlu.core.errors import ConflictError, UnavailableError
from jianlu.govern.identity.accounts import find_account, list_accounts
from jianlu.govern.identity.directory import SCIM, Person, forget_person, take_person
from jianlu.govern.identity.model import STEP_UP_MAX, Role, SignInNeededError, Staff
from jianlu.govern.identity.notes import Act, notes_of
from jianlu.govern.identity.organisation import ANSWER_WITHIN, Organisation, begin, come_back, step_up_by_organisation
from jianlu.govern.identity.ports import IdentityPorts
from jianlu.govern.identity.provider import Provider, Registration
from jianlu.govern.identity.sign_ins import staff_of
from jianlu.govern.identity.step_up import is_recent
from tests.fakes.identity.provider import CLIENT, SECRET, LoopbackProvider, loopback_provider
from tests.fakes.identity.worlds import PASSWORD, TENANT, add_account
from tests.fakes.vault.memory import SteppingClock

ROLES = {"jianlu-agents": "agent", "jianlu-leads": "supervisor"}
MEI = {"sub": "00u1mei", "preferred_username": "Mei@bank.example", "name": "王梅", "groups": ["jianlu-agents", "canteen"]}


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackProvider]:
    with loopback_provider() as made:
        yield made


@pytest.fixture
def provider(loopback: LoopbackProvider, clock: SteppingClock) -> Iterator[LoopbackProvider]:
    clock.moment = datetime.now(UTC).replace(microsecond=0)
    loopback.present = dict(MEI)
    yield loopback
    loopback.claims, loopback.algorithm, loopback.issuer, loopback.keeps_codes = {}, "RS256", loopback.url, False
    loopback.published = [loopback.key]


@pytest.fixture
def organisation(provider: LoopbackProvider) -> Iterator[Organisation]:
    with httpx.Client(timeout=60) as http:
        yield Organisation(Provider(Registration(provider.url, CLIENT, SECRET, provider.back), http), "groups", ROLES)


def enter(using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, **changed: str) -> tuple[str, Staff]:
    begun = begin(using, organisation)
    answer: dict[str, Any] = {"secret": begun.secret, **provider.sign_in(begun.address), **changed}
    return come_back(using, TENANT, organisation, **answer)


def test_somebody_of_a_mapped_group_gets_an_account_at_the_first_sign_in_and_keeps_it(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    token, staff = enter(using, organisation, provider)
    assert staff_of(using, token) == staff and staff.account.roles == {Role.AGENT} and staff.account.display == "王梅"
    assert staff.account.name == "mei@bank.example" and staff.proved_by == "organisation"
    assert enter(using, organisation, provider)[1].account.id == staff.account.id
    assert {Act.MADE.value, Act.SIGNED_IN.value} <= {each.act for each in notes_of(using, staff.account.id)}


BENT: list[dict[str, Any]] = [
    {"iss": "https://login.evil.example"},
    {"aud": ["another client"]},
    {"aud": [CLIENT, "another client"]},
    {"azp": "another client"},
    {"aud": None},
    {"nonce": "of another sign-in"},
    {"nonce": None},
    {"exp": 1_000_000_000},
    {"exp": None},
    {"iat": 1_000_000_000},
    {"iat": "now"},
    {"nbf": 4_000_000_000},
    {"sub": ""},
    {"sub": 7},
    {"sub": None},
]


@pytest.mark.parametrize("claims", BENT)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    with pytest.raises(SignInNeededError):
        enter(using, organisation, provider)
    assert list_accounts(using, TENANT) == []


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_the_provider_is_refused(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, algorithm: str
) -> None:
    provider.algorithm = algorithm
    with pytest.raises(SignInNeededError):
        enter(using, organisation, provider)


def test_a_token_of_a_key_that_the_provider_does_not_publish_is_refused(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    provider.published = [RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})]
    with pytest.raises(SignInNeededError):
        enter(using, organisation, provider)


def test_a_new_key_of_the_provider_is_fetched_when_it_is_met(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, clock: SteppingClock
) -> None:
    enter(using, organisation, provider)
    before = provider.key
    provider.key = RSAKey.generate_key(2048, {"kid": "three", "use": "sig"})
    provider.published = [provider.key]
    clock.moment += timedelta(minutes=1)
    assert enter(using, organisation, provider)[1].account.name == "mei@bank.example"
    provider.key = before


def test_a_code_and_a_state_are_good_once(using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider) -> None:
    begun = begin(using, organisation)
    answer = provider.sign_in(begun.address)
    come_back(using, TENANT, organisation, secret=begun.secret, **answer)
    again = begin(using, organisation)
    fresh = provider.sign_in(again.address)
    for secret, said in (
        (begun.secret, answer),
        (again.secret, {**fresh, "code": answer["code"]}),
        (again.secret, fresh),
    ):
        with pytest.raises(SignInNeededError):
            come_back(using, TENANT, organisation, secret=secret, **said)


def test_a_code_that_was_caught_is_of_no_use_in_another_sign_in_even_if_the_provider_would_take_it_twice(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    provider.keeps_codes = True
    victims = begin(using, organisation)
    caught = provider.sign_in(victims.address)
    thiefs = begin(using, organisation)
    own = provider.sign_in(thiefs.address)
    with pytest.raises(SignInNeededError):
        come_back(using, TENANT, organisation, secret=thiefs.secret, code=caught["code"], state=own["state"])


@pytest.mark.parametrize(
    "changed", [{"secret": ""}, {"secret": "x" * 43}, {"state": "x" * 43}, {"issuer": "https://evil.example"}]
)
def test_an_answer_of_another_browser_or_provider_is_refused(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, changed: dict[str, str]
) -> None:
    with pytest.raises(SignInNeededError):
        enter(using, organisation, provider, **changed)


def test_an_answer_that_took_too_long_is_refused(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, clock: SteppingClock
) -> None:
    begun = begin(using, organisation)
    answer = provider.sign_in(begun.address)
    clock.moment += ANSWER_WITHIN
    with pytest.raises(SignInNeededError):
        come_back(using, TENANT, organisation, secret=begun.secret, **answer)


def test_a_provider_that_calls_itself_otherwise_or_is_away_signs_nobody_in(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    provider.issuer = "https://login.evil.example"
    with pytest.raises(UnavailableError):
        begin(using, organisation)
    with httpx.Client(timeout=60) as http, pytest.raises(UnavailableError):
        begin(
            using,
            Organisation(Provider(Registration("http://127.0.0.1:9", CLIENT, SECRET, provider.back), http), "groups", ROLES),
        )


def test_a_mover_has_other_roles_and_a_leaver_none_on_the_next_request(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    token, staff = enter(using, organisation, provider)
    provider.present["groups"] = ["jianlu-leads"]
    moved, as_lead = enter(using, organisation, provider)
    assert as_lead.account.roles == {Role.SUPERVISOR} and as_lead.account.id == staff.account.id
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
    provider.present["groups"] = ["canteen"]
    with pytest.raises(SignInNeededError):
        enter(using, organisation, provider)
    with pytest.raises(SignInNeededError):
        staff_of(using, moved)
    assert not find_account(using, TENANT, staff.account.name).is_active
    provider.present["groups"] = ["jianlu-agents"]
    assert enter(using, organisation, provider)[1].account.roles == {Role.AGENT}


@pytest.mark.parametrize("groups", [[], None, "canteen", [7], ["canteen"]])
def test_somebody_of_no_mapped_group_gets_no_account(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, groups: Any
) -> None:
    provider.present["groups"] = groups
    with pytest.raises(SignInNeededError, match="no role"):
        enter(using, organisation, provider)
    assert list_accounts(using, TENANT) == []


def test_an_account_that_was_made_here_is_not_taken_over_by_its_name(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    add_account(using, TENANT, "mei@bank.example", PASSWORD, roles=["administrator"])
    with pytest.raises(ConflictError):
        enter(using, organisation, provider)


def test_whoever_the_directory_handed_over_is_known_by_its_id_and_the_directory_is_believed(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider
) -> None:
    made = take_person(using, TENANT, SCIM, Person(MEI["sub"], "mei.wang", "王梅", frozenset({"supervisor"})))  # type: ignore[arg-type]
    token, staff = enter(using, organisation, provider)
    assert staff.account == made
    forget_person(using, TENANT, SCIM, str(MEI["sub"]))
    with pytest.raises(SignInNeededError):
        staff_of(using, token)


def test_step_up_at_the_provider_is_ones_own_and_fresh(
    using: IdentityPorts, organisation: Organisation, provider: LoopbackProvider, clock: SteppingClock
) -> None:
    token, _ = enter(using, organisation, provider)
    clock.moment += STEP_UP_MAX + timedelta(seconds=10)

    def prove(**bent: Any) -> str:
        begun = begin(using, organisation, is_fresh=True)
        assert "prompt=login" in begun.address
        provider.claims = {"iat": int(clock.moment.timestamp()), "auth_time": int(clock.moment.timestamp()), **bent}
        return step_up_by_organisation(
            using, staff_of(using, token), organisation, secret=begun.secret, **provider.sign_in(begun.address)
        )

    refused: list[Callable[[], str]] = [lambda: prove(auth_time=1_000_000_000), lambda: prove(auth_time=None)]
    for act in refused:
        with pytest.raises(SignInNeededError):
            act()
    provider.present = {**MEI, "sub": "00u2another", "preferred_username": "an"}
    with pytest.raises(SignInNeededError):
        prove()
    assert not is_recent(using, staff_of(using, token))
    provider.present = dict(MEI)
    fresh = prove()
    assert is_recent(using, staff_of(using, fresh))
    with pytest.raises(SignInNeededError):
        staff_of(using, token)
