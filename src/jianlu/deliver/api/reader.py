"""Case logs for reading: of cases that another process may go on writing, opened anew when the ledger has more of them than we know.

Reading a case back costs its length; a player asks for hundreds of segments of one case in a row, so a few are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from jianlu.core.terms.ids import TenantId, case_ref
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.desk import CaseDesk
from jianlu.vault.index import read_case_row
from jianlu.vault.ports import VaultPorts

KEPT_MAX = 8


class CaseReader:
    """Up-to-date logs of the tenant's cases; safe for threads. What it returns is read, never appended to."""

    def __init__(self, using: VaultPorts, desk: CaseDesk, tenant: TenantId) -> None:
        self._using = using
        self._desk = desk
        self._tenant = tenant
        self._kept: OrderedDict[str, CaseLog] = OrderedDict()
        self._lock = threading.Lock()

    def forget(self, case: str) -> None:
        """Keep nothing of the case, its key least of all: it is being destroyed."""
        with self._lock:
            self._kept.pop(case, None)

    def log(self, case: str) -> CaseLog:
        """The case's log with every event so far; raises as `open_case_log`."""
        row = read_case_row(self._using, self._tenant, case_ref(case))
        if any(each == case for _, each in self._desk.open_cases):
            written = self._desk.log(self._tenant, case)
            if row is None or len(written.events) >= row.events:
                return written
        with self._lock:
            known = self._kept.get(case)
        if known is not None and row is not None and len(known.events) == row.events:
            return known
        opened = open_case_log(self._using, self._tenant, case)
        with self._lock:
            self._kept[case] = opened
            self._kept.move_to_end(case)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return opened
