"""How the stores stand, as the index has it: what the probe called them, how many copies are behind, when they were scrubbed last.

For lists, never for evidence: that is in the ledger's `store:` events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.runtime.database import transaction
from jianlu.vault import _records
from jianlu.vault.ports import Store, VaultPorts
from jianlu.vault.stores._states import StoreState, read_states


@dataclass(frozen=True, slots=True)
class StoreReport:
    """A store and its state; `behind`: ledger entries whose objects have no copy there yet. `is_first`: objects are sealed there."""

    store: Store
    state: StoreState
    behind: int
    is_first: bool

    @property
    def is_complete(self) -> bool:
        """Whether it holds everything, as far as was looked, and nothing keeps it from going on."""
        return self.behind == 0 and not self.state.problem and self.state.scrub_lost == 0


def store_reports(using: VaultPorts) -> Sequence[StoreReport]:
    """Every store of the settings, in their order; UnavailableError when the database fails."""
    with transaction(using.index, writes=False) as connection:
        entries, states = _records.read_progress(connection), read_states(connection)
    found = [(store, states.get(store.name) or StoreState(store.name)) for store in using.stores]
    return [StoreReport(store, state, max(0, entries - state.placed), at == 0) for at, (store, state) in enumerate(found)]
