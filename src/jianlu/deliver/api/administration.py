"""Administration: how the installation and its stores are, and the jobs after calls with their trouble, which may be tried again.

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
from jianlu.deliver.oversight.stores import CASES_SHOWN, EVENTS_SHOWN, Happened, StoreSeen, advice, see_stores
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


@router.get("/stores", dependencies=[on_tenant("store.list")])
def read_stores(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Each store: copies complete or behind, its last scrub, alarms, repairs and refusals, newest first, and what there is to do."""
    return stores_document(deps)


def stores_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/administration/stores`, for a caller about whom was decided."""
    seen, unasked = see_stores(deps.search.vault, deps.tenant, scrub_days=deps.settings.vault.scrub_days)
    return {
        "scrub_days": deps.settings.vault.scrub_days,
        "advice": list(advice(seen)),
        "cases_not_asked_about": unasked,
        "stores": [_store(each) for each in seen],
    }


def _store(seen: StoreSeen) -> dict[str, Any]:
    report, store, state = seen.report, seen.report.store, seen.report.state
    last = seen.scrubbed
    return {
        "name": store.name,
        "address": store.address,
        "where": store.where,
        "place": store.place,
        "is_first": report.is_first,
        "promises_lock": store.promises_lock,
        "label": state.label,
        "failed": state.failed,
        "probed_at": state.probed_at,
        "objects": state.objects,
        "bytes": state.bytes,
        "behind": report.behind,
        "is_complete": report.is_complete,
        "problem": state.problem,
        "last_scrub": None
        if last is None
        else {name: last.body[name] for name in ("since", "objects", "bytes", "repaired", "lost")} | {"at": last.at},
        "scrubbing": {"since": state.scrub_since, "done": state.scrub_at, "due": state.placed} if state.scrub_since else None,
        "happened": [_happened(each) for each in seen.happened[:EVENTS_SHOWN]],
        "left_off": max(0, len(seen.happened) - EVENTS_SHOWN),
        "kept_away": [{"case": each.case, "clauses": list(each.clauses)} for each in seen.away[:CASES_SHOWN]],
        "kept_away_count": len(seen.away),
        "next_steps": list(seen.next_steps),
    }


def _happened(event: Happened) -> dict[str, Any]:
    """A refusal speaks of `objects` by a clause, an alarm or a repair of one copy of a case's object."""
    said = event.body
    return {
        "kind": event.kind,
        "position": event.position,
        "at": event.at,
        "is_open": event.is_open,
        "reason": str(said.get("reason", "")),
        "case": str(said.get("of", "")),
        "object": str(said.get("object", "")),
        "from": str(said.get("from", "")),
        "objects": int(said.get("objects", 1)),
        "within": str(said.get("within", "")),
        "clause": str(said.get("clause", "")),
    }


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
