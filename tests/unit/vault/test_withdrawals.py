"""Consents taken back after the talk, in the custody chain: said once, in words, of a case that is there; forged documents are noticed."""

from __future__ import annotations

import pytest

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import tenant_id
from jianlu.govern.consent import AFTERWARDS, PURPOSES, consented
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.custody.withdrawals import WITHDRAWAL, Withdrawal, withdraw, withdrawals_of, withdrawn_in
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from tests.fakes.vault.home import CASE, TENANT

SAID = {"purpose": "training", "seat": "customer", "way": "letter", "reason": "来函 2026-118 号", "by": "a-xu"}


def chain_of(vault: VaultPorts) -> CaseLog:
    return open_case_log(vault, TENANT, custody_chain(tenant_secret(vault, tenant_id(TENANT)), CASE))


def taken_back(vault: VaultPorts, **other: str) -> Withdrawal:
    return withdraw(chain_of(vault), CASE, **(SAID | other), clock=vault.clock)


def test_it_is_said_once_and_read_back_from_its_document(vault: VaultPorts) -> None:
    made = taken_back(vault)
    assert taken_back(vault, reason="again and again") == made
    assert withdrawals_of(chain_of(vault), CASE) == [made]
    taken_back(vault, purpose="sharing", way="telephone")
    assert withdrawn_in(chain_of(vault).events) == {"training", "sharing"}
    (first, _) = chain_of(vault).events
    assert first.type is EventType.CONSENT_TAKEN_BACK and "a-xu" not in str(first.body), "who wrote it down is only committed to"


@pytest.mark.parametrize("wrong", [{"reason": "short"}, {"reason": "two\nlines of it"}, {"way": "dream"}])
def test_words_that_say_nothing_are_refused(vault: VaultPorts, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        taken_back(vault, **wrong)
    assert list(chain_of(vault).events) == []


def test_nothing_is_taken_back_of_a_case_that_is_being_destroyed(vault: VaultPorts) -> None:
    body = {"of": CASE, "until": "2026-01-01", "clause": "x"}
    chain_of(vault).seal_and_append(EventType.DESTRUCTION_STARTED, "destruction-0", b"{}", body, commits={"by": "0" * 64})
    with pytest.raises(ConflictError):
        taken_back(vault)


@pytest.mark.parametrize("other", [{"case": "c" + "z7" * 13}, {"purpose": "sharing"}, {"seat": "guardian"}, {"format": "x"}])
def test_a_document_that_is_not_the_one_of_its_event_is_noticed(vault: VaultPorts, other: dict[str, str]) -> None:
    fields = {"format": WITHDRAWAL, "case": CASE, **SAID, "at": "2026-11-27T00:00:00.000Z", **other}
    body = {"of": CASE, "purpose": "training", "seat": "customer"}
    log = chain_of(vault)
    log.seal_and_append(EventType.CONSENT_TAKEN_BACK, "withdrawal-0", canonical_bytes(fields), body, commits={"by": "0" * 64})
    with pytest.raises(IntegrityError):
        withdrawals_of(log, CASE)


def test_what_was_taken_back_is_no_purpose_whatever_the_case_says() -> None:
    assert consented([], {"training"}) == ()
    assert {"recording", "face", "voice"} == set(PURPOSES) - AFTERWARDS
