"""SCIM 2.0 (RFC 7643, RFC 7644): the organisation's directory creates, changes and switches off accounts, without passwords.

Called with a bearer token of its own, which opens nothing else. `externalId` is the directory's id of a person, which the organisation's
sign-in uses too (`sub`); roles come as `roles` or `groups` values of a user, or by groups of their own (`scim_groups.py`), by the mapping
of the settings. What is switched off here is off on the next request, also of streams and media that are open.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.deliver.api.deps import Deps, TheDeps
from jianlu.govern.identity.directory import (
    SCIM,
    Person,
    account_name,
    find_person,
    forget_person,
    people_of,
    roles_of,
    take_person,
)
from jianlu.govern.identity.model import Account, SignInNeededError

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE = "application/scim+json"
_BODY_ITEMS_MAX = 100
PAGE_MAX = 200
_FILTER = re.compile(r'^(userName|externalId|id) eq "([^"\\]{1,255})"$')


def directory_calling(request: Request, deps: TheDeps) -> None:
    """The directory, by its token; SignInNeededError for anybody else, NotFoundError where there is no directory."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not deps.scim_token_digest:
        raise NotFoundError("this installation has no directory: see [organisation] in the settings")
    is_right = hmac.compare_digest(digest_of(token.strip().encode()), deps.scim_token_digest)
    if scheme.lower() != "bearer" or not is_right:
        raise SignInNeededError("this address needs the directory's bearer token: send Authorization: Bearer")


router = APIRouter(prefix="/scim/v2", tags=["scim"], dependencies=[Depends(directory_calling)], include_in_schema=False)


async def said_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body; InvalidError for anything else."""
    try:
        said = await request.json()
    except (ValueError, RecursionError) as error:
        raise InvalidError("the body must be a JSON object as RFC 7644 says") from error
    if not isinstance(said, dict):
        raise InvalidError("the body must be a JSON object as RFC 7644 says")
    return said


Said = Annotated[dict[str, Any], Depends(said_of)]


@router.get("/ServiceProviderConfig")
def provider_config() -> JSONResponse:
    """What of SCIM is spoken here."""
    no = {"supported": False}
    config = {
        "schemas": [_CONFIG],
        "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": PAGE_MAX},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer", "description": "The directory's token."}],
    }
    return scim_answer(config)


@router.get("/Users")
def find_users(deps: TheDeps, request: Request) -> JSONResponse:
    """Everybody whom the directory handed over, or one by `filter`: `userName eq "..."`, `externalId`, `id`."""
    found = people_of(deps.identity, deps.tenant, SCIM)
    if wanted := request.query_params.get("filter", ""):
        match = _FILTER.fullmatch(wanted)
        if match is None:
            raise InvalidError('the filter must be userName, externalId or id eq "...": nothing else is spoken here')
        kind, value = match.groups()
        name = account_name(value) if kind == "userName" else value
        found = [
            (subject, each)
            for subject, each in found
            if name == {"userName": each.name, "externalId": subject, "id": each.id}[kind]
        ]
    start, count = number_of(request, "startIndex", 1), min(number_of(request, "count", PAGE_MAX), PAGE_MAX)
    page = [_document(deps, *each) for each in found[start - 1 : start - 1 + count]]
    return scim_answer(
        {"schemas": [LIST], "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": page}
    )


@router.post("/Users")
def create_user(said: Said, deps: TheDeps) -> JSONResponse:
    """A joiner."""
    person = _person(deps, said, None)
    account = take_person(deps.identity, deps.tenant, SCIM, person, mapping=mapping_of(deps))
    return scim_answer(_document(deps, person.subject, account), 201)


@router.get("/Users/{user}")
def user(user: str, deps: TheDeps) -> JSONResponse:
    """One of them by our id."""
    return scim_answer(_document(deps, *_find(deps, user)))


@router.put("/Users/{user}")
def replace_user(user: str, said: Said, deps: TheDeps) -> JSONResponse:
    """A mover or a leaver, said in full."""
    subject, account = _find(deps, user)
    person = replace(_person(deps, said, account), subject=subject)
    changed = take_person(deps.identity, deps.tenant, SCIM, person, mapping=mapping_of(deps))
    return scim_answer(_document(deps, subject, changed))


@router.patch("/Users/{user}")
def patch_user(user: str, said: Said, deps: TheDeps) -> JSONResponse:
    """A mover or a leaver, said in part: `active`, `displayName`, `roles`, `groups`."""
    subject, account = _find(deps, user)
    person = replace(_person(deps, _patched(said), account), subject=subject)
    changed = take_person(deps.identity, deps.tenant, SCIM, person, mapping=mapping_of(deps))
    return scim_answer(_document(deps, subject, changed))


@router.delete("/Users/{user}", status_code=204)
def delete_user(user: str, deps: TheDeps) -> Response:
    """A leaver whom the directory forgets; the account stays, switched off, since evidence names it."""
    subject, _ = _find(deps, user)
    forget_person(deps.identity, deps.tenant, SCIM, subject)
    return Response(status_code=204)


def _find(deps: Deps, user: str) -> tuple[str, Account]:
    found = next((each for each in people_of(deps.identity, deps.tenant, SCIM) if each[1].id == user), None)
    if found is None:
        raise NotFoundError("the directory has handed over nobody of that id: create them first")
    return found[0], find_person(deps.identity, deps.tenant, SCIM, found[0])


def _person(deps: Deps, said: Mapping[str, Any], known: Account | None) -> Person:
    """What the directory says, over what is known where it leaves something out."""
    name = said.get("userName", known.name if known else None)
    external = said.get("externalId", name)
    if not isinstance(name, str) or not isinstance(external, str) or not 0 < len(external) <= 255 or not account_name(name):
        raise InvalidError("a user has a userName and an externalId of at most 255 characters")
    shown = said.get("displayName") or _formatted(said.get("name")) or (known.display if known else name)
    listed = [each for part in ("roles", "groups") for each in _values(said.get(part))]
    roles = roles_of(listed, mapping_of(deps)) if "roles" in said or "groups" in said else None
    if listed and not roles:
        raise InvalidError("none of these roles and groups is mapped to a role here: see [organisation] roles in the settings")
    return Person(external, name, str(shown), roles, _truth(said.get("active", known.is_active if known else True)))


def mapping_of(deps: Deps) -> Mapping[str, str]:
    """Which of the directory's groups give which of our roles."""
    return deps.settings.organisation.role_of_group


