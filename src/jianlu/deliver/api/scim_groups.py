"""Groups over SCIM 2.0 (RFC 7643, 4.2; RFC 7644, 3.5.2): movers and leavers by membership, at once.

Two dialects of PATCH are met in the field: members in `value`, or one member in the path, `members[value eq "..."]`. Both are spoken, and
whole groups by PUT. What a group gives is `govern/identity/groups.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from jianlu.core.errors import InvalidError
from jianlu.deliver.api.deps import Deps, TheDeps
from jianlu.deliver.api.scim import LIST, PAGE_MAX, Said, directory_calling, mapping_of, number_of, operations_of, scim_answer
from jianlu.govern.identity.groups import MEMBERS_MAX, Group, all_groups, change_group, drop_group, find_group, make_group

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_FILTER = re.compile(r'^(displayName|externalId|id) eq "([^"\\]{1,255})"$')
_ONE_MEMBER = re.compile(r'^members\[value eq "([^"\\]{1,64})"\]$')

router = APIRouter(prefix="/scim/v2", tags=["scim"], dependencies=[Depends(directory_calling)], include_in_schema=False)


@router.get("/Groups")
def find_groups(deps: TheDeps, request: Request) -> JSONResponse:
    """Every group, or one by `filter`: `displayName eq "..."`, `externalId`, `id`."""
    found = all_groups(deps.identity, deps.tenant)
    if wanted := request.query_params.get("filter", ""):
        match = _FILTER.fullmatch(wanted)
        if match is None:
            raise InvalidError('the filter must be displayName, externalId or id eq "...": nothing else is spoken here')
        kind, value = match.groups()
        found = [
            each for each in found if {"displayName": each.display, "externalId": each.external, "id": each.id}[kind] == value
        ]
    start, count = number_of(request, "startIndex", 1), min(number_of(request, "count", PAGE_MAX), PAGE_MAX)
    page = [_document(deps, each) for each in found[start - 1 : start - 1 + count]]
    listed = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": page}
    return scim_answer({"schemas": [LIST], **listed})


@router.post("/Groups")
def create_group(said: Said, deps: TheDeps) -> JSONResponse:
    """A new group with its members."""
    external = said.get("externalId", "")
    members = _members(said.get("members", []))
    made = make_group(
        deps.identity, deps.tenant, _display(said), external if isinstance(external, str) else "", members, mapping_of(deps)
    )
    return scim_answer(_document(deps, made), 201)


@router.get("/Groups/{group_id}")
def group(group_id: str, deps: TheDeps) -> JSONResponse:
    """One of them by our id."""
    return scim_answer(_document(deps, find_group(deps.identity, deps.tenant, group_id)))


@router.put("/Groups/{group_id}")
def replace_group(group_id: str, said: Said, deps: TheDeps) -> JSONResponse:
    """A group, said in full."""
    members = _members(said.get("members", []))
    changed = change_group(deps.identity, deps.tenant, group_id, mapping_of(deps), display=_display(said), members=members)
    return scim_answer(_document(deps, changed))


@router.patch("/Groups/{group_id}")
def patch_group(group_id: str, said: Said, deps: TheDeps) -> JSONResponse:
    """Members more or less, or another name: all operations of the message, or none."""
    known = find_group(deps.identity, deps.tenant, group_id)
    members, display = set(known.members), known.display
    for each in operations_of(said):
        members, display = _operated(each, members, display)
    changed = change_group(
        deps.identity,
        deps.tenant,
        group_id,
        mapping_of(deps),
        display=None if display == known.display else display,
        add=members - set(known.members),
        remove=set(known.members) - members,
    )
    return scim_answer(_document(deps, changed))


@router.delete("/Groups/{group_id}", status_code=204)
def delete_group(group_id: str, deps: TheDeps) -> Response:
    """The directory lets go of a group; its members lose what it gave."""
    drop_group(deps.identity, deps.tenant, group_id, mapping_of(deps))
    return Response(status_code=204)


def _operated(each: Any, members: set[str], display: str) -> tuple[set[str], str]:
    """What an operation makes of members and name; InvalidError for one that is not spoken here."""
    said = each if isinstance(each, dict) else {}
    verb, path, value = str(said.get("op", "")).lower(), said.get("path", ""), said.get("value")
    one = _ONE_MEMBER.fullmatch(path) if isinstance(path, str) else None
    if verb == "remove" and one:
        return members - {one.group(1)}, display
    if verb == "remove" and path == "members":
        return (members - set(_members(value)) if value is not None else set()), display
    if verb in ("add", "replace") and path == "members":
        return (members if verb == "add" else set()) | set(_members(value)), display
    if verb in ("add", "replace") and path == "displayName":
        return members, _display({"displayName": value})
    if verb in ("add", "replace") and not path and isinstance(value, dict):
        if "members" in value:
            members = (members if verb == "add" else set()) | set(_members(value["members"]))
        return members, _display(value) if "displayName" in value else display
    raise InvalidError("add, replace and remove of members, and another displayName, are spoken here: send the group by PUT")


def _members(listed: Any) -> list[str]:
    if not isinstance(listed, list) or len(listed) > MEMBERS_MAX:
        raise InvalidError(f"members are a list of at most {MEMBERS_MAX} objects with a value: correct the message")
    found = [each.get("value") if isinstance(each, dict) else None for each in listed]
    if not all(isinstance(each, str) and 0 < len(each) <= 64 for each in found):
        raise InvalidError("a member has a value, the id of a user here: correct the message")
    return [str(each) for each in found]


def _display(said: Mapping[str, Any]) -> str:
    display = said.get("displayName")
    if not isinstance(display, str):
        raise InvalidError("a group has a displayName: correct the message")
    return display


def _document(deps: Deps, each: Group) -> dict[str, Any]:
    return {
        "schemas": [GROUP],
        "id": each.id,
        "externalId": each.external,
        "displayName": each.display,
        "members": [{"value": account, "$ref": f"{deps.public_url}/scim/v2/Users/{account}"} for account in each.members],
        "meta": {"resourceType": "Group", "location": f"{deps.public_url}/scim/v2/Groups/{each.id}"},
    }
