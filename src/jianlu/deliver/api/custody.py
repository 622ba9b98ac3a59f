"""The custody chain of a case (`specs/custody.md`): to read, and to write by one thread at a time.

A case's own chain ends when its evidence is closed; what is said of it later stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jianlu.deliver.api.deps import Deps
from jianlu.vault.case_log import CaseLog
from jianlu.vault.keys import custody_chain


def chain_of(deps: Deps, case: str) -> str:
    """The reference of the case's custody chain."""
    return custody_chain(deps.sessions.tenant_secret, case)


def custody_of(deps: Deps, case: str) -> CaseLog:
    """The custody chain as the ledger has it now."""
    return deps.reader.log(chain_of(deps, case))


@contextmanager
def writing_custody(deps: Deps, case: str) -> Iterator[CaseLog]:
    """The custody chain, for one thread at a time; let go at the end, since there are as many as cases."""
    chain = chain_of(deps, case)
    with deps.sessions.switchboard.turn(chain):
        try:
            yield deps.sessions.desk.log(deps.tenant, chain)
        finally:
            deps.sessions.desk.release(deps.tenant, chain)
