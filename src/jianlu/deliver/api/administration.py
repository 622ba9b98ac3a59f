"""Administration: how the installation is, and the jobs after calls with their trouble, which may be tried again.

Nothing of any case is shown but its reference: whoever runs the system sees no evidence.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter

from jianlu.capture.sessions.checking import is_away
from jianlu.core.errors import JianluError, NotFoundError
from jianlu.core.terms.handling import ENDING_PARTS
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.runtime.jobs import FAILED, list_jobs, retry_job
from jianlu.vault.custody.destruction import DESTRUCTION

router = APIRouter(prefix="/api/v1/administration", tags=["administration"])


@router.get("", dependencies=[on_tenant("system.read")])
def read_administration(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The health of the installation, and the jobs that are not done."""
    return administration_document(deps)


@router.post("/jobs/{case}/retry", dependencies=[on_tenant("system.change")])
def retry(case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Try a failed job again; who did so is on the record."""
    parts = [f"{DESTRUCTION}{case}/{part}" for part in ENDING_PARTS]
    tried = [retry_job(deps.database, job, clock=deps.clock) for job in (case, DESTRUCTION + case, *parts)]
    if not any(tried):
        raise NotFoundError("there is no failed job of this case: look at its present state")
    deps.access.log.change("retry", {"case": case, "by": staff.account.id})
    return administration_document(deps)


def administration_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/administration`, for a caller about whom was decided."""
    jobs = list_jobs(deps.database)
    counts: dict[str, int] = {}
    for job in jobs:
        counts[job.progress.state] = counts.get(job.progress.state, 0) + 1
    return {
        "version": deps.version,
        "tenant": deps.tenant,
        "time_zone": deps.settings.tenant.time_zone,
        "checks": _checks(deps),
        "disk": _disk(deps),
        "sessions": sum(not live.talk.end_reason for live in deps.sessions.switchboard.sessions),
        "policies": deps.access.policies.digest,
        "packs": [{"id": pack.id, "version": pack.version, "digest": pack.digest} for pack in deps.sessions.rules.packs],
        "counts": counts,
        "jobs": [
            {
                "case": job.subject.removeprefix(DESTRUCTION).partition("/")[0],
                "state": job.progress.state,
                "stage": job.progress.stage,
                "done": job.progress.done,
                "due": job.progress.due,
                "error": job.progress.error,
                "failures": job.progress.failures,
                "enqueued_ms": job.enqueued_ms,
                "may_retry": job.progress.state == FAILED,
            }
            for job in jobs
        ],
    }


def _checks(deps: Deps) -> list[dict[str, Any]]:
    """Everything that a session needs, asked now: `ok`, `failed` with the next step, or `off`."""
    using = deps.sessions
    found = [_asked(name, probe) for name, probe in using.probes.items()]
    found += [_asked(f"recorder-{name}", partial(each.status, "")) for name, each in using.recorders.items()]
    found.append(_asked("media", using.rooms.describe))
    watching = using.watching
    state = "off" if watching is None else "failed" if is_away(watching, deps.clock.monotonic_ms()) else "ok"
    return [*found, {"check": "checker", "state": state, "detail": ""}]


def _asked(name: str, probe: Callable[[], object]) -> dict[str, Any]:
    try:
        probe()
    except NotFoundError:
        return {"check": name, "state": "ok", "detail": ""}  # it answers, and knows nothing of a case that is none
    except JianluError as error:
        return {"check": name, "state": "failed", "detail": str(error)}
    return {"check": name, "state": "ok", "detail": ""}


def _disk(deps: Deps) -> dict[str, int]:
    try:
        found = os.statvfs(deps.home)
    except OSError:
        return {"free_bytes": 0, "bytes": 0}
    return {"free_bytes": found.f_bavail * found.f_frsize, "bytes": found.f_blocks * found.f_frsize}
