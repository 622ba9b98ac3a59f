"""Certificates of a part: a genuine one holds offline beside what else the case has, and each forgery is refused and named."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jianlu.core.errors import ConflictError, IntegrityError
from jianlu.core.formats.certificate import certificate_bytes, parse_certificate
from jianlu.deliver.oversight.certificates import write_certificate
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.chain import place_hold
from jianlu.vault.custody.destruction import Looked, complete_destruction
from jianlu.verify.certificate import check_certificate
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import trust_bytes
from tests.fakes.vault.ended import Ending, later
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, memory_vault
from tests.fakes.vault.parted import ENDS, record_parted, start_part
from tests.fakes.vault.proofs import some_signer
from tests.unit.verify.test_certificates import codes, edit, trust_of

WORDS = {"matter": "a suit", "reason": "a court has it before it", "by": "a-xu"}


def done(ending: Ending, part: str, case: str = CASE, *, objects: int = 1) -> None:
    looked = [Looked("keys", objects, 0), Looked("objects", objects, 0)]
    complete_destruction(ending.chain(case), case, looked, clock=ending.vault.clock, part=part)


def certificate(ending: Ending, part: str, case: str = CASE) -> bytes:
    return write_certificate(open_case_log(ending.vault, TENANT, case), ending.chain(case), prove=ending.prove, part=part)


@pytest.fixture(scope="module")
def ending() -> Iterator[Ending]:
    """The templates and the transcript of one case ended, a hold came then; of another the templates."""
    with memory_vault() as vault:
        made = Ending(vault, some_signer())
        for case in (CASE, OTHER_CASE):
            record_parted(vault, case)
        later(vault, days=2_000)
        start_part(vault, "transcript")
        for case in (CASE, OTHER_CASE):
            start_part(vault, "biometric", case)
            done(made, "biometric", case)
        place_hold(made.chain(), CASE, hold="h" + "0" * 26, **WORDS, using=vault, clock=vault.clock)
        done(made, "transcript")
        yield made


def test_the_certificate_of_each_part_holds(ending: Ending) -> None:
    """What began before the hold ended lawfully; the hold keeps the rest."""
    for part in ("biometric", "transcript"):
        content = certificate(ending, part)
        result = check_certificate(content, trust=trust_of(ending))
        assert result.problems == [] and result.exit_code == 0, part
        assert (result.part, result.until, result.clause, result.objects) == (part, ENDS[part], f"pack:{part}", 1)
        assert result.as_document()["part"] == part and certificate_bytes(parse_certificate(content)) == content
        assert "PART" in render_certificate(result, "en") and "其余部分继续保存" in render_certificate(result, "zh")


def test_the_shipped_program_knows_it(ending: Ending, tmp_path: Path) -> None:
    program, file, trust = tmp_path / "verifier.pyz", tmp_path / "case.biometric.destroyed.json", tmp_path / "trust.json"
    program.write_bytes(verifier_bytes())
    file.write_bytes(certificate(ending, "biometric"))
    trust.write_bytes(trust_bytes(trust_of(ending)))
    called = [sys.executable, "-I", "-S", str(program), str(file), "--json", "--trust", str(trust)]
    ran = subprocess.run(called, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)["part"]) == (0, "biometric"), ran.stderr


def test_what_is_not_done_or_never_began_has_no_certificate(ending: Ending) -> None:
    for part, case in (("recording", CASE), ("transcript", OTHER_CASE), ("", CASE)):
        with pytest.raises(ConflictError, match="not completed"):
            certificate(ending, part, case)


def test_a_part_is_neither_another_part_nor_the_whole(ending: Ending) -> None:
    content = certificate(ending, "biometric")

    def of_another(fields: dict[str, Any]) -> None:
        fields["part"] = "transcript"

    def of_none(fields: dict[str, Any]) -> None:
        fields["part"] = "identity"

    def of_all(fields: dict[str, Any]) -> None:
        fields["format"] = "jianlu/destruction-certificate/v2"
        del fields["part"]

    assert codes(edit(content, of_another)) == {"destruction_not_completed"}
    assert codes(edit(content, of_none)) == {"certificate_malformed"}
    assert codes(edit(content, of_all)) == {"events_broken"}


def test_what_was_left_out_or_added_is_found(ending: Ending) -> None:
    content = certificate(ending, "transcript")

    def without_the_end(fields: dict[str, Any]) -> None:
        del fields["custody_events"][-1]

    def without_the_other_part(fields: dict[str, Any]) -> None:
        del fields["custody_events"][1]

    def of_another_case(fields: dict[str, Any]) -> None:
        others = json.loads(certificate(ending, "biometric", OTHER_CASE))
        fields["custody_events"], fields["documents"] = others["custody_events"], others["documents"]

    def more_objects(fields: dict[str, Any]) -> None:
        last = fields["custody_events"][-1]
        last["entry"] = last["entry"].replace('"objects":1', '"objects":2')

    assert "destruction_not_completed" in codes(edit(content, without_the_end))
    assert "events_broken" in codes(edit(content, without_the_other_part))
    assert codes(edit(content, of_another_case)) == {"events_broken"}
    assert "event_not_logged" in codes(edit(content, more_objects))


def test_what_the_house_itself_does_against_the_rules_is_told() -> None:
    """Its ledger is genuine and signed; what it says is a part before its term, under a hold, by one person, or not all of it."""
    with memory_vault() as vault:
        house = Ending(vault, some_signer())
        cases = [CASE, OTHER_CASE, "c" + "b" * 26, "c" + "d" * 26]
        for case in cases:
            record_parted(vault, case)
        start_part(vault, "biometric")
        done(house, "biometric")
        with pytest.raises(IntegrityError, match="destroyed_before_its_term"):
            certificate(house, "biometric")
        later(vault, days=2_000)
        place_hold(house.chain(OTHER_CASE), OTHER_CASE, hold="h" + "0" * 26, **WORDS, using=vault, clock=vault.clock)
        start_part(vault, "biometric", OTHER_CASE)
        done(house, "biometric", OTHER_CASE)
        with pytest.raises(IntegrityError, match="destroyed_under_a_hold"):
            certificate(house, "biometric", OTHER_CASE)
        for case, second, objects in ((cases[2], "a-xu", 1), (cases[3], "a-ye", 2)):
            start_part(vault, "biometric", case, second=second)
            done(house, "biometric", case, objects=objects)
            with pytest.raises(IntegrityError, match="destruction_not_completed"):
                certificate(house, "biometric", case)


def test_a_whole_case_whose_parts_went_before_has_its_certificate_too() -> None:
    with memory_vault() as vault:
        house = Ending(vault, some_signer())
        record_parted(vault)
        later(vault, days=2_000)
        start_part(vault, "biometric")
        done(house, "biometric")
        later(vault)
        house.start(until="2036-11-22")
        looked = [Looked("keys", 7, 0), Looked("objects", 6, 0)]
        complete_destruction(house.chain(), CASE, looked, clock=vault.clock)
        result = check_certificate(house.certificate(), trust=trust_of(house))
        assert result.problems == [] and (result.part, result.objects) == ("", 6)
        assert check_certificate(certificate(house, "biometric"), trust=trust_of(house)).is_intact
