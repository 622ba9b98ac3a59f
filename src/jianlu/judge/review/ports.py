"""What reviews work with: the sessions' ports (database, clock, desk, packs), the vault, and the ledger's tree.

Made once by the process that has the desk; review chains are written there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jianlu.capture.sessions.ports import SessionPorts
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref
from jianlu.judge.review.model import Tree
from jianlu.vault.case_log import CaseLog
from jianlu.vault.ports import VaultPorts


@dataclass(frozen=True, slots=True)
class ReviewPorts:
    """Everything that the use cases of reviews are given.

    `tree_at` gives the ledger's tree when it had so many entries, publishing what is needed first. `read` is the log of a case as far as
    it is written; it is read, never appended to.
    """

    sessions: SessionPorts
    vault: VaultPorts
    tree_at: Callable[[int], Tree]
    read: Callable[[str], CaseLog]

    @property
    def tenant(self) -> TenantId:
        """Whose reviews."""
        return self.sessions.tenant

    def plan_chain(self, plan: str) -> CaseRef:
        """The reference of the chain of a plan's rolls and draws."""
        return derive_case_ref(self.sessions.tenant_secret, f"review/plan/{plan}")

    def case_chain(self, case: str) -> CaseRef:
        """The reference of the chain of what people said of a case."""
        return derive_case_ref(self.sessions.tenant_secret, f"review/case/{case}")

    @contextmanager
    def writing(self, chain: CaseRef) -> Iterator[CaseLog]:
        """The chain's log, for one thread at a time; let go at the end, since there are as many chains as reviews."""
        with self.sessions.switchboard.turn(chain):
            try:
                yield self.sessions.desk.log(self.tenant, chain)
            finally:
                self.sessions.desk.release(self.tenant, chain)
