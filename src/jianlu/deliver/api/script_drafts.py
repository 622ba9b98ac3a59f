"""Drafts of scripts and their way to a version: read, save, discard, propose; what changed between two versions; who did what.

Who may edit is decided in `capture/cases/script_drafts.py` too; words are `deliver/scripts/`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from jianlu.capture.cases import script_drafts as use_cases
from jianlu.capture.cases.rehearsal import Rehearsal, rehearse
from jianlu.capture.cases.script_acts import find_acts
from jianlu.capture.cases.script_problems import problems_of
from jianlu.capture.cases.scripts import read_script
from jianlu.core.errors import NotFoundError
from jianlu.core.formats.script import Script
from jianlu.deliver.api._bodies import Body
from jianlu.deliver.api.deps import Deps, StaffCaller, TheDeps
from jianlu.deliver.api.rights import on_tenant
from jianlu.deliver.api.scripts import named_version, script_document
from jianlu.deliver.scripts.changes import script_changes
from jianlu.deliver.scripts.draft_words import choices, demand_words, lack_words, problem_words
from jianlu.deliver.scripts.reading import script_reading
from jianlu.govern.identity.accounts import shown_names
from jianlu.govern.identity.model import Staff

router = APIRouter(prefix="/api/v1/scripts", tags=["scripts"])

Revision = Annotated[int, Field(ge=0, le=1_000_000)]
Version = Annotated[str, Field(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$")]
Against = Annotated[str, Query(pattern=r"^([0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4})?$")]
Day = Annotated[str, Field(max_length=10)]
_SCRIPT_FIELDS = ("title", "documents", "steps")


class DraftContent(Body):
    """A draft as it is now, and the number of the one from which its editor started."""

    revision: Revision
    content: dict[str, Any]


class DraftRevision(Body):
    """The number of the draft that is meant."""

    revision: Revision


class DraftProposal(Body):
    """What the draft becomes: its number, from when it holds, until when (empty: without an end), and why."""

    revision: Revision
    version: Version
    effective_from: Day
    effective_to: Day = ""
    reason: Annotated[str, Field(max_length=400)] = ""


@router.get("/{script}/draft", dependencies=[on_tenant("script.propose")])
def script_draft(script: str, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The draft, or what it would begin with (`revision` 0), with everything that is wrong with it and what the rules still lack."""
    return draft_document(deps, staff, script)


@router.put("/{script}/draft", dependencies=[on_tenant("script.propose")])
def save_script_draft(script: str, body: DraftContent, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Keep a draft; 409 `draft_changed` when somebody saved since the revision from which the editor started."""
    use_cases.save_draft(script, body.revision, body.content, using=deps.sessions, by=staff)
    return draft_document(deps, staff, script)


@router.post("/{script}/draft/discard", dependencies=[on_tenant("script.propose")])
def discard_script_draft(script: str, body: DraftRevision, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Throw the draft away; answers with the script."""
    use_cases.discard_draft(script, body.revision, using=deps.sessions, by=staff)
    return script_document(deps, staff, script)


@router.post("/{script}/draft/propose", status_code=201, dependencies=[on_tenant("script.propose")])
def propose_script_draft(script: str, body: DraftProposal, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Make the draft a version that waits for a second person; 422 `script_lacks` names the clauses to which it does no justice."""
    fields = body.model_dump(exclude={"revision", "version"})
    row = use_cases.propose_draft(script, body.revision, body.version, **fields, using=deps.sessions, by=staff)
    return named_version(deps, row.document)


@router.get("/{script}/versions/{version}/changes", dependencies=[on_tenant("script.read")])
def script_version_changes(script: str, version: str, staff: StaffCaller, deps: TheDeps, against: Against = "") -> dict[str, Any]:
    """The version as text, and word by word what differs from `against` (empty: the one in force, else the one before)."""
    return changes_document(deps, staff, script, version, against)


@router.get("/{script}/acts", dependencies=[on_tenant("script.read")])
def script_acts(script: str, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Who saved, proposed, approved and withdrew what, the newest first."""
    script_document(deps, staff, script)
    return acts_document(deps, script)


def draft_document(deps: Deps, staff: Staff, script: str) -> dict[str, Any]:
    """The answer of `/scripts/{script}/draft`."""
    found = use_cases.open_draft(script, using=deps.sessions, by=staff)
    newest = use_cases.newest_version(script, using=deps.sessions, by=staff)
    problems, parsed = problems_of(found.content, script)
    rehearsal = _rehearsed(deps, parsed or newest.parsed)
    names = shown_names(deps.identity, deps.tenant, {found.saved_by})
    return {
        "script": found.script,
        "revision": found.revision,
        "based_on": found.based_on,
        "saved_by": found.saved_by,
        "saved_by_name": names.get(found.saved_by, ""),
        "saved_at": found.saved_at,
        "content": dict(found.content),
        "problems": problem_words(problems),
        "lacks": lack_words(rehearsal.lacks) if parsed is not None else [],
        "rehearsed": rehearsal.cases if parsed is not None else 0,
        "next_version": _next(newest.version),
        "choices": {**choices(found.content), **demand_words(rehearsal)},
        "changes": script_changes(json.loads(newest.content), found.content),
    }


def changes_document(deps: Deps, staff: Staff, script: str, version: str, against: str) -> dict[str, Any]:
    """The answer of `/scripts/{script}/versions/{version}/changes`."""
    content = read_script(script, version, using=deps.sessions, by=staff)["content"]
    earlier = against or _compared_with(script_document(deps, staff, script), version)
    before = read_script(script, earlier, using=deps.sessions, by=staff)["content"] if earlier else None
    _, parsed = problems_of({name: content[name] for name in _SCRIPT_FIELDS}, script)
    if parsed is None:
        raise NotFoundError("this version cannot be read by this release: look at it in the release that made it")
    rehearsal = _rehearsed(deps, parsed)
    return {
        "version": version,
        "against": earlier,
        "reading": script_reading(content),
        "changes": script_changes(before, content) if before is not None else None,
        "lacks": lack_words(rehearsal.lacks),
        "rehearsed": rehearsal.cases,
        **demand_words(rehearsal),
    }


def acts_document(deps: Deps, script: str) -> dict[str, Any]:
    """The answer of `/scripts/{script}/acts`."""
    found = find_acts(script, using=deps.sessions)
    names = shown_names(deps.identity, deps.tenant, {each["account"] for each in found})
    return {"acts": [{**each, "name": names.get(each["account"], "")} for each in found]}


def _rehearsed(deps: Deps, parsed: Script) -> Rehearsal:
    using = deps.sessions
    return rehearse(parsed, None, scenes=using.scenes, rules=using.rules, on=using.clock.now().date())


def _compared_with(document: dict[str, Any], version: str) -> str:
    """The newest other version that was approved, else the newest other; empty for the first of all."""
    versions = [each for each in document["versions"] if each["version"] != version]
    approved = [each for each in versions if each["state"] == "approved"]
    return str((approved or versions)[-1]["version"]) if versions else ""


def _next(version: str) -> str:
    first, second, _ = version.split(".")
    return f"{first}.{int(second) + 1}.0"
