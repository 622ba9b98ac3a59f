"""The search index follows the vault: a case enters when it is judged, leaves when its keys are destroyed, and all enter again on reindex.

Entering and leaving are short transactions; blocks are read, joined and cleared outside of them and exchanged inside, so that nobody who
records waits for a merge. What a crash leaves is a key without a block or a block too many: both are cleared by the next call.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection

from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.terms.ids import CaseRef, case_ref
from jianlu.core.terms.instants import parse_instant
from jianlu.deliver.search import _records
from jianlu.deliver.search.blocks import FAN, LEVEL_MAX, Block, SealedBlock, block_of, merge, open_block, seal_block, without
from jianlu.deliver.search.model import Entry
from jianlu.deliver.search.ports import SearchPorts
from jianlu.deliver.search.sealing import seal_entry
from jianlu.runtime.database import transaction
from jianlu.vault.keys import is_shredded, open_unit_key

BATCH_CASES = FAN * FAN
"""Cases that a rebuild lays into one block: half a million words, some hundred megabytes while it is made."""

_FORGOTTEN_AT_ONCE = 1_000
"""Cases that one question names: databases bound its parameters."""

_TRIES = 8


def is_entered(case: str, *, using: SearchPorts) -> bool:
    """Whether the case can be found."""
    with transaction(using.vault.index, writes=False) as connection:
        return case in _records.places_of(connection, using.tenant, [case])


def enter_case(entry: Entry, *, using: SearchPorts) -> bool:
    """Enter the case; what was entered of it before is replaced. False, and nothing is kept, when its keys were destroyed."""
    forget_case(entry.case, using=using)
    batch = batch_of([entry], using=using)
    if batch is None:
        return False
    _enter(batch, using)
    tend_index(using=using)
    return True


def forget_case(case: str, *, using: SearchPorts) -> bool:
    """As `forget_cases` of one; False when it was not in."""
    return forget_cases([case], using=using) == 1


def forget_cases(cases: Sequence[str], *, using: SearchPorts) -> int:
    """Take cases out: their rows and every posting. A block is written anew once for all that leave it, its old key erased.

    Returns how many were in. UnavailableError when others change the index without end.
    """
    done = 0
    for first in range(0, len(cases), _FORGOTTEN_AT_ONCE):
        done += _forget(cases[first : first + _FORGOTTEN_AT_ONCE], using)
    return done


def forget_shredded(*, using: SearchPorts) -> int:
    """Take out every case whose keys were destroyed, as the key store says; returns how many."""
    with transaction(using.vault.index, writes=False) as connection:
        known = _records.known_cases(connection, using.tenant)
    return forget_cases([case for case in sorted(known) if is_shredded(using.vault, using.tenant, case)], using=using)


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases that lie in one block, made ready without the database: their rows, and the block before it has a number."""

    rows: tuple[Mapping[str, object], ...]
    block: Block


def rebuild_index(entries: Iterable[Entry], *, using: SearchPorts) -> int:
    """Delete the tenant's index and enter `entries`; returns how many cases it holds now. Keys of what was before are erased."""
    coming = iter(entries)
    batches = iter(lambda: list(islice(coming, BATCH_CASES)), [])
    return rebuild_of_batches((batch_of(batch, using=using) for batch in batches), using=using)


def rebuild_of_batches(batches: Iterable[Batch | None], *, using: SearchPorts) -> int:
    """As `rebuild_index` of what `batch_of` made, also in other processes with the same keys."""
    with transaction(using.vault.index) as connection:
        _records.lock_progress(connection, using.tenant)
        _records.clear(connection, using.tenant)
    using.keys.destroy_others(())
    return enter_batches(batches, using=using)


def enter_batches(batches: Iterable[Batch | None], *, using: SearchPorts) -> int:
    """Enter what `batch_of` made beside what is there, one transaction a batch; returns how many cases came.

    ConflictError when a case of a batch is there already: nothing of that batch enters.
    """
    done = 0
    for batch in batches:
        done += 0 if batch is None else _enter(batch, using)
        tend_index(using=using)
    return done


def batch_of(entries: Sequence[Entry], *, using: SearchPorts) -> Batch | None:
    """At most `BATCH_CASES` entries made ready, without those whose keys were destroyed; None when none is left."""
    sealed = [(entry, content) for entry in entries if (content := _sealed(entry, using)) is not None]
    if not sealed:
        return None
    kept = [entry for entry, _ in sealed]
    level = next(level for level in range(LEVEL_MAX + 1) if len(kept) <= FAN**level)
    seconds = [int(parse_instant(entry.began_at).timestamp()) for entry in kept]
    block = block_of(kept, seconds, level=level, bucket_key=using.keys.bucket_key)
    return Batch(tuple(_row(entry, using.tenant, content) for entry, content in sealed), block)


def tend_index(*, using: SearchPorts) -> int:
    """Join blocks until no level has too many; returns how many were made, and erases keys whose blocks are gone."""
    made = 0
    while _join_some(using):
        made += 1
    return made


