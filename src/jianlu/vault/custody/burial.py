"""What the ledger says was destroyed stays destroyed: a backup of keys or objects that somebody puts back is buried again.

The mark of a destruction lies with the keys, so a backup of the keys takes it away. The ledger does not forget: every unit that it says
was given up is looked at, and what came back is shredded anew. The index is not asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.core.errors import ConflictError
from jianlu.core.formats.event import Event
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.vault._checked import checked
from jianlu.vault.index import scan_ledger
from jianlu.vault.keys import tombstone_name, unit_key_names
from jianlu.vault.ports import VaultPorts
from jianlu.vault.shred import is_given_up, shred_unit

_MARKS = (b":destruction:", b":recording:abandoned", b":recording:ended", b":record:shredded")


class Burials:
    """The units that were given up, read from the ledger once and then from where it went on; one thread uses it."""

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        """Nothing is read before the first `turn`."""
        self._using = using
        self._tenant = tenant
        self._read = 0
        self._ended: set[str] = set()
        self._abandoned: set[str] = set()
        self._gone: set[str] = set()
        self.going_on: dict[str, None] = {}
        """Cases whose destruction began and is not completed, in the order in which it began."""

    def turn(self) -> list[str]:
        """The units that were buried again now. UnavailableError when a store fails; IntegrityError when the ledger cannot be read."""
        size = self._using.ledger.size
        for position, event in self._fresh():
            if position < size:
                self._take(event)
        self._read = max(self._read, size)
        units = self._gone | {unit for unit in self._abandoned if unit not in self._ended}
        return [unit for unit in sorted(units) if self._came_back(unit) and self._bury(unit)]

    def _fresh(self) -> Iterator[tuple[int, Event]]:
        for position, event in scan_ledger(self._using, b"", start=self._read, any_of=_MARKS):
            if event.tenant == self._tenant:
                yield position, event

    def _take(self, event: Event) -> None:
        match event.type:
            case EventType.DESTRUCTION_STARTED:
                self.going_on[str(event.body["of"])] = None
            case EventType.DESTRUCTION_COMPLETED:
                self.going_on.pop(str(event.body["of"]), None)
                self._gone.add(str(event.body["of"]))
            case EventType.RECORDING_ABANDONED:
                self._abandoned.add(event.case)
            case EventType.RECORDING_ENDED:
                self._ended.add(event.case)
            case _ if is_given_up([event.type]):
                self._gone.add(event.case)

    def _came_back(self, unit: str) -> bool:
        keys = checked(self._using.key_blobs)
        return not keys.exists(tombstone_name(self._tenant, unit)) or bool(unit_key_names(keys, self._tenant, unit))

    def _bury(self, unit: str) -> bool:
        try:
            shred_unit(self._using, self._tenant, unit)
        except ConflictError:
            return False  # a hold stands: nothing is destroyed, and the keys do not open either
        return True
