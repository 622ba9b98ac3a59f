"""The one main job, stage by stage: plan, capture, inspect, judge, keep, package.

Each stage looks into the case's own events for what is done already, so the same call goes on where a crash left off and
never does anything twice. The stages meet only through sealed evidence; those after capture are `after_call.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jianlu.capture.model import TrackRole
from jianlu.capture.ports import CapturePorts
from jianlu.capture.uploads.capture_file import capture_file
from jianlu.core.errors import ConflictError, DeniedError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.pack import packs_bytes
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import derive_case_ref, tenant_id
from jianlu.deliver.packages.write import Receipt
from jianlu.entry.after_call import Say, close, has_event, inspect, judge, package, retain
from jianlu.entry.search_index import enter_searched
from jianlu.govern.policy.freeze import freeze_plan
from jianlu.govern.policy.load_languages import load_languages
from jianlu.govern.policy.load_packs import load_packs, pack_files, packs_directory
from jianlu.govern.policy.model import CaseFile
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.wiring import Home

ATTESTATION_FORMAT = "jianlu/attestation/v1"


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to be sealed for a case, and where its package goes."""

    media: Path
    case: CaseFile
    destination: Path


def solve_plan(case: CaseFile, packs_path: str = "") -> Plan:
    """The plan of `case` by the packs in `packs_path` (empty: those that come with the program)."""
    folder = Path(packs_path) if packs_path else packs_directory()
    return freeze_plan(case.facts, load_packs(folder), load_languages(folder))


def run_job(job: Job, home: Home, say: Say) -> Receipt:
    """The package of `job`, from wherever an earlier run left it.

    Raises DeniedError when the home is another tenant's, ConflictError when the case is known with another plan or recording,
    InvalidError when the media or the case file is wrong (nothing is kept then).
    """
    if job.case.tenant != home.settings.tenant.id:
        raise DeniedError(f"this home keeps evidence of {home.settings.tenant.id}: use the home of the case's tenant")
    plan = solve_plan(job.case, home.settings.policy.packs_path)
    tenant = tenant_id(job.case.tenant)
    log = open_case_log(home.vault, tenant, derive_case_ref(tenant_secret(home.vault, tenant), job.case.id))
    plan = _freeze(log, plan, home)
    _capture(log, plan, job, home, say)
    _attest(log, job.case)
    inspect(log, plan, home.workbench, say)
    retain(log, plan)
    judge(log, say)
    close(log)
    home.ledger.publish()
    receipt = package(log, job.destination, home.workbench, say)
    enter_searched(log, home.vault)
    return receipt


def _freeze(log: CaseLog, plan: Plan, home: Home) -> Plan:
    """The plan in force: `plan` for a new case, else the one that was frozen, whatever the packs say today."""
    if not log.events:
        log.require_keepable(plan)
        rules = log.seal_part("packs", packs_bytes(_pack_files(plan, home)), part="rules")
        log.freeze(plan, {"rules": rules})
    elif log.is_shredded:
        raise ConflictError("an earlier recording of this case was abandoned and destroyed: seal this one under a new case id")
    else:
        frozen = parse_plan(log.open_object("plan"))
        if (frozen.facts, frozen.tracks) != (plan.facts, plan.tracks):
            raise ConflictError("this case was planned with other facts: a plan does not change once frozen; use a new case id")
        plan = frozen
    if not has_event(log, EventType.BACKENDS_STARTED):
        log.append(EventType.BACKENDS_STARTED, {"backends": home.backends})
    return plan


def _capture(log: CaseLog, plan: Plan, job: Job, home: Home, say: Say) -> None:
    """Capture, resume, or make sure that a finished recording is of this very file."""
    roles = [TrackRole(track.stream, track.id) for track in plan.tracks if track.kind == "audio"]
    capture_file(
        job.media,
        tracks=roles,
        using=CapturePorts(log),
        progress=lambda progress: say("capture", progress.sealed_ms, progress.claimed_ms or None),
    )
    home.ledger.publish()
    say("capture", 1, 1)


def _attest(log: CaseLog, case: CaseFile) -> None:
    done = sum(event.type is EventType.ATTESTATION_RECORDED for event in log.events)
    for number, attestation in enumerate(case.attestations[done:], done + 1):
        fields = {"clause": attestation.clause, "by": attestation.by}
        content = canonical_bytes({"format": ATTESTATION_FORMAT, **fields, "statement": attestation.statement})
        body = {**fields, "from_ms": attestation.from_ms, "to_ms": attestation.to_ms}
        log.seal_and_append(EventType.ATTESTATION_RECORDED, f"attestation-{number}", content, body)


def _pack_files(plan: Plan, home: Home) -> dict[str, dict[str, bytes]]:
    folder = Path(home.settings.policy.packs_path) if home.settings.policy.packs_path else packs_directory()
    return {pack.id: pack_files(folder / pack.id) for pack in plan.packs}
