"""Which objects of a unit were sealed anew, read from the unit's reseal chain in the ledger (`specs/resealed.md`).

Asked where an object is not found as it was sealed first: whoever never sealed anything anew pays nothing.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable

from jianlu.core.errors import IntegrityError
from jianlu.core.formats.event import Event, check_chain
from jianlu.core.formats.resealed import Forms, fold_forms
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref
from jianlu.vault.case_events import find_events
from jianlu.vault.index import BATCH_ENTRIES
from jianlu.vault.keys import tenant_secret
from jianlu.vault.model import Place
from jianlu.vault.ports import VaultPorts

_UNITS_KNOWN = 64
_CASES = re.compile(rb'"case":"(c[a-z2-7]{26})"')


def reseal_chain(secret: bytes, unit: str) -> CaseRef:
    """The reference of the unit's reseal chain; no case number has a slash, so no case has it."""
    return derive_case_ref(secret, f"reseal/{unit}")


def read_chain(using: VaultPorts, tenant: TenantId, unit: str) -> list[tuple[int, Event]]:
    """The events of the unit's reseal chain with their positions; IntegrityError when they are not one chain."""
    found = find_events(using, tenant, reseal_chain(tenant_secret(using, tenant), unit))
    check_chain([event for _, event in found])
    return found


def read_forms(using: VaultPorts, tenant: TenantId, unit: str) -> Forms:
    """What the ledger says of objects of the unit that were sealed anew; IntegrityError when it contradicts itself."""
    return fold_forms((event for _, event in read_chain(using, tenant, unit)), unit)


class GoneForms:
    """Whether a form of an object is gone by the ledger; remembers the units asked about last, and looks again before it says no.

    What the ledger has got since is read by itself, and a chain anew only when it has grown: asking often costs neither the index nor its
    writers anything. Several threads may ask; the tenant's secret is asked of the keeper once.
    """

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        self._using, self._tenant, self._secret = using, tenant, b""
        self._known: OrderedDict[str, tuple[CaseRef, Forms]] = OrderedDict()
        self._followed = 0
        self._lock = threading.Lock()

    def has(self, place: Place) -> bool:
        """Whether the object at `place` was sealed anew, and this form of it removed since."""
        return bool(self.among([place]))

    def among(self, places: Iterable[Place]) -> set[Place]:
        """Those of `places` that `has` says yes to, the ledger being looked at once: what it got before this call is heeded."""
        asked = list(places)
        size = self._using.ledger.size
        with self._lock:
            self._follow(size)
            return {place for place in asked if self._forms(place.unit).is_gone(place.numbered)}

    def _follow(self, size: int) -> None:
        """Forget the units whose chains have grown by what the ledger has got up to `size`."""
        if not self._known:
            self._followed = size
        while self._followed < size:
            entries = self._using.ledger.read(self._followed, min(BATCH_ENTRIES, size - self._followed))
            if not entries:
                raise IntegrityError(f"the ledger does not return entry {self._followed}: run `jianlu ledger fsck`")
            named = {case.decode() for entry in entries for case in _CASES.findall(entry)}
            for unit in [unit for unit, (chain, _) in self._known.items() if chain in named]:
                del self._known[unit]
            self._followed += len(entries)

    def _forms(self, unit: str) -> Forms:
        if (known := self._known.get(unit)) is not None:
            return known[1]
        return self._read(unit)

    def _read(self, unit: str) -> Forms:
        self._secret = self._secret or tenant_secret(self._using, self._tenant)
        chain = reseal_chain(self._secret, unit)
        forms = fold_forms((event for _, event in find_events(self._using, self._tenant, chain)), unit)
        self._known[unit] = chain, forms
        if len(self._known) > _UNITS_KNOWN:
            self._known.popitem(last=False)
        return forms
