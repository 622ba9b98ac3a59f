"""Inspection: whoever watches from outside draws random samples of concluded cases, and takes the packages of those cases and no others.

Each package that is taken is a look at its case, on the record, and so in the customer's own copy. The verifier comes beside.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.responses import Response

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.ids import case_ref
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.casefile import masked_file_document
from jianlu.deliver.api.days import Day
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.deliver.oversight.samples import SIZE_MAX, SamplePorts, draw_sample, read_sample, require_drawn, samples_of
from jianlu.deliver.packages.verifier import verifier_bytes
from jianlu.deliver.packages.write import package_path
from jianlu.govern.access.model import Resource
from jianlu.govern.access.ports import Asked
from jianlu.govern.identity.model import Staff

router = APIRouter(prefix="/api/v1", tags=["inspection"])

PURPOSE = "inspection"
SampleId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
DrawnRef = Annotated[str, Path(pattern=r"^c[a-z2-7]{26}$")]
"""A case of a sample: not `case`, which every route that decides about a case as such calls it."""


class SampleWanted(Body):
    """Of the cases that ended in a period (UTC days, both included) so many, by a seed of one's own or fresh chance."""

    from_on: Day
    until_on: Day
    size: Annotated[int, Field(ge=1, le=SIZE_MAX)]
    seed: Annotated[str, Field(max_length=128)] = ""


@router.post("/samples", status_code=201, dependencies=[on_tenant("sample.draw")])
def draw(body: SampleWanted, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Draw a sample; who drew it, by which seed and of how many cases is in the ledger before it is answered."""
    name = draw_sample(body.from_on, body.until_on, body.size, body.seed, using=sample_ports(deps), by=staff.account.id)
    return sample_document(deps, staff, name)


@router.get("/samples", dependencies=[on_tenant("sample.draw")])
def read_samples(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """One's own samples, newest first."""
    return samples_document(deps, staff)


@router.get("/samples/verifier", response_class=Response, dependencies=[on_tenant("sample.draw")])
def sample_verifier(_: StaffCaller) -> Response:
    """The verifier that is in every package, by itself: Python's standard library is all it needs."""
    disposition = {"content-disposition": 'attachment; filename="verifier.pyz"'}
    return Response(verifier_bytes(), media_type="application/zip", headers=disposition)


@router.get("/samples/{sample}", dependencies=[on_tenant("sample.draw")])
def read_one_sample(sample: SampleId, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """A sample of one's own with its cases."""
    return sample_document(deps, staff, sample)


@router.get("/samples/{sample}/packages/{drawn}", response_class=FileResponse, dependencies=[on_tenant("sample.draw")])
def sample_package(sample: SampleId, drawn: DrawnRef, staff: StaffCaller, deps: TheDeps) -> FileResponse:
    """The package of a case of the sample; that it was taken is on the record first."""
    require_drawn(sample, drawn, using=sample_ports(deps), by=staff.account.id)
    path = package_path(deps.home, case_ref(drawn))
    if not path.is_file():
        raise NotFoundError("the package is not written yet: ask the institution when it will be")
    decision = deps.access.require(staff, "sample.read", _resource(deps, staff, sample), purpose=PURPOSE)
    asked = Asked(staff, "package.export", case_resource(row_of(drawn, using=deps.sessions)), PURPOSE)
    deps.access.log.record(asked, decision, is_sensitive=True)
    return FileResponse(path, media_type="application/zip", filename=f"{drawn}.jlp")


@router.get("/samples/{sample}/files/{drawn}", dependencies=[on_tenant("sample.draw")])
def sample_file(sample: SampleId, drawn: DrawnRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The file of a case of the sample, number and names masked; that it was looked at is on the record first."""
    return drawn_file_document(deps, staff, sample, drawn)


def samples_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/samples`."""
    return {"samples": samples_of(staff.account.id, using=sample_ports(deps))}


def sample_document(deps: Deps, staff: Staff, sample: str) -> dict[str, Any]:
    """The answer of `/samples/{sample}`; the cases without anybody's name."""
    found = read_sample(sample, using=sample_ports(deps), by=staff.account.id)
    deps.access.require(staff, "sample.read", _resource(deps, staff, sample), purpose=PURPOSE)
    return {**found, "cases": [_case(deps, sample, case) for case in found["cases"]]}


def drawn_file_document(deps: Deps, staff: Staff, sample: str, drawn: str) -> dict[str, Any]:
    """The answer of `/samples/{sample}/files/{drawn}`."""
    require_drawn(sample, drawn, using=sample_ports(deps), by=staff.account.id)
    decision = deps.access.require(staff, "sample.read", _resource(deps, staff, sample), purpose=PURPOSE)
    row = row_of(drawn, using=deps.sessions)
    deps.access.log.record(Asked(staff, "case.read", case_resource(row), PURPOSE), decision, is_sensitive=True)
    return masked_file_document(deps, row, _package_url(deps, sample, drawn))


def sample_ports(deps: Deps) -> SamplePorts:
    """What samples rest on, of this application."""
    return SamplePorts(deps.database, deps.clock, deps.tenant, deps.access.log)


def _resource(deps: Deps, staff: Staff, sample: str) -> Resource:
    return Resource("sample", sample, deps.tenant, {"owner": staff.account.id})


def _case(deps: Deps, sample: str, case: str) -> dict[str, Any]:
    row, progress = row_of(case, using=deps.sessions), deps.sessions.jobs_of(case)
    return {
        "case": case,
        "template": row.scene,
        "state": row.state,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "result": progress["result"],
        "package_url": _package_url(deps, sample, case),
    }


def _package_url(deps: Deps, sample: str, case: str) -> str | None:
    is_there = package_path(deps.home, case_ref(case)).is_file()
    return f"/api/v1/samples/{sample}/packages/{case}" if is_there else None
