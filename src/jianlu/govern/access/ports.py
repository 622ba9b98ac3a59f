"""What access decisions need from outside: where they are kept, what an account's standing is, who has an emergency or an approval.

The tenant-wide log in the ledger is `vault/access_log.py`; tables are `standings.py` and `approvals.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.model import Decision, Resource, Standing
from jianlu.govern.identity.model import Principal


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of access: who wants to do what, on what, what for."""

    who: Principal
    action: str
    on: Resource
    purpose: str


class DecisionLog(Protocol):
    """Keeps decisions where nobody can remove them. Safe for threads."""

    def record(self, asked: Asked, decision: Decision, *, is_sensitive: bool) -> None:
        """Keep the decision; durable on return when `is_sensitive`, otherwise within seconds.

        UnavailableError when it cannot be kept: then nothing may be shown.
        """

    def change(self, kind: str, document: Mapping[str, Any]) -> None:
        """Keep a change of rights, durable on return; `kind` is a code, who and why are in `document`. Errors as `record`."""

    def recent(self, kind: str) -> Sequence[Mapping[str, Any]]:
        """What was kept of that kind on the newest day and the one before, the oldest first; for whoever begins anew and must know it."""

    def flush(self) -> None:
        """Write what waits; UnavailableError when that is not possible now."""


class Grants(Protocol):
    """What people were granted beside their roles. Safe for threads."""

    def standing(self, tenant: TenantId, account: str) -> Standing:
        """Of that account; the usual one when nothing else was said."""

    def has_emergency(self, tenant: TenantId, account: str, resource: Resource) -> bool:
        """Whether a second person opened this resource to the account in an emergency, and the time is not over."""

    def has_approval(self, tenant: TenantId, account: str, action: str, resource: Resource) -> bool:
        """Whether a second person approved this very act of the account, and it was not done yet: an approval is for one act."""
