"""What a route asks of the access model before it runs, declared beside its path: `dependencies=[OnCase("case.play")]`.

Each declaration can be read back from the route, so that a test goes through every route there is (`tests/property/access`). A route that
declares nothing is in `FOR_ANYBODY`, in `OWN` (one's own sign-in) or in `ASKS_INSIDE` (what it acts on is known only inside).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi import Path as PathParameter
from fastapi.routing import APIRoute

from jianlu.capture.cases.case_access import case_resource
from jianlu.capture.cases.find_cases import row_of
from jianlu.capture.cases.model import CaseRow
from jianlu.capture.cases.scripts import proposer_of
from jianlu.core.errors import NotFoundError
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.api.custody import custody_of
from jianlu.deliver.api.deps import Caller, CaseRef, Deps, TheDeps
from jianlu.deliver.oversight.destructions import find_batch
from jianlu.deliver.oversight.statements import find_sheet
from jianlu.govern.access.model import AccessDeniedError, Resource, tenant_wide
from jianlu.govern.access.requests import find_request
from jianlu.govern.access.versions import find_version
from jianlu.govern.consent import consented
from jianlu.govern.identity.accounts import find_account
from jianlu.govern.identity.model import Participant, Principal
from jianlu.govern.identity.releases import maker_of_link
from jianlu.vault.custody.withdrawals import withdrawn_in

PURPOSE_HEADER, PURPOSE_QUERY = "x-jianlu-purpose", "purpose"
"""What for: a header for programs and scripts, a query for players and links, which cannot set one."""

BY_CONSENT = frozenset({"case.play", "case.reveal", "package.export"})
"""Acts that some purposes open only where the people of the case consented to them."""

PolicyNumber = Annotated[int, PathParameter(ge=0, le=1_000_000)]

FOR_ANYBODY = frozenset(
    {"health", "sign_in", "sign_out", "leave", "me", "join", "enter_queue", "ticket_status", "leave_queue"}
    | {
        "passkey_options",
        "sign_in_with_passkey",
        "look_at_link",
        "link_options",
        "take_link",
        "begin_organisation",
        "sign_in_with_organisation",
        "what_is_taken",
        "checkpoint",
        "anchors",
        "anchor",
        "tile",
    }
    | {"open_copy"}
    | {"provider_config", "find_users", "create_user", "user", "replace_user", "patch_user", "delete_user"}
    | {"find_groups", "create_group", "group", "replace_group", "patch_group", "delete_group"}
)
"""Routes that no account is asked for: health, coming in, what the ledger tells the world, and the directory's (with its own token)."""

OWN = frozenset(
    {
        "begin_totp",
        "confirm_totp",
        "say_here",
        "my_sign_ins",
        "my_history",
        "end_sign_in",
        "sign_out_everywhere",
        "set_my_password",
        "refuse_my_link",
        "my_notices",
        "read_my_notices",
    }
    | {"my_passkeys", "new_passkey_options", "enrol_passkey", "remove_passkey", "step_up_options", "step_up", "proved_recently"}
    | {"begin_organisation_step_up", "step_up_with_organisation"}
)
"""Routes about the caller's own sign-in: nobody else's can be named in them."""

ASKS_INSIDE: Mapping[str, str] = {
    **dict.fromkeys(("whip", "trickle_outside", "close_outside"), "session.send"),
    "whep": "session.watch",
    "search": "search.run",
    "api_keys": "apikey.list",
    "revoke_key": "apikey.revoke",
    "reviews": "review.list",
    "review": "review.read",
    **dict.fromkeys(("take_review", "leave_review", "decide_review"), "review.decide"),
    "appeal_review": "review.appeal",
    "redos": "review.list",
    "redo_review": "review.redo",
}
"""The action that a route asks for in its body, by its name."""


