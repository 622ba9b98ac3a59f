"""What live sessions are given in the web process: desk, rooms, recorders, rules, the checks of the gate, and the jobs after a call.

The use cases are `capture/sessions`; implementations are named in `wiring` alone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jianlu.capture.cases.rules import load_rules
from jianlu.capture.cases.scenes import load_scenes, scenes_directory
from jianlu.capture.sessions.checks import Watching
from jianlu.capture.sessions.owing import OwedBook
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.errors import IntegrityError, UnavailableError
from jianlu.core.terms.ids import TenantId, case_ref, tenant_id
from jianlu.entry.serve.probe import Probe
from jianlu.govern.access.decide import Access
from jianlu.govern.policy.load_packs import packs_directory
from jianlu.runtime.jobs import JobProgress, enqueue, progress_of
from jianlu.runtime.logging import logger
from jianlu.runtime.reserve import Reserve
from jianlu.vault.desk import CaseDesk
from jianlu.vault.index import case_rows
from jianlu.vault.keys import tenant_secret
from jianlu.vault.projection import CaseRow
from jianlu.wiring import Home, document_scanner, embedded_rooms, recorder_clients

RESERVE = "owed.reserve"
_FOLDER_MODE = 0o700
CHECKER_LOADS_MS = 30_000
"""Four seconds on an idle machine, which a machine that starts a service is not."""

FREE_BYTES_MIN = 2 << 30
"""Free disk before a session may start: ten hours of a two-party 720p call at 3 Mbit/s would need 13 GB, one hour 1.4 GB."""


def session_ports(home: Home, desk: CaseDesk, access: Access) -> SessionPorts:
    """The ports of `capture/cases` and `capture/sessions` over this home and its other processes."""
    tenant = tenant_id(home.settings.tenant.id)
    packs = home.settings.policy.packs_path
    return SessionPorts(
        tenant=tenant,
        database=home.vault.index,
        clock=home.vault.clock,
        desk=desk,
        rooms=embedded_rooms(home.path, home.settings),
        recorders=recorder_clients(home.path, home.settings),
        rules=load_rules(Path(packs) if packs else packs_directory()),
        scenes=load_scenes(scenes_directory()),
        tenant_secret=tenant_secret(home.vault, tenant),
        backends=home.backends,
        after_call=lambda case: _after_call(home, desk, tenant, case),
        access=access,
        probes=probes_of(home),
        jobs=lambda cases: jobs_of(home, tenant, cases),
        watching=watching_of(home),
        scan=document_scanner(home.settings),
        video_codecs=home.settings.media.video_codecs,
        is_edge=home.settings.serve.is_edge,
        owed=OwedBook(_reserve(home)),
    )


def _reserve(home: Home) -> Reserve | None:
    """Room for alarms on a disk that is full later; on one that is full now there is none."""
    try:
        path = home.path / "run" / RESERVE
        path.parent.mkdir(exist_ok=True, mode=_FOLDER_MODE)
        return Reserve(path)
    except (OSError, UnavailableError) as error:
        logger("web").warning("no_reserve", error=error)
        return None


def watching_of(home: Home) -> Watching | None:
    """What is known of the checker at the start: nothing yet, and for as long as it takes to load its engines that is no alarm."""
    return Watching(home.vault.clock.monotonic_ms() + CHECKER_LOADS_MS) if home.settings.inspect.during_call else None


def probes_of(home: Home) -> dict[str, Callable[[], None]]:
    """The checks of the gate: each raises one of our errors when what it checks is not in order."""
    return {
        "disk": Probe(lambda: _probe_disk(home)),
        "keys": Probe(lambda: _probe_keys(home)),
        "ledger": lambda: _probe_ledger(home),
    }


def jobs_of(home: Home, tenant: TenantId, cases: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """How far the stages after the call are, and the counts of verdicts once they are done, of each of these cases."""
    progress = progress_of(home.vault.index, cases)
    done = [case_ref(case) for case, each in progress.items() if each.state == "done"]
    rows = case_rows(home.vault, tenant, done)
    return {case: _jobs(case, progress.get(case), rows.get(case)) for case in cases}


def _jobs(case: str, progress: JobProgress | None, row: CaseRow | None) -> Mapping[str, Any]:
    if progress is None:
        return {"jobs": {"stage": "none", "done": 0, "due": None, "error": ""}, "result": None}
    stage = {"failed": "failed", "done": "done", "waiting": progress.stage or "inspect"}.get(
        progress.state, progress.stage or "inspect"
    )
    result = None
    if row is not None:
        counts = {"met": row.met, "not_met": row.not_met, "not_evidenced": row.not_evidenced}
        result = {**counts, "package_url": f"/api/v1/cases/{case}/package"}
    return {"jobs": {"stage": stage, "done": progress.done, "due": progress.due, "error": progress.error}, "result": result}


def _after_call(home: Home, desk: CaseDesk, tenant: TenantId, case: str) -> None:
    desk.release(tenant, case)  # from here on only a worker appends to the case
    enqueue(home.vault.index, case, {}, clock=home.vault.clock)


def _probe_disk(home: Home) -> None:
    try:
        found = os.statvfs(home.path / home.settings.vault.path)
    except OSError as error:
        raise UnavailableError(f"the disk of the vault cannot be asked ({error.strerror}): check that it is mounted") from error
    if found.f_bavail * found.f_frsize < FREE_BYTES_MIN:
        raise UnavailableError("the disk of the vault is nearly full: make room before a session starts")


def _probe_keys(home: Home) -> None:
    home.check_keys()
    fresh = secrets.token_bytes(32)
    if home.vault.keys.unwrap(home.vault.keys.wrap(fresh, b"jianlu/probe@v1"), b"jianlu/probe@v1") != fresh:
        raise IntegrityError("the key keeper does not give back what it was given: stop and have it looked at")


def _probe_ledger(home: Home) -> None:
    home.ledger.publish()