def _patched(said: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that the operations of RFC 7644, 3.5.2 set; InvalidError for operations that are not spoken here."""
    changed: dict[str, Any] = {}
    for each in operations_of(said):
        changed |= _operation(each)
    unknown = set(changed) - {"active", "displayName", "roles", "groups", "name", "userName", "externalId"}
    if unknown:
        raise InvalidError("only active, displayName, name, roles and groups can be patched: send the user by PUT")
    return changed


def operations_of(said: Mapping[str, Any]) -> list[Any]:
    """The operations of a PatchOp message (RFC 7644, 3.5.2); InvalidError for anything else."""
    operations, schemas = said.get("Operations"), said.get("schemas")
    is_list = isinstance(operations, list) and 0 < len(operations) <= _BODY_ITEMS_MAX
    if not isinstance(operations, list) or not is_list or not isinstance(schemas, list) or _PATCH not in schemas:
        raise InvalidError("a patch is a PatchOp message with 1 to 100 operations")
    return operations


def _operation(each: Any) -> dict[str, Any]:
    said = each if isinstance(each, dict) else {}
    verb, path, value = str(said.get("op", "")).lower(), said.get("path", ""), said.get("value")
    if verb not in ("add", "replace") or not isinstance(path, str) or not (path or isinstance(value, dict)):
        raise InvalidError("only add and replace of whole attributes are spoken here: send the user by PUT")
    return {path: value} if path else dict(value or {})


def _values(listed: Any) -> list[Any]:
    if not isinstance(listed, list) or len(listed) > _BODY_ITEMS_MAX:
        return []
    return [each.get("value") if isinstance(each, dict) else each for each in listed]


def _formatted(name: Any) -> str:
    return str(name.get("formatted") or "") if isinstance(name, dict) else ""


def _truth(said: Any) -> bool:
    """Some directories send "False": whatever does not say true says no."""
    return said is True or str(said).lower() == "true"


def number_of(request: Request, name: str, otherwise: int) -> int:
    """A number of at least 1 in the query."""
    said = request.query_params.get(name, "")
    return max(1, int(said)) if said.isdecimal() and len(said) < 7 else otherwise


def _document(deps: Deps, subject: str, account: Account) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "id": account.id,
        "externalId": subject,
        "userName": account.name,
        "displayName": account.display,
        "active": account.is_active,
        "roles": [{"value": role} for role in sorted(account.roles)],
        "meta": {"resourceType": "User", "location": f"{deps.public_url}/scim/v2/Users/{account.id}"},
    }


def scim_answer(document: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """`document` with SCIM's media type."""
    return JSONResponse(document, status, media_type=_TYPE)
