"""What answers about rights hold: requests for a second person, revealed names, the record of looks, policies, accounts.

Models only; the documents are made in `access.py`.
"""

from __future__ import annotations

from typing import Literal

from jianlu.deliver.api.answer_checks import Answer, Words


class AccessRequestEntry(Answer):
    """A request that takes a second person; times are instants, `expires_at` is when it is over, `used_at` when one act used it up.

    `place` and `recipient` are where an export goes, empty for all else.
    """

    request: str
    kind: Literal["approval", "emergency"]
    action: str
    case: str
    hold: str
    reason: str
    state: Literal["asked", "approved", "refused"]
    asked_by: str
    asked_by_name: str
    asked_at: str
    decided_by: str
    decided_by_name: str
    decided_at: str
    expires_at: str
    used_at: str
    place: str
    recipient: str


class OwnRequestEntry(AccessRequestEntry):
    """One of a list; `is_own` requests are decided by somebody else."""

    is_own: bool


class AccessRequestList(Answer):
    """Those that wait, and one's own."""

    requests: list[OwnRequestEntry]


class EmergencyNotice(Answer):
    """A case that was opened in an emergency, by whom, why and until when."""

    request: str
    case: str
    reason: str
    asked_by_name: str
    decided_by_name: str
    decided_at: str
    expires_at: str


class EmergencyNoticeList(Answer):
    """Those that concern the caller and that they took no note of."""

    notices: list[EmergencyNotice]


class WholePerson(Answer):
    """A person as the case knows them."""

    name: str
    phone: str


class Revealed(Answer):
    """The people of a case in the clear, by seat."""

    case: str
    people: dict[str, WholePerson]


class LookLine(Answer):
    """One decision of access; `times` counts the same one again within a minute."""

    at: str
    who_kind: Literal["staff", "key", "seat"]
    who: str
    name: str
    action: str
    resource_kind: str
    resource: str
    purpose: str
    is_allowed: bool
    policies: list[str]
    clauses: list[str]
    times: int


class LookPage(Answer):
    """A page of decisions, newest first."""

    lines: list[LookLine]
    page: int
    next: str


class CaseAccess(LookPage):
    """Who looked at a case, and every emergency that opened it."""

    case: str
    emergencies: list[AccessRequestEntry]


class PolicyRule(Answer):
    """A rule: its clauses, and what a denial by it says to do."""

    id: str
    clauses: list[str]
    next_step: Words


class PolicyList(Answer):
    """The rules in force; `digest` is SHA-256 over their texts."""

    digest: str
    rules: list[PolicyRule]


class AccountEntry(Answer):
    """An account with its roles and standing."""

    account: str
    name: str
    display: str
    roles: list[str]
    is_active: bool
    branch: str
    place: str
    level: int


class AccountList(Answer):
    """Every account."""

    accounts: list[AccountEntry]


ACCESS_ANSWERS: dict[str, type[Answer]] = {
    "GET /api/v1/access/requests": AccessRequestList,
    "GET /api/v1/access/notices": EmergencyNoticeList,
    "POST /api/v1/access/requests": AccessRequestEntry,
    "POST /api/v1/access/requests/{request_id}/approve": AccessRequestEntry,
    "POST /api/v1/access/requests/{request_id}/refuse": AccessRequestEntry,
    "POST /api/v1/cases/{case}/reveal": Revealed,
    "GET /api/v1/cases/{case}/access": CaseAccess,
    "GET /api/v1/access/log": LookPage,
    "GET /api/v1/access/policies": PolicyList,
    "GET /api/v1/accounts": AccountList,
}
