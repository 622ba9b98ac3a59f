"""The package of a live session: everything of its course is in it, opens, and is missed or noticed when it is gone or altered."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from jianlu.core.errors import ConflictError
from jianlu.core.formats.findings import parse_findings
from jianlu.core.terms.digests import commitment_to
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import FindingKind, Status
from jianlu.core.terms.ids import CaseRef, tenant_id
from jianlu.deliver.packages.write import package_path
from jianlu.entry.after_call import run_after_call
from jianlu.entry.destroy_case import destroy_case
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.verify.check import check_package
from jianlu.verify.render import render
from jianlu.wiring import Workbench, open_workbench
from tests.fakes.jobs.recorded_home import make_recorded_home, serve_home
from tests.fakes.live_course import CONTRACT, TEXT_DIGEST, seal_course
from tests.fakes.quiet_home import TENANT

BANK = tenant_id(TENANT)


@dataclass(frozen=True)
class Packaged:
    """A package, the commitments to texts that its case made by salt label, and the package anew when the templates had ended.

    `refusal` is why none is written any more when the transcript had ended too.
    """

    path: Path
    texts: dict[str, str]
    again: Path
    refusal: str


TEMPLATE = b"TEMPLATE-OF-A-FACE"


def course_with_template(log: CaseLog) -> None:
    seal_course(log)
    said = {"checks": [["face", "ok"]], "seat": "customer"}
    log.seal_and_append(EventType.PREFLIGHT_RECORDED, "template-customer", TEMPLATE, said)


def end_part(home: Path, bench: Workbench, case: CaseRef, part: str) -> None:
    chain = open_case_log(bench.vault, BANK, custody_chain(tenant_secret(bench.vault, BANK), case))
    body = {"of": case, "part": part, "until": "2026-01-01", "clause": "pack:c"}
    chain.seal_and_append(EventType.PART_DESTRUCTION_STARTED, f"destruction-{chain.next_n}", b"{}", body)
    destroy_case(case, home=home, tenant=BANK, vault=bench.vault, say=lambda *_: None, part=part)


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    home, (case,) = make_recorded_home(tmp_path_factory.mktemp("live"), ["call-1"], course=course_with_template)
    with serve_home(home) as _, open_workbench(home) as bench:
        log = open_case_log(bench.vault, tenant_id(TENANT), case)
        destination = package_path(home, case)
        destination.parent.mkdir()
        run_after_call(log, destination, bench, lambda *_: None)
        wanted = (EventType.CONSENT_GIVEN, EventType.CONSENT_WITHDRAWN, EventType.DOCUMENT_SHOWN)
        texts = {f"{event.n}/commit": event.body["commit"] for event in log.events if event.type in wanted}
        end_part(home, bench, case, "biometric")
        assert destination.is_file()  # it has no template
        again = destination.with_name("again.jlp")
        run_after_call(open_case_log(bench.vault, BANK, case), again, bench, lambda *_: None)
        kept = destination.with_name("kept.jlp")
        destination.rename(kept)
        kept.with_name(destination.name).write_bytes(b"a package that has the transcript")
        end_part(home, bench, case, "transcript")
        assert not destination.exists()
        with pytest.raises(ConflictError) as refused:
            run_after_call(open_case_log(bench.vault, BANK, case), destination, bench, lambda *_: None)
    return Packaged(kept, texts, again, f"{refused.value.code}: {refused.value}")


def _entry(package: Path, name: str) -> bytes:
    with zipfile.ZipFile(package) as archive:
        return archive.read(name)


def test_the_package_of_a_live_session_is_intact(packaged: Packaged) -> None:
    result = check_package(packaged.path)
    assert result.is_intact, result.problems
    assert not result.is_complete


def test_templates_are_in_no_package_and_it_is_whole_before_and_after_they_ended(packaged: Packaged) -> None:
    before, after = check_package(packaged.path), check_package(packaged.again)
    assert (before.withheld, after.withheld, after.is_intact) == (1, 1, True)
    assert before.clauses == after.clauses and "1 biometric templates are not in the package" in render(after, "en")
    with zipfile.ZipFile(packaged.path) as archive:
        assert not [name for name in archive.namelist() if "template" in name or TEMPLATE in archive.read(name)]
        salts = json.loads(archive.read("openings.json"))["salts"]
    with zipfile.ZipFile(packaged.again) as archive:
        assert not [name for name in archive.namelist() if "template" in name or "shredded" in name]
        events = archive.read("ledger/events")
    assert b"template-customer" in events and len(salts) == len(json.loads(_entry(packaged.again, "openings.json"))["salts"])


def test_where_a_part_ended_that_every_package_has_none_is_written(packaged: Packaged) -> None:
    assert packaged.refusal.startswith("part_destroyed: ") and "certificate" in packaged.refusal


def test_members_of_an_encrypted_call_are_told_of_an_intact_package_only(packaged: Packaged, tmp_path: Path) -> None:
    assert [name for name, _ in check_package(packaged.path).members] == ["agent", "recorder-a"]
    altered = bytearray(packaged.path.read_bytes())
    altered[altered.index(CONTRACT)] ^= 1
    path = tmp_path / "altered.jlp"
    path.write_bytes(altered)
    result = check_package(path)
    assert (result.is_intact, result.gaps != (), result.members, result.as_document()["members"]) == (False, True, (), [])


def test_script_messages_and_clocks_are_there_opened_and_the_second_recording_sealed(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.path) as archive:
        names = set(archive.namelist())
    assert {"documents/script", "documents/message-1", "documents/clock-1"} <= names
    assert "sealed/mirror-000001.v1.sealed" in names and "documents/mirror-000001" not in names
    assert "请再说一遍保费" in _entry(packaged.path, "documents/message-1").decode()


def test_a_deposited_contract_is_in_the_package_with_its_digest_and_its_second(packaged: Packaged) -> None:
    content = _entry(packaged.path, "documents/deposit-1")
    assert content == CONTRACT
    digest = hashlib.sha256(content).hexdigest()
    for lang, validity in (("zh", "是否真正签署未作核验"), ("en", "whether it is signed was not checked")):
        page = _entry(packaged.path, f"report/report.{lang}.html").decode()
        assert digest in page and validity in page and "00:02.2" in page


def test_who_took_part_is_sealed_and_named_nowhere_else(packaged: Packaged) -> None:
    with zipfile.ZipFile(packaged.path) as archive:
        holding = [
            name for name in archive.namelist() if "王女士".encode() in archive.read(name) or b"13800000000" in archive.read(name)
        ]
        assert "sealed/particulars.v1.sealed" in archive.namelist()
    assert holding == []


def test_the_gap_is_told_with_its_second_side_and_reason(packaged: Packaged) -> None:
    (gap,) = check_package(packaged.path).gaps
    assert (gap.from_ms, gap.to_ms, gap.reason, gap.side) == (1200, 1700, "connection_lost", "customer-picture")
    verifier = packaged.path.with_name("verifier.pyz")
    verifier.write_bytes(_entry(packaged.path, "verifier.pyz"))
    command = [sys.executable, "-I", "-S", str(verifier), str(packaged.path), "--language", "zh"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 10, done.stderr
    assert "00:01.2–00:01.7  客户的画面  连接中断" in done.stdout
    told = "平台将本次通话记录为端到端加密；其先后列为成员的有: 销售人员 (abababababababab…), 录制端 A (cdcdcdcdcdcdcdcd…)"
    assert told in done.stdout


def test_the_senders_clocks_became_findings_and_no_face_was_looked_for(packaged: Packaged) -> None:
    sync = parse_findings(_entry(packaged.path, "findings/sync.json"))
    offsets = {(f.track, f.value["offset_ms"]) for f in sync.findings if f.kind is FindingKind.OFFSET}
    assert offsets == {("agent", 6), ("customer", -9)}
    faces = parse_findings(_entry(packaged.path, "findings/faces.json"))
    assert (faces.status, faces.reason, faces.findings) == (Status.ABSENT, "consent_withdrawn", ())


def test_whoever_has_the_notice_can_compare_it(packaged: Packaged) -> None:
    salts = json.loads(_entry(packaged.path, "openings.json"))
    salts = salts.get("salts", salts)
    assert len(packaged.texts) == 4
    for label, commitment in packaged.texts.items():
        assert commitment_to(TEXT_DIGEST, bytes.fromhex(salts[label])) == commitment


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_tells_the_course(packaged: Packaged, lang: str) -> None:
    page = _entry(packaged.path, f"report/report.{lang}.html").decode()
    for section in ("course", "refusals", "consents", "occurrences", "gaps"):
        assert f'<section id="{section}">' in page
    assert ("提示风险" if lang == "zh" else "Explain the risks") in page
    assert "请再说一遍保费" in page


@pytest.mark.parametrize(
    "name", ["documents/script", "documents/message-1", "documents/deposit-1", "sealed/mirror-000001.v1.sealed"]
)
def test_an_altered_part_of_the_course_is_noticed(packaged: Packaged, tmp_path: Path, name: str) -> None:
    content = _entry(packaged.path, name)
    altered = packaged.path.read_bytes().replace(content, content[:-1] + bytes((content[-1] ^ 1,)))
    forged = tmp_path / "forged.jlp"
    forged.write_bytes(altered)
    result = check_package(forged)
    assert not result.is_intact
    assert any(problem.where.path == name for problem in result.problems)


@pytest.mark.parametrize(
    ("lang", "told"), [("zh", "1 项达到，1 项未达到，1 项未能核对"), ("en", "1 met, 1 not met, 1 not checked")]
)
def test_the_report_tells_what_was_checked_during_the_call_and_who_waived_it(packaged: Packaged, lang: str, told: str) -> None:
    page = _entry(packaged.path, f"report/report.{lang}.html").decode()
    assert told in page
    assert ("已用书面方式核实" if lang == "zh" else "verified on paper") in page
