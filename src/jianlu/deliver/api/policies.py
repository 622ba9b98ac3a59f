"""Changing the policies over HTTP: proposing a version, reading how it differs and what it would change, approving it as a second person.

What a version is and what it must leave alone is `govern/access/versions.py`; who may do which is decided by the policies in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from difflib import unified_diff
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from jianlu.capture.cases.case_access import check_lists
from jianlu.core.errors import InvalidError
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import PolicyNumber, on_policy, on_tenant
from jianlu.govern.access import versions
from jianlu.govern.access.policies import Policies, load_policies, policies_directory
from jianlu.govern.access.requests import REASON_MAX, REASON_MIN
from jianlu.govern.access.versions import PolicyVersion, VersionPorts
from jianlu.govern.identity.accounts import list_accounts, shown_names
from jianlu.govern.identity.step_up import require_recent

router = APIRouter(prefix="/api/v1/access/policies", tags=["rights"])

LINES_MAX = 2_000
"""Lines of one file's difference that are shown."""

FileName = Annotated[str, Field(pattern=r"^[0-9]{2}-[a-z0-9-]{1,40}\.cedar$")]
FileText = Annotated[str, Field(max_length=versions.FILE_CHARACTERS_MAX)]


class NewPolicies(Body):
    """Files that replace those in force of the same name or come beside them, and why.

    Files in force that are not named stay. `again` begins from an earlier version instead, 0 being the software's own: so one goes back.
    """

    files: dict[FileName, FileText] = Field(default={}, max_length=versions.FILES_MAX)
    again: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] | None = None
    reason: Annotated[str, Field(min_length=REASON_MIN, max_length=REASON_MAX)]


class Approving(Body):
    """The digest of what was read: what is approved is this and nothing else."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@router.get("/files", dependencies=[on_tenant("policy.read")])
def policy_files(_: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Every file of the policies in force, to read and to edit."""
    return files_document(deps)


@router.get("/versions", dependencies=[on_tenant("policy.read")])
def policy_versions(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Which version is in force, and the newest ones with what became of them."""
    return versions_document(deps, staff.account.id)


@router.post("/versions", status_code=201, dependencies=[on_tenant("policy.propose")])
def propose_policies(body: NewPolicies, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Propose a version: it is checked against the schema, and how it differs and what it would change is in the answer."""
    require_recent(deps.identity, staff)
    if not body.reason.isprintable():
        raise InvalidError("say why in one line of plain text: the second person decides by it")
    using = _ports(deps)
    start = _files_of(deps, deps.access.version if body.again is None else body.again)
    made = versions.propose({**start, **body.files}, body.reason, using=using, tenant=deps.tenant, by=staff.account.id)
    return _document(deps, made, staff.account.id)


@router.get("/versions/{version}", dependencies=[on_tenant("policy.read")])
def policy_version(version: PolicyNumber, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """A version in full."""
    return version_document(deps, version, staff.account.id)


@router.post("/versions/{version}/approve", dependencies=[on_policy("policy.approve")])
def approve_policies(version: PolicyNumber, body: Approving, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Put into force what somebody else proposed: the next request is decided by it."""
    require_recent(deps.identity, staff)
    decided = versions.approve(version, body.digest, using=_ports(deps), tenant=deps.tenant, by=staff.account.id)
    return _entries(deps, [decided], staff.account.id)[0]


@router.post("/versions/{version}/refuse", dependencies=[on_policy("policy.approve")])
def refuse_policies(version: PolicyNumber, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Refuse what somebody else proposed."""
    decided = versions.refuse(version, using=_ports(deps), tenant=deps.tenant, by=staff.account.id)
    return _entries(deps, [decided], staff.account.id)[0]


@router.post("/versions/{version}/withdraw", dependencies=[on_tenant("policy.propose")])
def withdraw_policies(version: PolicyNumber, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Take back what one proposed oneself."""
    decided = versions.withdraw(version, using=_ports(deps), tenant=deps.tenant, by=staff.account.id)
    return _entries(deps, [decided], staff.account.id)[0]


def files_document(deps: Deps) -> dict[str, Any]:
    """The answer of `/access/policies/files`."""
    policies = deps.access.policies
    return {"version": deps.access.version, "digest": policies.digest, "files": dict(policies.texts)}


def versions_document(deps: Deps, account: str) -> dict[str, Any]:
    """The answer of `/access/policies/versions`."""
    found = versions.list_versions(deps.tenant, database=deps.database)
    entries = _entries(deps, found, account)
    return {"in_force": deps.access.version, "digest": deps.access.policies.digest, "versions": entries}


def version_document(deps: Deps, version: int, account: str) -> dict[str, Any]:
    """The answer of `/access/policies/versions/{version}`."""
    return _document(deps, versions.find_version(version, deps.tenant, database=deps.database), account)


def _document(deps: Deps, found: PolicyVersion, account: str) -> dict[str, Any]:
    before = {**_shipped().texts, **_files_of(deps, found.before)}
    after = {**_shipped().texts, **found.files}
    nothing = {"tried": 0, "is_whole": False, "statements": [], "changes": []}
    return {
        "version": _entries(deps, [found], account)[0],
        "files": dict(sorted(after.items())),
        "differences": differences(before, after),
        "is_compared": bool(found.effect),
        "effect": dict(found.effect) or nothing,
    }


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[dict[str, Any]]:
    """How the files differ, those that are alike left out."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        lines = list(unified_diff(old, new, lineterm="", n=3))[2:]
        if lines:
            found.append({"file": name, "lines": lines[:LINES_MAX]})
    return found


def _files_of(deps: Deps, version: int) -> dict[str, str]:
    """What that version has beside or in place of the software's own files."""
    if version == 0:
        return {}
    return dict(versions.find_version(version, deps.tenant, database=deps.database).files)


def _entries(deps: Deps, found: Sequence[PolicyVersion], account: str) -> list[dict[str, Any]]:
    people = {who for each in found for who in (each.proposed_by, each.decided_by)}
    names = shown_names(deps.identity, deps.tenant, people)
    roles = {each.id: each.roles for each in list_accounts(deps.identity, deps.tenant) if each.id in people}
    shown = []
    for each in found:
        fields = {name: part for name, part in asdict(each).items() if name not in ("tenant", "files", "effect")}
        own = roles.get(each.proposed_by, frozenset())
        shown.append(
            {
                **fields,
                "decided_at": each.decided_at or "",
                "proposed_by_name": names.get(each.proposed_by, ""),
                "decided_by_name": names.get(each.decided_by, ""),
                "is_own": each.proposed_by == account,
                "widens_proposer": any(one["opens"] and one["who"] in own for one in each.effect.get("changes", ())),
            }
        )
    return shown


@cache
def _shipped() -> Policies:
    """Those of this software: read once, they do not change while it runs."""
    return load_policies(policies_directory())


def _ports(deps: Deps) -> VersionPorts:
    return VersionPorts(deps.database, deps.clock, deps.access, _shipped(), check_lists)
