"""Taking a package away: one download an approval, the rest of one that broke off, never a second.

The approval is used up before the first byte leaves, for the very bytes of the package, and the destination that it states is asked of
plan, policies and consents once more. A download that broke off goes on by a range that
begins behind its first byte and names these bytes (`If-Range` with their ETag), by the same account, within the hour of the approval;
it gets nothing that it was not given already. All else takes a new approval.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import read_case, row_of
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.destinations import record_export, require_destination
from jianlu.deliver.api.masking import shown_number
from jianlu.deliver.api.recent import require_proof
from jianlu.deliver.api.rights import OnCase, purpose_of, require_case
from jianlu.deliver.packages.write import package_path
from jianlu.govern.access.requests import RequestPorts, goes_on, used_up
from jianlu.govern.identity.model import Principal, Staff

router = APIRouter(prefix="/api/v1/cases/{case}", tags=["playback"])

PACKAGE_TYPE = "application/zip"
_BEHIND_THE_FIRST = re.compile(r"bytes=([1-9][0-9]{0,15})-[0-9]{0,16}")
_TAG = re.compile(r'"([0-9a-f]{64})"')


@dataclass(frozen=True)
class OnExport(OnCase):
    """The caller must be allowed `action` on the case of the path, by an approval that is unused or that this download used up."""

    def __call__(self, case: CaseRef, caller: Caller, deps: TheDeps, request: Request) -> None:
        """As `OnCase`."""
        goes = bool(_rest_of(deps, caller, self.action, case, request))
        require_case(deps, caller, self.action, case, purpose=purpose_of(request), goes_on=goes)


@router.get("/package", response_class=FileResponse, dependencies=[Depends(OnExport("package.export"))])
def package(case: CaseRef, staff: StaffCaller, deps: TheDeps, request: Request) -> FileResponse:
    """The package, once it is written: one download for an approval, and the rest of one that broke off (`Range` with `If-Range`)."""
    require_proof(deps, staff)
    row = read_case(case, using=deps.sessions, by=staff)
    path = package_path(deps.home, case_ref(case))
    if not path.is_file():
        raise NotFoundError("the package is not written yet: look at the progress of the case")
    digest = _digest(path, path.stat().st_mtime_ns, path.stat().st_size)
    answer = FileResponse(
        path,
        media_type=PACKAGE_TYPE,
        filename=f"{_file_name(shown_number(deps, staff, row))}.jlp",
        headers={"etag": f'"{digest}"'},
    )
    if _rest_of(deps, staff, "package.export", case, request) == digest:
        return answer
    request.scope["headers"] = [each for each in request.scope["headers"] if each[0] not in (b"range", b"if-range")]
    with used_up("package.export", case_resource(row), for_digest=digest, using=_ports(deps), by=staff.account.id) as approved:
        require_destination(deps, staff, row, approved.destination, purpose=purpose_of(request))
        record_export(deps, row, approved)
        return answer


def _rest_of(deps: Deps, caller: Principal, action: str, case: str, request: Request) -> str:
    """The digest of the package whose rest is asked for by whoever was given its beginning; empty for all else."""
    claimed = _TAG.fullmatch(request.headers.get("if-range", ""))
    if not isinstance(caller, Staff) or claimed is None or not _BEHIND_THE_FIRST.fullmatch(request.headers.get("range", "")):
        return ""
    on = case_resource(row_of(case, using=deps.sessions))
    is_rest = goes_on(action, on, claimed.group(1), using=_ports(deps), by=caller.account.id)
    return claimed.group(1) if is_rest else ""


@lru_cache(maxsize=64)
def _digest(path: Path, _changed_ns: int, _bytes: int) -> str:
    """SHA-256 of the file, computed once as long as it stays as it is."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ports(deps: Deps) -> RequestPorts:
    return RequestPorts(deps.database, deps.clock, deps.access.log)


def _file_name(number: str) -> str:
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "-" for each in number)
    return kept.strip(".-") or "case"
