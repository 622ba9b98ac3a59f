"""The same talk as an uploaded file with one picture and as a live call with a camera for each: every clause has the same verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.pack import packs_bytes
from jianlu.core.formats.plan import plan_bytes
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import derive_case_ref, tenant_id
from jianlu.core.terms.verdicts import Verdict
from jianlu.entry.after_call import run_after_call
from jianlu.entry.main_job import ATTESTATION_FORMAT, Job, run_job
from jianlu.entry.sample.write import write_sample
from jianlu.govern.policy import CaseFile, freeze_plan, load_languages, load_packs, packs_directory, read_case_file, tracks_for
from jianlu.govern.policy.load_packs import pack_files
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.verify.model import Result
from jianlu.wiring import Home, open_home
from tests.fakes.playback.live_recording import Feed, record_live
from tests.fakes.quiet_home import jianlu

SEATS = ("agent", "customer")


def _call_feeds(media: Path) -> list[Feed]:
    """The sample's talk as a call: the room's picture on both cameras, each voice on its own microphone."""
    cameras = [Feed(f"{seat}-picture", media, "video") for seat in SEATS]
    return [*cameras, *(Feed(seat, media, "audio", number) for number, seat in enumerate(SEATS))]


def _live_case(home: Home, case: CaseFile) -> CaseLog:
    tenant = tenant_id(case.tenant)
    log = open_case_log(home.vault, tenant, derive_case_ref(tenant_secret(home.vault, tenant), "live-0001"))
    folder = packs_directory()
    plan = freeze_plan(replace(case.facts, tracks=tracks_for(SEATS)), load_packs(folder), load_languages(folder))
    rules = log.seal_part("packs", packs_bytes({pack.id: pack_files(folder / pack.id) for pack in plan.packs}), part="rules")
    log.seal_and_append(EventType.PLAN_FROZEN, "plan", plan_bytes(plan), {"rules": rules})
    for number, stated in enumerate(case.attestations, 1):
        fields = {"clause": stated.clause, "by": stated.by}
        content = canonical_bytes({"format": ATTESTATION_FORMAT, **fields, "statement": stated.statement})
        body = {**fields, "from_ms": stated.from_ms, "to_ms": stated.to_ms}
        log.seal_and_append(EventType.ATTESTATION_RECORDED, f"attestation-{number}", content, body)
    return log


def _verdicts(result: Result) -> dict[str, Verdict]:
    assert result.is_intact, result.problems
    return {f"{clause.pack}:{clause.clause}": clause.verdict for clause in result.clauses}


@pytest.mark.slow
@pytest.mark.thorough
def test_a_call_and_the_file_of_the_same_talk_have_the_same_verdicts(tmp_path: Path) -> None:
    write_sample(tmp_path / "sample")
    media = tmp_path / "sample" / "sale.mp4"
    case = read_case_file(tmp_path / "sample" / "case.toml")
    assert jianlu("init", tmp_path / "home", "--tenant", case.tenant).code == 0
    with open_home(tmp_path / "home") as home:
        uploaded = run_job(Job(media, case, tmp_path / "file.jlp"), home, lambda *_: None)
        log = _live_case(home, case)
        record_live(log, _call_feeds(media))
        called = run_after_call(log, tmp_path / "call.jlp", home.workbench, lambda *_: None)
    assert uploaded.result.is_complete
    assert _verdicts(called.result) == _verdicts(uploaded.result)
    assert called.result.is_complete