def sweep_keys(*, using: SearchPorts) -> int:
    """Erase keys of blocks that are no more, such as a crash leaves; whoever enters or joins meanwhile waits. Returns how many."""
    with transaction(using.vault.index) as connection:
        _records.lock_progress(connection, using.tenant)
        return using.keys.destroy_others([block for block, _ in _records.levels(connection, using.tenant)])


def _enter(batch: Batch, using: SearchPorts) -> int:
    with transaction(using.vault.index) as connection:
        ordinal, number = _records.lock_progress(connection, using.tenant)
        if _records.places_of(connection, using.tenant, [str(row["case_ref"]) for row in batch.rows]):
            raise ConflictError("somebody else entered this case just now: leave it")
        _add(connection, using, batch.block.numbered_from(ordinal), number)
        rows = [{**row, "ordinal": ordinal + offset, "block": number} for offset, row in enumerate(batch.rows)]
        _records.add_cases(connection, rows)
        _records.write_progress(connection, using.tenant, ordinal + len(rows), number + 1)
    return len(batch.rows)


def _join_some(using: SearchPorts) -> bool:
    with transaction(using.vault.index, writes=False) as connection:
        found = _records.levels(connection, using.tenant)
        full = [level for level in range(LEVEL_MAX) if sum(each == level for _, each in found) >= FAN]
        if not full:
            return False
        level = full[0]
        old = [number for number, each in found if each == level][:FAN]
        sealed = [_records.sealed_block(connection, using.tenant, number) for number in old]
    try:
        held = [open_block(each, tenant=using.tenant, key=using.keys.open(each.number)) for each in sealed if each is not None]
    except NotFoundError:
        return True  # joined by somebody else meanwhile: look again
    joined = merge(held, level, using.keys.bucket_key)
    with transaction(using.vault.index) as connection:
        ordinal, number = _records.lock_progress(connection, using.tenant)
        if not {(each, level) for each in old} <= set(_records.levels(connection, using.tenant)):
            return True
        _add(connection, using, joined, number)
        _records.replace_blocks(connection, using.tenant, old, level, number)
        _records.write_progress(connection, using.tenant, ordinal, number + 1)
    for each in old:
        using.keys.destroy(each)
    return True


def _add(connection: Connection, using: SearchPorts, block: Block, number: int) -> None:
    _records.add_block(connection, using.tenant, seal_block(block, number, tenant=using.tenant, key=using.keys.create(number)))


def _forget(cases: Sequence[str], using: SearchPorts) -> int:
    done = 0
    for _ in range(_TRIES):
        with transaction(using.vault.index, writes=False) as connection:
            places = _records.places_of(connection, using.tenant, cases)
        if not places:
            return done
        for block in sorted({block for _, block in places.values()}):
            done += _take_out(block, {case: place for case, place in places.items() if place[1] == block}, using)
    raise UnavailableError("the search index changes all the time: try again")


def _take_out(block: int, leaving: Mapping[str, tuple[int, int]], using: SearchPorts) -> int:
    """How many cases left the block: all of `leaving`, or none when somebody else changed it meanwhile."""
    with transaction(using.vault.index, writes=False) as connection:
        sealed = _records.sealed_block(connection, using.tenant, block)
    try:
        cleared = None if sealed is None else _cleared(using, sealed, {ordinal for ordinal, _ in leaving.values()})
    except NotFoundError:
        return 0
    with transaction(using.vault.index) as connection:
        ordinal, number = _records.lock_progress(connection, using.tenant)
        if _records.places_of(connection, using.tenant, list(leaving)) != leaving:
            return 0
        _records.remove_cases(connection, using.tenant, list(leaving))
        if sealed is not None:
            if cleared is not None:
                _add(connection, using, cleared, number)
            _records.replace_blocks(connection, using.tenant, [sealed.number], sealed.level, number)
        _records.write_progress(connection, using.tenant, ordinal, number + 1)
    using.keys.destroy(block)
    return len(leaving)


def _cleared(using: SearchPorts, sealed: SealedBlock, ordinals: Collection[int]) -> Block | None:
    """The block without those cases; None when nothing is left in it."""
    roster, pages = open_block(sealed, tenant=using.tenant, key=using.keys.open(sealed.number))
    block = without(roster, pages, sealed.level, ordinals)
    return block if block.roster.ordinals.any() else None


def _sealed(entry: Entry, using: SearchPorts) -> bytes | None:
    case: CaseRef = case_ref(entry.case)
    if is_shredded(using.vault, using.tenant, case):
        return None
    return seal_entry(open_unit_key(using.vault, using.tenant, case).search_key, using.tenant, entry)


def _row(entry: Entry, tenant: str, sealed: bytes) -> dict[str, object]:
    names = ("began_at", "agent", "created_by", "product", "scene", "language")
    return {"tenant": tenant, "case_ref": entry.case, **{name: getattr(entry, name) for name in names}, "sealed": sealed}
