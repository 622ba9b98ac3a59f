"""The chain of this month in which stands what is found of the stores and done to them.

Several walks write it, one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from jianlu.core.errors import ConflictError, JianluError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId, derive_case_ref
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.keys import tenant_secret
from jianlu.vault.ports import VaultPorts


class StoresChain:
    """One home's chain; safe for many threads, which wait for each other."""

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        """Nothing is read before the first event."""
        self._using, self._tenant = using, tenant
        self._log: CaseLog | None = None
        self._turn = threading.Lock()

    def declare(self, kind: EventType, body: Mapping[str, Any]) -> None:
        """Into this month's chain, durable on return; read again where another process wrote there meanwhile."""
        with self._turn:
            self._append(kind, body)

    def _append(self, kind: EventType, body: Mapping[str, Any]) -> None:
        month = self._using.clock.now().strftime("%Y-%m")
        chain = derive_case_ref(tenant_secret(self._using, self._tenant), f"stores/{month}")
        if self._log is None or self._log.case != chain:
            self._log = open_case_log(self._using, self._tenant, chain)
        try:
            self._log.append(kind, body)
        except ConflictError:
            self._log = open_case_log(self._using, self._tenant, chain)
            self._log.append(kind, body)
        except JianluError:
            self._log = None
            raise
