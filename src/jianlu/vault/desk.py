"""The desk: the one place of a process where live cases are written, so that everybody who records into a case shares its log.

A case's events are one chain; two logs of one case would tear it. Recorders, the session's use cases and health rules all come
here. Sealing and appending happen in the caller's thread; the case log serialises them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.index import closed_among
from jianlu.vault.ports import VaultPorts


class CaseDesk:
    """The open case logs of this process. Safe for threads; only one process of a home has a desk."""

    def __init__(self, using: VaultPorts) -> None:
        """Take the vault; cases are opened when they are asked for."""
        self._using = using
        self._logs: dict[tuple[str, str], CaseLog] = {}
        self._opening: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def log(self, tenant: str, case: str) -> CaseLog:
        """The case's log, opened once and read back from the ledger, and again once it is stale; an unknown case has no events yet.

        Raises as `open_case_log`.
        """
        key = (tenant, case)
        with self._lock:
            if (known := self._logs.get(key)) is not None and not known.is_stale:
                return known
            turn = self._opening.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if (known := self._logs.get(key)) is not None and not known.is_stale:
                    return known
            opened = open_case_log(self._using, tenant, case)
            with self._lock:
                self._logs[key] = opened
                self._opening.pop(key, None)
            return opened

    def closed(self, tenant: str, cases: Sequence[str]) -> dict[str, bool]:
        """Of these cases those whose chain has its end, as indexed, and whether they have a recording; no log is opened."""
        return closed_among(self._using, tenant, cases)

    def release(self, tenant: str, case: str) -> None:
        """Forget the case's log, before another process goes on with the case; asked for again, it is read anew."""
        with self._lock:
            self._logs.pop((tenant, case), None)

    @property
    def open_cases(self) -> tuple[tuple[TenantId, CaseRef], ...]:
        """Tenant and reference of every case whose log is open."""
        with self._lock:
            return tuple((log.tenant, log.case) for log in self._logs.values())
