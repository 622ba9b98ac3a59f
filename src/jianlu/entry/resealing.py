"""Moves a home from one suite to the other: unit after unit, beside the running service or without it, each unit whole by itself.

The units are read from the ledger. A case that is not closed is left for another run: its recorder seals in the suite of the running
service. Killed at any step, the same call goes on; what is done is in the ledger (`vault/reseal.py`), no table is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jianlu.core.errors import ConflictError, InvalidError, JianluError, UnavailableError
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import CaseRef, TenantId, tenant_id
from jianlu.core.terms.suites import SUITE_NAMES
from jianlu.entry.serve.scrubbing import the_only_one
from jianlu.vault.index import scan_ledger
from jianlu.vault.keys import is_shredded
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reseal import HOLD, LOCK, Holds, reseal_unit
from jianlu.vault.shred import is_given_up
from jianlu.vault.stores.copying import objects_named
from jianlu.wiring import Home, Workbench, open_home, open_workbench

LOCK_FILE = Path("run/reseal.lock")


@dataclass(slots=True)
class HomeResealed:
    """What one run did: objects sealed anew, former forms removed and kept by reason, cases that are still open, units that failed."""

    units: int = 0
    objects: int = 0
    removed: int = 0
    kept: dict[str, int] = field(default_factory=lambda: {HOLD: 0, LOCK: 0})
    open: int = 0
    destroyed: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left in another suite but former forms that a hold or a lock keeps."""
        return not self.open and not self.failed


def reseal_home(using: VaultPorts, tenant: TenantId, say: Callable[[int, int], None]) -> HomeResealed:
    """Every unit of the tenant that is not open in the suite of the home; `say` is told units done and due.

    A unit that cannot be sealed anew, because an object is not what its event says, is named in `failed`, its former forms untouched, and
    does not stop the others.
    UnavailableError when a store, the keeper or the ledger does not answer: call again.
    """
    done, holds = HomeResealed(), Holds(using, tenant)
    units, are_open, ended = _units(using, tenant)
    for number, unit in enumerate(units):
        say(number, len(units))
        if unit in ended or is_shredded(using, tenant, unit):
            done.destroyed += 1
        elif unit in are_open:
            done.open += 1
        else:
            _reseal(using, tenant, unit, holds, done)
    say(len(units), len(units))
    return done


@contextmanager
def open_for_resealing(home: Path, suite: str) -> Iterator[tuple[VaultPorts, TenantId]]:
    """The vault of the home and its tenant, with the service or without it, for one run at a time.

    InvalidError unless the settings of the home seal in `suite`; ConflictError while another run goes on.
    """
    with _opened(home) as (vault, tenant), the_only_one(home, LOCK_FILE, "another run seals the objects of this home anew"):
        if SUITE_NAMES.get(suite) is not vault.suite:
            raise InvalidError(f'the home does not seal in the suite "{suite}": set it in the settings first, [vault] suite')
        yield vault, tenant


@contextmanager
def _opened(home: Path) -> Iterator[tuple[VaultPorts, TenantId]]:
    with ExitStack() as stack:
        try:
            opened: Home | Workbench = stack.enter_context(open_home(home))
        except ConflictError:  # a service has the ledger: through its socket then
            opened = stack.enter_context(open_workbench(home))
        yield opened.vault, tenant_id(opened.settings.tenant.id)


def _reseal(using: VaultPorts, tenant: TenantId, unit: CaseRef, holds: Holds, done: HomeResealed) -> None:
    try:
        found = reseal_unit(using, tenant, unit, holds=holds)
    except UnavailableError:
        raise
    except JianluError as error:
        if is_shredded(using, tenant, unit):  # meanwhile
            done.destroyed += 1
        else:
            done.failed[unit] = str(error)
        return
    done.units += 1
    done.objects += found.objects
    done.removed += found.removed
    if found.reason:
        done.kept[found.reason] += found.kept


def _units(using: VaultPorts, tenant: TenantId) -> tuple[list[CaseRef], set[CaseRef], set[CaseRef]]:
    """Every unit with sealed objects in the order of the ledger, those that are open cases, those whose destruction began."""
    found: dict[CaseRef, set[EventType]] = {}
    destroyed: set[CaseRef] = set()
    marks = (b'"sealed":', b":evidence:closed", b":recording:abandoned", b":recording:ended", b":record:shredded")
    for _, event in scan_ledger(using, b"", any_of=marks):
        if event.tenant != tenant:
            continue
        if event.type is EventType.DESTRUCTION_STARTED:
            destroyed.add(CaseRef(event.body["of"]))
        is_record = event.type is EventType.OBJECT_RESEALED  # names objects of the unit that it is about
        if event.case in found or (not is_record and objects_named(event)):
            found.setdefault(event.case, set()).add(event.type)
    are_open = {unit for unit, kinds in found.items() if EventType.PLAN_FROZEN in kinds and EventType.CASE_CLOSED not in kinds}
    return list(found), are_open, destroyed | {unit for unit, kinds in found.items() if is_given_up(kinds)}
