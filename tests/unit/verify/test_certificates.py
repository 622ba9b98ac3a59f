"""Certificates of destruction: a genuine one holds offline, and every forgery is refused and named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.certificate import certificate_bytes, parse_certificate
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.vault.custody.chain import place_hold
from jianlu.vault.custody.destruction import Looked
from jianlu.vault.custody.withdrawals import withdraw
from jianlu.verify.certificate import CertificateResult, check_certificate
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import Trust, parse_saved, trust_bytes
from tests.fakes.vault.ended import Ending, later
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, memory_vault
from tests.fakes.vault.proofs import some_signer
from tests.fakes.vault.sale import record_sale

BANK = tenant_id(TENANT)
ODD: list[Any] = [None, 1, "", [], {}, ["x"], [{}], {"index": 0, "entry": "", "proof": []}]
NO_STAMPS: dict[str, Any] = {"anchors": {}, "consistency": {}}
DONE = [Looked("keys", 9, 0), Looked("objects", 8, 0)]


@pytest.fixture(scope="module")
def ending() -> Iterator[Ending]:
    """Two cases, closed in 2026 and destroyed in 2037."""
    with memory_vault() as vault:
        made = Ending(vault, some_signer())
        record_sale(vault)
        record_sale(vault, OTHER_CASE)
        later(vault)
        for case in (CASE, OTHER_CASE):
            made.start(case)
            made.complete(case)
        yield made


def trust_of(ending: Ending) -> Trust:
    return Trust((ending.signer.key,), (), ())


def test_a_genuine_certificate_holds(ending: Ending) -> None:
    content = ending.certificate()
    result = check_certificate(content, trust=trust_of(ending))
    assert result.problems == [] and result.is_trusted and result.exit_code == 0
    assert (result.case, result.until, result.clause, result.objects) == (CASE, "2036-11-22", "pack:c9", 8)
    assert "HOLDS" in render_certificate(result, "en") and "成立" in render_certificate(result, "zh")
    assert result.as_document()["said"]["completed"]["places"] == [
        {"left": 0, "named": 9, "place": "keys"},
        {"left": 0, "named": 8, "place": "objects"},
    ]
    same = parse_saved(parse_certificate(content).checkpoint)
    assert check_certificate(content, saved=same).is_intact


def test_without_a_stamp_nobody_but_the_institution_says_when(ending: Ending) -> None:
    result = check_certificate(ending.certificate(), trust=trust_of(ending))
    assert result.is_intact and result.attested == () and not result.as_document()["time_evidenced"]
    assert "not evidenced by a third party" in render_certificate(result, "en") and "未经第三方证明" in render_certificate(
        result, "zh"
    )


def test_a_certificate_of_version_1_is_read_and_says_that_it_carries_no_stamps(ending: Ending) -> None:
    fields = {name: value for name, value in json.loads(ending.certificate()).items() if name not in NO_STAMPS}
    content = canonical_bytes({**fields, "format": "jianlu/destruction-certificate/v1"})
    result = check_certificate(content, trust=trust_of(ending))
    assert result.is_intact and (result.version, result.attested) == (1, ())
    assert "Version 1 carries no time stamps" in render_certificate(result, "en")
    assert certificate_bytes(parse_certificate(content)) == content
    for odd in (
        {**fields, "format": "jianlu/destruction-certificate/v2"},
        {**fields, "format": "jianlu/destruction-certificate/v3"},
    ):
        assert codes(check_certificate(canonical_bytes(odd))) == {"certificate_malformed"}
    mixed = {**fields, "format": "jianlu/destruction-certificate/v1", **NO_STAMPS}
    assert codes(check_certificate(canonical_bytes(mixed))) == {"certificate_malformed"}


def test_the_shipped_program_knows_it_and_needs_nothing_else(ending: Ending, tmp_path: Path) -> None:
    program, file, trust = tmp_path / "verifier.pyz", tmp_path / "case.destroyed.json", tmp_path / "trust.json"
    program.write_bytes(verifier_bytes())
    file.write_bytes(ending.certificate())
    trust.write_bytes(trust_bytes(trust_of(ending)))

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        called = [sys.executable, "-I", "-S", str(program), str(file), *more]
        return subprocess.run(called, capture_output=True, text=True, check=False, cwd=tmp_path)

    good = run("--json", "--trust", str(trust))
    assert (good.returncode, json.loads(good.stdout)["intact"]) == (0, True), good.stderr
    file.write_bytes(file.read_bytes().replace(b"2036-11-22", b"2026-11-22"))
    bad = run()
    assert bad.returncode == 90 and "不成立" in bad.stdout


def edit(content: bytes, change: Callable[[dict[str, Any]], None]) -> CertificateResult:
    fields = json.loads(content)
    change(fields)
    return check_certificate(canonical_bytes(fields))


def codes(result: CertificateResult) -> set[str]:
    assert not result.is_intact and result.exit_code == 90 and result.said == {}
    assert "DOES NOT HOLD" in render_certificate(result, "en")
    return {problem.what for problem in result.problems}


def test_a_count_or_a_day_that_was_changed_is_not_in_the_ledger(ending: Ending) -> None:
    def more_objects(fields: dict[str, Any]) -> None:
        last = fields["custody_events"][-1]
        last["entry"] = last["entry"].replace('"objects":8', '"objects":9')

    assert "event_not_logged" in codes(edit(ending.certificate(), more_objects))

    def shorter(fields: dict[str, Any]) -> None:
        fields["case_events"] = [each.replace("2036-11-22", "2026-11-23") for each in fields["case_events"]]

    assert "events_broken" in codes(edit(ending.certificate(), shorter))


def test_another_cases_destruction_does_not_do(ending: Ending) -> None:
    others = json.loads(ending.certificate(OTHER_CASE))

    def spliced(fields: dict[str, Any]) -> None:
        fields["custody_events"], fields["documents"] = others["custody_events"], others["documents"]

    assert codes(edit(ending.certificate(), spliced)) == {"destruction_not_completed"}

    def renamed(fields: dict[str, Any]) -> None:
        fields["case"] = OTHER_CASE

    assert codes(edit(ending.certificate(), renamed)) == {"destruction_not_completed"}


def test_a_ledger_of_the_forgers_own_is_not_the_trusted_one(ending: Ending) -> None:
    own = Ending(ending.vault, some_signer())
    forged = own.certificate()
    assert check_certificate(forged).is_intact and not check_certificate(forged).is_trusted
    assert codes(check_certificate(forged, trust=trust_of(ending))) == {"signer_not_trusted"}

    def signed_by_another(fields: dict[str, Any]) -> None:
        fields["checkpoint"] = json.loads(forged)["checkpoint"]

    assert codes(edit(ending.certificate(), signed_by_another)) == {"checkpoint_invalid"}


def test_words_that_were_not_sealed_are_refused(ending: Ending) -> None:
    def reworded(fields: dict[str, Any]) -> None:
        fields["documents"][0]["content"] = fields["documents"][0]["content"].replace("its time", "no time")

    assert codes(edit(ending.certificate(), reworded)) == {"commitment_does_not_open"}


def test_an_event_that_is_left_out_is_missed(ending: Ending) -> None:
    """A hold that was placed, or the completion: whichever is inconvenient."""

    def without_the_end(fields: dict[str, Any]) -> None:
        del fields["custody_events"][-1]

    assert "destruction_not_completed" in codes(edit(ending.certificate(), without_the_end))

    def without_a_segment(fields: dict[str, Any]) -> None:
        del fields["case_events"][4]

    assert "events_broken" in codes(edit(ending.certificate(), without_a_segment))


def test_what_the_house_itself_does_against_the_rules_is_told() -> None:
    """Its ledger is genuine and signed; what it says is a destruction before the term, under a hold, or by one person."""
    with memory_vault() as vault:
        house = Ending(vault, some_signer())
        record_sale(vault)
        record_sale(vault, OTHER_CASE)
        house.start()
        house.complete()
        with pytest.raises(IntegrityError, match="destroyed_before_its_term"):
            house.certificate()
        later(vault)
        words = {"matter": "a suit", "reason": "a court has it before it"}
        held = house.chain(OTHER_CASE)
        place_hold(held, OTHER_CASE, hold="h" + "0" * 26, **words, by="a-xu", using=vault, clock=vault.clock)
        house.start(OTHER_CASE, second="a-xu")
        house.complete(OTHER_CASE)
        with pytest.raises(IntegrityError, match="destroyed_under_a_hold"):
            house.certificate(OTHER_CASE)


def test_a_consent_that_was_taken_back_before_changes_nothing_of_a_certificate() -> None:
    with memory_vault() as vault:
        house = Ending(vault, some_signer())
        record_sale(vault)
        said = {"purpose": "training", "seat": "customer", "way": "letter", "reason": "letter 118 of today", "by": "a-xu"}
        withdraw(house.chain(), CASE, **said, clock=vault.clock)
        later(vault)
        house.start()
        house.complete()
        result = check_certificate(house.certificate(), trust=trust_of(house))
    assert result.problems == [] and result.exit_code == 0


def test_one_person_is_not_two(ending: Ending) -> None:
    with memory_vault() as vault:
        house = Ending(vault, some_signer())
        record_sale(vault)
        later(vault)
        house.start(second="a-xu")
        house.complete()
        with pytest.raises(IntegrityError, match="destruction_not_completed"):
            house.certificate()


@pytest.mark.parametrize("odd", [b"{}", b"{", b'{"format":"jianlu/destruction-certificate/v1"}', b'{"a":1.5}', b"[]", b"{\xff}"])
def test_what_is_no_certificate_is_malformed(odd: bytes) -> None:
    assert codes(check_certificate(odd)) == {"certificate_malformed"}
    with pytest.raises(InvalidError):
        parse_certificate(odd)


def test_any_value_may_be_odd_and_nothing_but_problems_comes_of_it(ending: Ending) -> None:
    fields = json.loads(ending.certificate())
    for name in fields:
        for odd in (each for each in ODD if name not in NO_STAMPS or each != {}):
            assert not check_certificate(canonical_bytes({**fields, name: odd})).is_intact
    for odd in (*ODD, -1, True, 1 << 50):
        changed = [{**each, "index": odd} for each in fields["custody_events"]]
        assert not check_certificate(canonical_bytes({**fields, "custody_events": changed})).is_intact
