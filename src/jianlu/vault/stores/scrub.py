"""Scrub: the ledger is followed store by store, so that each object has its copy everywhere, and every copy is read again and again.

Two passes a store (`walk.py`): the first makes copies of what the ledger names and locks them, the second reads and hashes everything anew,
mends what is missing or altered, and begins again. The stores are walked side by side. What they find is in the ledger; one process of a
home does it.
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.database import transaction
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reseals import GoneForms
from jianlu.vault.stores._chain import StoresChain
from jianlu.vault.stores._states import StoreState, read_states, write_state
from jianlu.vault.stores.walk import Probe, Shared, StoreWalk

PATIENCE_S = 5.0
"""How long a turn waits for a store that does not come to the end of its piece; the others go on without it."""

_Step = tuple[StoreState, float | None]


class Scrubber:
    """The walks of one home's stores; one thread uses it, and each store has one of its own.

    `bytes_s` bounds what scrubbing reads of a store, an object more at most; `days` after one scrub the next begins.
    """

    def __init__(self, using: VaultPorts, tenant: TenantId, probe: Probe, *, days: int, bytes_s: int) -> None:
        """Nothing is read before the first `turn`."""
        self._using = using
        shared = Shared(using, tenant, probe, StoresChain(using, tenant), GoneForms(using, tenant), days, bytes_s)
        self._walks = [StoreWalk(store, shared) for store in using.stores]
        self._under_way: dict[str, tuple[StoreState, Future[_Step]]] = {}

    def turn(self) -> float | None:
        """Do the next piece of work of every store at once. Seconds to wait before the next one, None when there is nothing to do.

        A store that fails stands still, with the reason in its state, and holds up no other; for one that takes long nobody waits longer
        than `PATIENCE_S`, and its piece goes on meanwhile. UnavailableError when database or ledger fail.
        """
        states = self._states()
        begun = [walk for walk in self._walks if walk.store.name not in self._under_way]
        for walk in begun:
            state = states.get(walk.store.name) or StoreState(walk.store.name)
            self._under_way[walk.store.name] = (state, _begun(walk, state))
        wait([self._under_way[walk.store.name][1] for walk in begun], timeout=PATIENCE_S)
        busy = [seconds for seconds in self._collect() if seconds is not None]
        if self._under_way and not busy:
            wait([step for _, step in self._under_way.values()], timeout=PATIENCE_S, return_when=FIRST_COMPLETED)
        return max(busy) if busy else (0.0 if self._under_way else None)

    def begin(self) -> None:
        """Have every store scrubbed anew now, whenever the last time was."""
        wait([step for _, step in self._under_way.values()])
        self._collect()
        since, states = instant_text(self._using.clock.now()), self._states()
        for walk in self._walks:
            state = states.get(walk.store.name) or StoreState(walk.store.name)
            fresh = replace(state, scrub_since=since, scrub_at=0, scrub_objects=0, scrub_bytes=0)
            self._write(replace(fresh, scrub_repaired=0, scrub_lost=0))
            walk.forget()

    def _collect(self) -> list[float | None]:
        """Keep how far each store has come whose piece is done; the waits that they ask for. What failed is raised after all are kept."""
        done = [(name, *piece) for name, piece in self._under_way.items() if piece[1].done()]
        for name, _, _ in done:
            del self._under_way[name]
        for _, state, step in done:
            if step.exception() is None and (fresh := step.result()[0]) != state:
                self._write(fresh)
        return [step.result()[1] for _, _, step in done]

    def _states(self) -> dict[str, StoreState]:
        with transaction(self._using.index, writes=False) as connection:
            return dict(read_states(connection))

    def _write(self, state: StoreState) -> None:
        with transaction(self._using.index) as connection:
            write_state(connection, state)


def _begun(walk: StoreWalk, state: StoreState) -> Future[_Step]:
    """The walk's next step on a thread that no end of the process waits for: what it did not come to is done again."""
    step: Future[_Step] = Future()

    def work() -> None:
        try:
            step.set_result(walk.step(state))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks for the outcome
            step.set_exception(error)

    threading.Thread(target=work, name=f"store-{walk.store.name}", daemon=True).start()
    return step
