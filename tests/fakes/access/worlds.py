"""Access for tests: the shipped policies, a log that remembers or fails, and grants that a test hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jianlu.core.errors import UnavailableError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.decide import Access
from jianlu.govern.access.grants import TableGrants
from jianlu.govern.access.model import Decision, Resource, Standing
from jianlu.govern.access.policies import Policies, load_policies, policies_directory
from jianlu.govern.access.ports import Asked
from jianlu.runtime.clock import Clock
from jianlu.vault.access_log import AccessLog
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.vault.ports import VaultPorts


@lru_cache(maxsize=1)
def shipped_policies() -> Policies:
    return load_policies(policies_directory())


def access_world(vault: VaultPorts, desk: CaseDesk, clock: Clock, tenant: TenantId) -> Access:
    """Access over a session world: its ledger, its database."""
    log = AccessLog(vault, desk, tenant, tenant_secret(vault, tenant))
    return Access(shipped_policies(), log, TableGrants(vault.index, clock))


@dataclass
class MemoryLog:
    """`DecisionLog` in memory; `is_away` makes it fail as a ledger that is away does."""

    kept: list[tuple[Asked, Decision, bool]] = field(default_factory=list)
    changes: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    is_away: bool = False

    def record(self, asked: Asked, decision: Decision, *, is_sensitive: bool) -> None:
        if self.is_away and is_sensitive:
            raise UnavailableError("the ledger is away: try again")
        self.kept.append((asked, decision, is_sensitive))

    def change(self, kind: str, document: Mapping[str, Any]) -> None:
        if self.is_away:
            raise UnavailableError("the ledger is away: try again")
        self.changes.append((kind, document))

    def recent(self, kind: str) -> Sequence[Mapping[str, Any]]:
        return [document for each, document in self.changes if each == kind]

    def flush(self) -> None:
        if self.is_away:
            raise UnavailableError("the ledger is away: try again")


@dataclass
class HandedOut:
    """`Grants` that a test fills."""

    standings: dict[str, Standing] = field(default_factory=dict)
    emergencies: set[tuple[str, str]] = field(default_factory=set)
    approvals: set[tuple[str, str, str]] = field(default_factory=set)

    def standing(self, tenant: TenantId, account: str) -> Standing:
        return self.standings.get(account, Standing()) if tenant else Standing()

    def has_emergency(self, tenant: TenantId, account: str, resource: Resource) -> bool:
        return bool(tenant) and (account, resource.id) in self.emergencies

    def has_approval(self, tenant: TenantId, account: str, action: str, resource: Resource) -> bool:
        return bool(tenant) and (account, action, resource.id) in self.approvals


def plain_access(log: MemoryLog | None = None, grants: HandedOut | None = None, policies: Policies | None = None) -> Access:
    """The shipped policies without a database."""
    return Access(policies or shipped_policies(), log or MemoryLog(), grants or HandedOut())
