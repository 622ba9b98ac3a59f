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
from jianlu.vault.keys import is_part_shredded, tombstone_name, unit_key_names
from jianlu.vault.ports import VaultPorts
from jianlu.vault.shred import is_given_up, names_of_part, shred_part, shred_unit

_MARKS = (b":destruction:", b"custody:part:", b":recording:abandoned", b":recording:ended", b":record:shredded")


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
        self._gone_parts: set[tuple[str, str]] = set()
        self.going_on: dict[str, None] = {}
        """Cases, and parts of them (`<case>/<part>`), whose destruction began and is not completed, in the order in which it began."""

    def turn(self) -> list[str]:
        """The units, and parts of units (`<unit>/<part>`), that were buried again now.

        UnavailableError when a store fails; IntegrityError when the ledger cannot be read.
        """
        size = self._using.ledger.size
        for position, event in self._fresh():
            if position < size:
                self._take(event)
        self._read = max(self._read, size)
        units = self._gone | {unit for unit in self._abandoned if unit not in self._ended}
        buried = [unit for unit in sorted(units) if self._came_back(unit) and self._bury(unit)]
        parts = sorted(each for each in self._gone_parts if each[0] not in units)
        return buried + [f"{unit}/{part}" for unit, part in parts if self._part_came_back(unit, part) and self._bury(unit, part)]

    def _fresh(self) -> Iterator[tuple[int, Event]]:
        for position, event in scan_ledger(self._using, b"", start=self._read, any_of=_MARKS):
            if event.tenant == self._tenant:
                yield position, event

    def _take(self, event: Event) -> None:
        match event.type:
            case EventType.DESTRUCTION_STARTED:
                self.going_on[str(event.body["of"])] = None
            case EventType.DESTRUCTION_COMPLETED:
                gone = str(event.body["of"])
                self.going_on = {each: None for each in self.going_on if each.partition("/")[0] != gone}
                self._gone.add(gone)
            case EventType.PART_DESTRUCTION_STARTED:
                self.going_on[_subject(event)] = None
            case EventType.PART_DESTRUCTION_COMPLETED:
                self.going_on.pop(_subject(event), None)
                self._gone_parts.add((str(event.body["of"]), str(event.body["part"])))
            case EventType.RECORDING_ABANDONED:
                self._abandoned.add(event.case)
            case EventType.RECORDING_ENDED:
                self._ended.add(event.case)
            case _ if is_given_up([event.type]):
                self._gone.add(event.case)

    def _came_back(self, unit: str) -> bool:
        keys = checked(self._using.key_blobs)
        return not keys.exists(tombstone_name(self._tenant, unit)) or bool(unit_key_names(keys, self._tenant, unit))

    def _part_came_back(self, unit: str, part: str) -> bool:
        keys = self._using.key_blobs
        has_mark = is_part_shredded(self._using, self._tenant, unit, part)
        return not has_mark or bool(names_of_part(keys, self._tenant, unit, part))

    def _bury(self, unit: str, part: str = "") -> bool:
        try:
            if part:
                shred_part(self._using, self._tenant, unit, part)
            else:
                shred_unit(self._using, self._tenant, unit)
        except ConflictError:
            return False  # a hold stands: nothing is destroyed, and the keys do not open either
        return True


def _subject(event: Event) -> str:
    return f"{event.body['of']}/{event.body['part']}"
