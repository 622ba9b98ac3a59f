"""Which objects of a unit were sealed anew, read from the unit's reseal chain in the ledger (`specs/resealed.md`).

Asked where an object is not found as it was sealed first: whoever never sealed anything anew pays nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from jianlu.core.errors import UnavailableError
from jianlu.core.formats.event import Event, check_chain
from jianlu.core.formats.resealed import Forms, fold_forms
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref
from jianlu.vault.case_events import find_events
from jianlu.vault.index import catch_up, read_case_row
from jianlu.vault.keys import tenant_secret
from jianlu.vault.model import Place
from jianlu.vault.ports import VaultPorts

_UNITS_KNOWN = 64


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

    A chain is read again only when it has grown by the index. Several threads may ask; the tenant's secret is asked of the keeper once.
    """

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        self._using, self._tenant, self._secret = using, tenant, b""
        self._known: OrderedDict[str, tuple[int, Forms]] = OrderedDict()
        self._lock = threading.Lock()

    def has(self, place: Place) -> bool:
        """Whether the object at `place` was sealed anew, and this form of it removed since."""
        with self._lock:
            events, forms = self._known.get(place.unit, (-1, Forms()))
        return forms.is_gone(place.numbered) or self._current(place.unit, events, forms).is_gone(place.numbered)

    def _current(self, unit: str, events: int, forms: Forms) -> Forms:
        self._secret = self._secret or tenant_secret(self._using, self._tenant)
        chain = reseal_chain(self._secret, unit)
        if events >= 0 and self._indexed(chain) == events:
            return forms
        found = [event for _, event in find_events(self._using, self._tenant, chain)]
        forms = fold_forms(found, unit)
        with self._lock:
            self._known[unit] = len(found), forms
            self._known.move_to_end(unit)
            if len(self._known) > _UNITS_KNOWN:
                self._known.popitem(last=False)
        return forms

    def _indexed(self, chain: CaseRef) -> int | None:
        """How many events the chain has by the index; None when it cannot be asked."""
        try:
            catch_up(self._using)
            row = read_case_row(self._using, self._tenant, chain)
        except UnavailableError:
            return None
        return row.events if row is not None else 0
