"""Scripts: their versions, proposed by one person and approved by another.

Who may propose and approve is decided in `capture/cases/scripts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter

from jianlu.capture.cases import scripts as use_cases
from jianlu.core.errors import NotFoundError
from jianlu.deliver.api._bodies import ScriptContent, ScriptReason
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_script, on_tenant
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff

router = APIRouter(prefix="/api/v1/scripts", tags=["scripts"])


@router.get("", dependencies=[on_tenant("script.read")])
def scripts(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every script with its versions."""
    return scripts_document(deps, staff)


@router.post("", status_code=201, dependencies=[on_tenant("script.propose")])
def propose(body: ScriptContent, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Propose a version; it is used only after a second person approved it."""
    return named_version(deps, use_cases.propose_script(body.content, using=deps.sessions, by=staff).document)


@router.post("/shipped", status_code=201, dependencies=[on_tenant("script.propose")])
def propose_shipped(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Propose every script that comes with the templates; as any other, each waits for a second person."""
    rows = use_cases.propose_shipped_scripts(using=deps.sessions, by=staff)
    return {"scripts": [named_version(deps, row.document) for row in rows]}


@router.get("/{script}", dependencies=[on_tenant("script.read")])
def script(script: str, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """One script: its versions, newest first, each with its content."""
    return script_document(deps, staff, script)


@router.get("/{script}/versions/{version}", dependencies=[on_tenant("script.read")])
def version(script: str, version: str, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The content of one version."""
    return named_version(deps, use_cases.read_script(script, version, using=deps.sessions, by=staff))


@router.post("/{script}/versions/{version}/approve", dependencies=[on_script("script.approve")])
def approve(script: str, version: str, staff: StaffCaller, deps: TheDeps, body: ScriptReason | None = None) -> dict[str, Any]:
    """Approve a version that somebody else proposed; it holds from its date."""
    reason = body.reason if body is not None else ""
    return named_version(deps, use_cases.approve_script(script, version, reason=reason, using=deps.sessions, by=staff).document)


@router.post("/{script}/versions/{version}/withdraw", dependencies=[on_tenant("script.withdraw")])
def withdraw(script: str, version: str, staff: StaffCaller, deps: TheDeps, body: ScriptReason | None = None) -> dict[str, Any]:
    """Take a version out of use; sessions that ran it keep it."""
    reason = body.reason if body is not None else ""
    use_cases.withdraw_script(script, version, reason=reason, using=deps.sessions, by=staff)
    return script_document(deps, staff, script)


def scripts_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/scripts`: scripts by id, each with its versions."""
    found: dict[str, list[dict[str, Any]]] = {}
    documents = [row.document for row in use_cases.find_scripts(using=deps.sessions, by=staff)]
    for document in _all_named(deps, documents):
        found.setdefault(str(document["script"]), []).append(document)
    return {"scripts": [_together(script, versions) for script, versions in sorted(found.items())]}


def script_document(deps: Deps, staff: Staff, script: str) -> dict[str, Any]:
    """The answer of `/scripts/{script}`; NotFoundError when there is none."""
    found = next((each for each in scripts_document(deps, staff)["scripts"] if each["id"] == script), None)
    if found is None:
        raise NotFoundError("there is no script of that id: see the list of scripts")
    for each in found["versions"]:
        each["content"] = dict(use_cases.read_script(script, each["version"], using=deps.sessions, by=staff))
    return dict(found)


def named_version(deps: Deps, document: Mapping[str, Any]) -> dict[str, Any]:
    """The version with the names of its two people."""
    return _all_named(deps, [document])[0]


def _all_named(deps: Deps, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The versions with the names of the two people beside their accounts, "" for an account that is not here."""
    accounts = {each[part] for each in documents for part in ("proposed_by", "approved_by")}
    names = shown_names(deps.identity, deps.tenant, accounts)
    return [
        {**each, **{f"{part}_name": names.get(each[part], "") for part in ("proposed_by", "approved_by")}} for each in documents
    ]


def _together(script: str, versions: list[dict[str, Any]]) -> dict[str, Any]:
    approved = next((each for each in reversed(versions) if each.get("state") == "approved"), versions[-1])
    return {
        "id": script,
        "title": approved.get("title"),
        "version": approved["version"],
        "state": approved.get("state"),
        "versions": versions,
    }