@dataclass(frozen=True)
class OnCase:
    """The caller must be allowed `action` on the case of the path."""

    action: str

    def __call__(self, case: CaseRef, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, or NotFoundError for a case that is none of this participant's."""
        require_case(deps, caller, self.action, case, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnTenant:
    """The caller must be allowed `action` in the tenant as a whole."""

    action: str

    def __call__(self, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError."""
        deps.access.require(caller, self.action, tenant_wide(deps.tenant), purpose=purpose_of(request))


@dataclass(frozen=True)
class OnScript:
    """The caller must be allowed `action` on the version of the script of the path."""

    action: str

    def __call__(self, script: str, version: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when there is no such version."""
        proposer = proposer_of(script, version, using=deps.sessions)
        on = Resource("script", f"{script}/{version}"[:128], deps.tenant, {"proposer": proposer})
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnAccount:
    """The caller must be allowed `action` on the account whose name is in the path."""

    action: str

    def __call__(self, name: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when there is no such account."""
        account = find_account(deps.identity, deps.tenant, name)
        on = Resource("account", account.id, deps.tenant, {"account": account.id})
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnRequest:
    """The caller must be allowed `action` on the request for a second person of the path."""

    action: str

    def __call__(self, request_id: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when there is no such request."""
        found = find_request(request_id, deps.tenant, database=deps.database)
        on = Resource("request", found.request, deps.tenant, {"asker": found.asked_by, "action": found.action})
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnLink:
    """The caller must be allowed `action` on the link that waits for the account whose name is in the path."""

    action: str

    def __call__(self, name: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when no link waits."""
        account, maker = maker_of_link(deps.identity, deps.tenant, name)
        on = Resource("enrolment", account.id, deps.tenant, {"owner": account.id, "maker": maker})
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnHold:
    """The caller must be allowed `action` on the hold of the path, which stands over the case of the path."""

    action: str

    def __call__(self, case: CaseRef, hold: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when there is no such case."""
        on = hold_resource(row_of(case, using=deps.sessions), hold)
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


@dataclass(frozen=True)
class OnDestruction:
    """The caller must be allowed `action` on the destruction of the path, which two people decide."""

    action: str

    def __call__(self, batch: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when nobody asked for it."""
        found = find_batch(batch, tenant=deps.tenant, database=deps.database)
        deps.access.require(caller, self.action, destruction_resource(deps, found.batch), purpose=purpose_of(request))


@dataclass(frozen=True)
class OnStatement:
    """The caller must be allowed `action` on the days of the path, which two people state."""

    action: str

    def __call__(self, sheet: str, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when nobody asked for them."""
        found = find_sheet(sheet, tenant=deps.tenant, database=deps.database)
        deps.access.require(caller, self.action, statement_resource(deps, found.sheet), purpose=purpose_of(request))


@dataclass(frozen=True)
class OnPolicy:
    """The caller must be allowed `action` on the version of the policies of the path."""

    action: str

    def __call__(self, version: PolicyNumber, caller: Caller, deps: TheDeps, request: Request) -> None:
        """Raise AccessDeniedError, NotFoundError when there is no such version."""
        found = find_version(version, deps.tenant, database=deps.database)
        on = Resource("policy", f"v{found.version}", deps.tenant, {"proposer": found.proposed_by})
        deps.access.require(caller, self.action, on, purpose=purpose_of(request))


Asks = OnHold | OnDestruction | OnStatement | OnCase | OnTenant | OnScript | OnAccount | OnRequest | OnLink | OnPolicy


def on_case(action: str) -> Any:
    """As a dependency of a route: `OnCase`."""
    return Depends(OnCase(action))


def on_tenant(action: str) -> Any:
    """As a dependency of a route: `OnTenant`."""
    return Depends(OnTenant(action))


def on_script(action: str) -> Any:
    """As a dependency of a route: `OnScript`."""
    return Depends(OnScript(action))


def on_account(action: str) -> Any:
    """As a dependency of a route: `OnAccount`."""
    return Depends(OnAccount(action))


def on_request(action: str) -> Any:
    """As a dependency of a route: `OnRequest`."""
    return Depends(OnRequest(action))


def on_link(action: str) -> Any:
    """As a dependency of a route: `OnLink`."""
    return Depends(OnLink(action))


def on_hold(action: str) -> Any:
    """As a dependency of a route: `OnHold`."""
    return Depends(OnHold(action))


def on_destruction(action: str) -> Any:
    """As a dependency of a route: `OnDestruction`."""
    return Depends(OnDestruction(action))


def on_statement(action: str) -> Any:
    """As a dependency of a route: `OnStatement`."""
    return Depends(OnStatement(action))


def on_policy(action: str) -> Any:
    """As a dependency of a route: `OnPolicy`."""
    return Depends(OnPolicy(action))


def hold_resource(row: CaseRow, hold: str) -> Resource:
    """The hold `hold` over the case of `row`, as policies and approvals see it: an approval is for this hold alone."""
    attributes = {name: value for name, value in case_resource(row).attributes.items() if name not in ("place", "state")}
    return Resource("hold", f"{row.case}.{hold}"[:128], tenant_id(row.tenant), attributes)


def destruction_resource(deps: Deps, batch: str) -> Resource:
    """Cases that are destroyed together, as policies and approvals see them: an approval is for these very cases alone."""
    return Resource("destruction", batch, deps.tenant)


def statement_resource(deps: Deps, sheet: str) -> Resource:
    """Days that are stated together, as policies and approvals see them: an approval is for these very days alone."""
    return Resource("statement", sheet, deps.tenant)


def asks_of(route: APIRoute) -> Iterator[Asks]:
    """What the route declares."""
    for each in route.dependant.dependencies:
        if isinstance(each.call, Asks):
            yield each.call


def purpose_of(request: Request) -> str:
    """What the caller says that it is for; empty when nothing is said."""
    return request.headers.get(PURPOSE_HEADER, "") or request.query_params.get(PURPOSE_QUERY, "")


def require_case(deps: Deps, caller: Principal, action: str, case: str, *, purpose: str = "", goes_on: bool = False) -> None:
    """The decision about one case, kept; a case of somebody else's session does not exist for a participant."""
    row = row_of(case, using=deps.sessions)
    given = consented_in(deps, case) if action in BY_CONSENT and purpose else ()
    try:
        deps.access.require(caller, action, case_resource(row, given=given), purpose=purpose, goes_on=goes_on)
    except AccessDeniedError as error:
        is_stranger = isinstance(caller, Participant) and caller.case != case
        if is_stranger or caller.tenant != deps.tenant:
            raise NotFoundError("there is no such case here: check the link, or ask who sent it to you") from error
        raise


def consented_in(deps: Deps, case: str) -> tuple[str, ...]:
    """The purposes that everybody who was asked consented to and did not take back since, in the session or after it, by the ledger."""
    return consented(deps.reader.log(case).events, withdrawn_in(custody_of(deps, case).events))
