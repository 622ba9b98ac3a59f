"""Which running cases may not be in a store: their plans asked again, for whoever registers a store or states another place for one.

Copies of them are refused all the same (`walk.py`), each when its turn comes; here it is known before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.core.errors import ConflictError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.vault.case_log import open_case_log
from jianlu.vault.handling import confined_from
from jianlu.vault.index import cases_with, closed_among
from jianlu.vault.ports import VaultPorts


@dataclass(frozen=True, slots=True)
class KeptAway:
    """A running case and the clauses of its plan that keep something of it away from a store."""

    case: CaseRef
    clauses: tuple[str, ...]


def running_cases(tenant: TenantId, *, using: VaultPorts) -> Sequence[CaseRef]:
    """Cases with a plan that are not closed, as indexed, in the order of their references."""
    begun = sorted(cases_with(using, tenant, EventType.PLAN_FROZEN, before=using.clock.now()))
    closed = closed_among(using, tenant, begun)
    return [case for case in begun if case not in closed]


def kept_away(tenant: TenantId, *, using: VaultPorts, among: Sequence[CaseRef] | None = None) -> dict[str, list[KeptAway]]:
    """By the name of each store of the settings the running cases that may not be there: of all, or `among` these, in their order.

    A case whose keys were destroyed runs no more. Raises as `open_case_log`.
    """
    found: dict[str, list[KeptAway]] = {store.name: [] for store in using.stores}
    for case in running_cases(tenant, using=using) if among is None else among:
        try:
            handling = open_case_log(using, tenant, case).handling
        except ConflictError:
            continue
        for store in using.stores:
            if clauses := confined_from(store.place, handling):
                found[store.name].append(KeptAway(case, clauses))
    return found
