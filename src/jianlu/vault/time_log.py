"""The time log: what is said about time and witnesses, as events in the ledger, one chain a month for the whole tenant.

Tokens and cosignatures are files (`ledger/anchors/folder.py`); here is that they were made, missed or refused, so that none is taken away
unseen. `specs/time.md` section 3 and `specs/witness.md`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jianlu.core.errors import ConflictError, InvalidError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref, tenant_id
from jianlu.ledger.anchors.outbox import Outbox
from jianlu.ledger.anchors.vouching import Anchoring, anchor_makers
from jianlu.runtime.clock import Clock
from jianlu.runtime.settings import Settings
from jianlu.vault.case_log import open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.vault.ports import VaultPorts

KINDS = frozenset(
    {
        EventType.CHECKPOINT_STAMPED,
        EventType.TIME_GAP_DECLARED,
        EventType.TIME_STEPPED,
        EventType.STAMPS_RETAINED,
        EventType.COSIGNATURE_REFUSED,
        EventType.QUORUM_ALARMED,
        EventType.QUORUM_CLEARED,
    }
)
"""What may be said here: whoever asks authorities and witnesses can record nothing else."""


class TimeLog:
    """The chain of the current month, in the process that has the desk. Safe for threads."""

    def __init__(self, desk: CaseDesk, tenant: TenantId, tenant_secret: bytes, clock: Clock) -> None:
        """Nothing is written before something is declared."""
        self._desk, self._tenant, self._secret, self._clock = desk, tenant, tenant_secret, clock
        self._ref: CaseRef | None = None
        self._lock = threading.Lock()

    def declare(self, kind: EventType, body: Mapping[str, Any]) -> None:
        """Record it, durable on return. InvalidError for a kind that does not belong here; otherwise raises as `CaseLog.append`."""
        if kind not in KINDS:
            raise InvalidError(f"{kind.value} is not said of time or witnesses")
        with self._lock:
            ref = self.ref_of(self._clock.now().strftime("%Y-%m"))
            if self._ref not in (None, ref):
                self._desk.release(self._tenant, str(self._ref))
            self._ref = ref
            self._desk.log(self._tenant, ref).append(kind, body)

    def ref_of(self, month: str) -> CaseRef:
        """The chain of `month` (2026-11). The slash is in no case number, so no case can have this reference."""
        return derive_case_ref(self._secret, f"time/{month}")


def declare_loss(using: VaultPorts, tenant: TenantId, seen: Sequence[tuple[str, int]], size: int, by: tuple[str, str]) -> None:
    """Record that what others saw beyond this ledger is lost: `seen` are names with the entries that they saw, `size` is what is left.

    In a chain of its own, so that whoever asks witnesses cannot say it. `by` are the two accounts that answer for it; ConflictError when
    they are one.
    """
    if by[0] == by[1]:
        raise ConflictError("a loss is declared by two people: name another second account")
    body = {"seen": [list(each) for each in seen], "size": size, "by": list(by)}
    open_case_log(using, tenant, _loss_ref(using, tenant)).append(EventType.LOSS_DECLARED, body)


def declared_losses(using: VaultPorts, tenant: TenantId) -> frozenset[tuple[str, int]]:
    """Every name and size that was declared lost; IntegrityError when the chain that says so is not whole."""
    events = open_case_log(using, tenant, _loss_ref(using, tenant)).events
    said = [event.body["seen"] for event in events if event.type is EventType.LOSS_DECLARED]
    return frozenset((str(name), int(theirs)) for seen in said for name, theirs in seen)


def _loss_ref(using: VaultPorts, tenant: TenantId) -> CaseRef:
    return derive_case_ref(tenant_secret(using, tenant), "witness/loss")


def vouch_once(
    open_anchoring: Callable[[], Anchoring], settings: Settings, vault: VaultPorts, publish: Callable[[], object]
) -> None:
    """For a tool that has the ledger, so that nobody else makes anchors: each authority and witness is asked once, here.

    One that is away is declared missing, and nothing is raised for it. Does nothing where the settings name none.
    """
    if not settings.time.authorities and not settings.witnesses.witnesses:
        return
    using, tenant = open_anchoring(), tenant_id(settings.tenant.id)
    outbox = Outbox(TimeLog(CaseDesk(vault), tenant, tenant_secret(vault, tenant), using.clock).declare)
    stamper, cosigner = anchor_makers(using, settings, outbox, lambda _, __: None)
    stamper.hurry()
    stamper.beat()
    cosigner.beat()
    outbox.flush()
    publish()
