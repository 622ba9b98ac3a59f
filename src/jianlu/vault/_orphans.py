"""Orphans: sealed objects that no event names, left where a writer died, failed or was refused between sealing and recording.

Whether the event that names an object was recorded is sometimes not known yet: its answer may be lost, or its writer may still be at
work in another process. So an orphan never gives way to the next try, which takes the next version. It is cleared when an event that names
a higher version of the object is recorded: that event came behind everything its writer had read, so whoever meant to name the lower
version meant to do it in the very place of the chain that is taken now, and is refused there. What is never superseded goes with the
case's destruction.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from jianlu.core.errors import JianluError
from jianlu.core.terms.ids import CaseRef, ObjectId, TenantId
from jianlu.vault._checked import checked
from jianlu.vault.model import Place
from jianlu.vault.ports import VaultPorts

LOOKED_BACK = 64
"""Versions below a named one that are looked for when a case is opened: so many tries in a row fail nowhere."""


class Orphans:
    """The orphans of one case as far as its writer has met them; `named` are objects and versions that events name, kept current."""

    def __init__(self, using: VaultPorts, tenant: TenantId, case: CaseRef, named: Collection[tuple[ObjectId, int]]) -> None:
        """Versions that were skipped may have one each: their writer may have died before it was cleared."""
        self._using, self._tenant, self._case, self._named = using, tenant, case, named
        self._met = {
            Place(tenant, case, name, version)
            for name, newest in named
            for version in range(max(1, newest - LOOKED_BACK), newest)
            if (name, version) not in named
        }

    def vacant_place(self, object: ObjectId) -> Place:
        """Where the object's next version goes. Raises as `EventLog.require_open` when there is an orphan and nothing can be recorded."""
        blobs = checked(self._using.blobs)
        place = Place(self._tenant, self._case, object, 1 + self._newest(object))
        if blobs.exists(place.blob_name):
            self._using.ledger.require_open()
        while blobs.exists(place.blob_name):
            self._met.add(place)
            place = replace(place, version=place.version + 1)
        return place

    def clear(self) -> None:
        """Remove those that the event recorded last, or one before, has superseded; a store that fails now is asked again by the next."""
        for place in [each for each in self._met if each.version < self._newest(each.object)]:
            with suppress(JianluError):
                if (place.object, place.version) not in self._named:
                    checked(self._using.blobs).delete(place.blob_name)
                    checked(self._using.key_blobs).delete(place.key_name)
                self._met.discard(place)

    def _newest(self, object: ObjectId) -> int:
        return max((version for name, version in self._named if name == object), default=0)
