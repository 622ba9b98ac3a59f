"""The search index in the stages after a call and in `jianlu vault reindex`: entering one case, and every case again from the vault.

What an entry holds is `deliver/search`'s; which account leads a case is asked of the work lists, the only ones that know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from jianlu.capture.cases.case_rows import find_case
from jianlu.core.errors import IntegrityError, NotFoundError
from jianlu.core.phrases.nearness import Nearness
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.search.enter import enter_case, forget_case, forget_shredded, is_entered, rebuild_index, sweep_keys
from jianlu.deliver.search.entries import read_entry
from jianlu.deliver.search.model import Entry
from jianlu.deliver.search.ports import SearchPorts
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog, open_case_log
from jianlu.vault.index import cases_with
from jianlu.vault.ports import VaultPorts

_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Later than every event, also of a clock that was set back since."""


def enter_searched(log: CaseLog, vault: VaultPorts) -> None:
    """Let the judged case of `log` be found, unless it can be already; one that was destroyed is taken out."""
    using = SearchPorts(vault, log.tenant, Nearness(()))
    if log.is_shredded:
        forget_case(log.case, using=using)
    elif not is_entered(log.case, using=using) and (entry := _entry(log, vault)) is not None:
        enter_case(entry, using=using)


def forget_destroyed(vault: VaultPorts, tenant: TenantId) -> int:
    """Take out of the search index every case whose keys were destroyed, whoever did it, and erase keys of blocks that a crash left.

    Returns how many cases left.
    """
    using = SearchPorts(vault, tenant, Nearness(()))
    done = forget_shredded(using=using)
    sweep_keys(using=using)
    return done


def rebuild_search(vault: VaultPorts, tenant: TenantId, *, progress: Callable[[int, int], None] | None = None) -> int:
    """The tenant's search index again, from ledger and sealed evidence; returns how many cases can be found now.

    `progress` is called with cases done and due. The vault's own index must be whole: `vault.reindex` comes before.
    """
    cases = cases_with(vault, tenant, EventType.VERDICTS_JUDGED, before=_EVER)

    def entries() -> Iterator[Entry]:
        for done, case in enumerate(cases):
            # A case whose objects are gone or damaged is told by `vault.reindex`; it keeps no other from being found.
            with suppress(IntegrityError, NotFoundError):
                if (entry := _entry(open_case_log(vault, tenant, case), vault)) is not None:
                    yield entry
            if progress is not None:
                progress(done + 1, len(cases))

    return rebuild_index(entries(), using=SearchPorts(vault, tenant, Nearness(())))


def _entry(log: CaseLog, vault: VaultPorts) -> Entry | None:
    with transaction(vault.index, writes=False) as connection:
        row = find_case(connection, log.tenant, log.case)
    return read_entry(log, led_by="" if row is None else row.agent)
