"""Rows of `store_states`: how far each store is.

They prove nothing; a lost row costs a reading of everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from jianlu.vault._tables import store_states


@dataclass(frozen=True, slots=True)
class StoreState:
    """How far a store is.

    `label` and `failed` are the last probe's; `placed` is the ledger position up to which its copies were made and read back (`objects`,
    `bytes` of them); `scrub_at` the position that the scrub under way (begun at `scrub_since`, empty: none) has come to, with its counts;
    `scrubbed_at` when the last one ended. `problem` is why it stands still, empty when it does not.
    """

    store: str
    label: str = ""
    failed: str = ""
    probed_at: str = ""
    placed: int = 0
    objects: int = 0
    bytes: int = 0
    scrub_at: int = 0
    scrub_objects: int = 0
    scrub_bytes: int = 0
    scrub_repaired: int = 0
    scrub_lost: int = 0
    scrub_since: str = ""
    scrubbed_at: str = ""
    problem: str = ""


def read_states(connection: Connection) -> Mapping[str, StoreState]:
    """Every store's row by its name."""
    return {row["store"]: StoreState(**row) for row in connection.execute(select(store_states)).mappings()}


def write_state(connection: Connection, state: StoreState) -> None:
    """Insert or replace the store's row."""
    connection.execute(delete(store_states).where(store_states.c.store == state.store))
    connection.execute(insert(store_states).values(**asdict(state)))
