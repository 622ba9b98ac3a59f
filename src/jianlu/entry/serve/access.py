"""Access decisions in the web process: policies read at its start, the log in its ledger, and the thread that writes what waits.

A set of policies that is wrong stops the start, with file and line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from jianlu.core.errors import JianluError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.decide import Access
from jianlu.govern.access.grants import TableGrants
from jianlu.govern.access.in_force import bring_in_force
from jianlu.govern.access.policies import load_policies, policies_directory
from jianlu.runtime.logging import logger
from jianlu.vault.access_log import AccessLog
from jianlu.vault.desk import CaseDesk
from jianlu.vault.keys import tenant_secret
from jianlu.wiring import Home

WRITE_EVERY_S = 2.0


def access_of(home: Home, desk: CaseDesk, tenant: TenantId) -> Access:
    """Access decisions over this home, by the policies that its access log says are in force; raises as `load_policies`, `bring_in_force`.

    What the database said otherwise is repaired, logged, and on the record.
    """
    log = AccessLog(home.vault, desk, tenant, tenant_secret(home.vault, tenant))
    shipped = load_policies(policies_directory())
    access = Access(shipped, log, TableGrants(home.vault.index, home.vault.clock))
    amiss = bring_in_force(access, log.policy_in_force(), shipped, database=home.vault.index, tenant=tenant)
    if amiss:
        logger("web").critical("policies_not_as_sealed", state=amiss, version=access.version)
        log.change("policy-alarm", {"found": amiss, "version": access.version, "digest": access.policies.digest})
    return access


class Keeping:
    """One thread from `with` to its end that writes decisions which wait; what waits at the end is written too."""

    def __init__(self, access: Access, carry: Callable[[], object]) -> None:
        """`carry` hands what else waits to the same log: the notes of identity."""
        self._access, self._carry = access, carry
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._log = logger("web")

    def __enter__(self) -> Keeping:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(WRITE_EVERY_S):
            self._write()
        self._write()

    def _write(self) -> None:
        try:
            self._access.log.flush()
            self._carry()
        except JianluError as error:
            self._log.warning("access_log_waits", family=type(error).__name__)
