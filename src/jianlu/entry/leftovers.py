"""Every place where something of a case may lie, each with how it is cleared and how it is looked at: what a certificate rests on.

A place that a new feature adds is added here; `tests/fault/destruction` scans a home for the words of a destroyed case and finds those
that were forgotten. Clearing again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from shutil import rmtree

from jianlu.capture.cases.forgetting import forget_row, named_in_row
from jianlu.capture.sessions.forgetting import forget_joining, named_in_joining
from jianlu.core.errors import ConflictError, NotFoundError, UnavailableError
from jianlu.core.formats.event import Event
from jianlu.core.formats.package import WITHHELD
from jianlu.core.phrases.nearness import Nearness
from jianlu.core.terms.handling import kind_of
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref
from jianlu.deliver.oversight.copy_links import forget_links
from jianlu.deliver.packages.write import package_path
from jianlu.deliver.search.enter import forget_case, is_entered, sweep_keys
from jianlu.deliver.search.entries import SEARCHED
from jianlu.deliver.search.ports import SearchPorts
from jianlu.govern.identity.admissions import forget_admissions
from jianlu.runtime.database import erase_deleted, transaction
from jianlu.runtime.durable import erase_file, sync_directory
from jianlu.vault.index import read_case_row
from jianlu.vault.keys import is_shredded, tenant_secret, tombstone_name
from jianlu.vault.model import Place, object_parts
from jianlu.vault.open import open_whole
from jianlu.vault.ports import VaultPorts
from jianlu.vault.reseals import read_forms
from jianlu.vault.shred import names_of_part, shred_part, shred_unit
from jianlu.vault.stores.copies import remains_of

WORDS_IN_TABLES = ("live_cases", "queue_tickets")
"""Tables whose rows name people or business numbers in the clear."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: `clear` takes everything of the case out of it, `left` says how much is there, `named` how much it could have held."""

    place: str
    clear: Callable[[], object]
    left: Callable[[], int]
    named: Callable[[], int] = lambda: 0


def spots_of(case: CaseRef, parts: Sequence[Place], *, home: Path, tenant: TenantId, vault: VaultPorts) -> list[Spot]:
    """The places of the case, in the order in which they are cleared: its keys first, after which the rest cannot be read by anybody.

    `parts` are the objects that its events name.
    """
    prefix = f"{tenant}/{case}/"
    again = read_forms(vault, tenant, case).all
    resealed = [Place(tenant, case, each.object, each.version, each.form) for each in again]

    def keys_left() -> int:
        return sum(name != tombstone_name(tenant, case) for name in vault.key_blobs.names(prefix))

    return [
        Spot("keys", lambda: shred_unit(vault, tenant, case), keys_left, lambda: len(parts) + 1),
        Spot("objects", _nothing, lambda: _remaining(vault, prefix, locked=False), lambda: len(parts)),
        Spot("openings", _nothing, lambda: sum(_opens(vault, part) for part in [*parts, *resealed]), lambda: len(parts)),
        Spot("locked", _nothing, lambda: 0, lambda: _remaining(vault, prefix, locked=True)),
        Spot("packages", lambda: _erase(_packages(home, case)), lambda: len(_packages(home, case))),
        Spot("spools", lambda: _erase(_spools(home, case)), lambda: len(_spools(home, case))),
        _search_spot(vault, tenant, case),
        _review_spot(vault, tenant, case),
        _row_spot(vault, tenant, case),
        Spot("database", lambda: erase_deleted(vault.index, WORDS_IN_TABLES), lambda: 0),
    ]


def spots_of_part(
    case: CaseRef, part: str, parts: Sequence[Place], *, home: Path, tenant: TenantId, vault: VaultPorts
) -> list[Spot]:
    """The places of one part of the case, as `spots_of`: those that hold more than that part are cleared whole where they can be made anew.

    A package that was written holds every part but templates, so it goes; what the search index has of the case is of its transcript and
    its findings.
    """
    again = [Place(tenant, case, each.object, each.version, each.form) for each in read_forms(vault, tenant, case).all]
    mine = [place for place in parts if kind_of(place.object) == part]
    resealed = [place for place in again if kind_of(place.object) == part]

    def remaining(*, locked: bool) -> int:
        return _remaining(vault, f"{tenant}/{case}/", locked=locked, part=part)

    spots = [
        Spot(
            "keys",
            lambda: shred_part(vault, tenant, case, part),
            lambda: len(names_of_part(vault.key_blobs, tenant, case, part)),
            lambda: len(mine),
        ),
        Spot("objects", _nothing, lambda: remaining(locked=False), lambda: len(mine)),
        Spot("openings", _nothing, lambda: sum(_opens(vault, place) for place in [*mine, *resealed]), lambda: len(mine)),
        Spot("locked", _nothing, lambda: 0, lambda: remaining(locked=True)),
        Spot("spools", lambda: _erase(_spools(home, case)), lambda: len(_spools(home, case))),
    ]
    if part != WITHHELD:
        spots.append(Spot("packages", lambda: _erase(_packages(home, case)), lambda: len(_packages(home, case))))
    if part in SEARCHED:
        spots += [_search_spot(vault, tenant, case), Spot("database", lambda: erase_deleted(vault.index, ()), lambda: 0)]
    return spots


def parts_of(case: CaseRef, events: Sequence[Event], tenant: TenantId) -> list[Place]:
    """The objects that events of the case name."""
    return [Place(tenant, case, part.object, part.version) for event in events for part in object_parts(event)]


def _nothing() -> None:
    """Cleared with the place before."""


def _remaining(vault: VaultPorts, prefix: str, *, locked: bool, part: str = "") -> int:
    """How many sealed copies any store still has, of that part; those that a lock keeps, and that no key opens, apart."""
    found = [each.kept for each in remains_of(vault, prefix) if (each.kept.until is not None) is locked]
    return sum(each.versions for each in found if not part or kind_of(each.name.removeprefix(prefix)) == part)


def _opens(vault: VaultPorts, part: Place) -> bool:
    try:
        open_whole(part, using=vault)
    except (NotFoundError, ConflictError):
        return False
    return True


def _packages(home: Path, case: CaseRef) -> list[Path]:
    path = package_path(home, case)
    return [each for each in (path, *path.parent.glob(f".{escape(path.name)}.*")) if each.exists()]


def _spools(home: Path, case: CaseRef) -> list[Path]:
    run = home / "run"
    return sorted(
        [*run.glob(f"spool-*/{case}"), *run.glob(f"recording-*-{case}.json"), *run.glob(f".recording-*-{case}.json.new")]
    )


def _erase(found: Sequence[Path]) -> None:
    try:
        for path in found:
            for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if file.is_file():
                    erase_file(file)
            if path.is_dir():
                rmtree(path)
            sync_directory(path.parent)
    except OSError as error:
        raise UnavailableError(f"a file of the case could not be erased ({error.strerror}): check the disk") from error


def _search_spot(vault: VaultPorts, tenant: TenantId, case: CaseRef) -> Spot:
    using = SearchPorts(vault, tenant, Nearness(()))

    def clear() -> None:
        forget_case(case, using=using)
        sweep_keys(using=using)

    return Spot("search", clear, lambda: int(is_entered(case, using=using)))


def _review_spot(vault: VaultPorts, tenant: TenantId, case: CaseRef) -> Spot:
    """What reviewers said goes by itself once the keys of the case are gone (`judge/review/ending.py`); it is waited for."""
    chain = derive_case_ref(tenant_secret(vault, tenant), f"review/case/{case}")

    def left() -> int:
        return int(read_case_row(vault, tenant, chain) is not None and not is_shredded(vault, tenant, chain))

    return Spot("reviews", _nothing, left)


def _row_spot(vault: VaultPorts, tenant: TenantId, case: CaseRef) -> Spot:
    def clear() -> None:
        with transaction(vault.index) as connection:
            forget_row(connection, tenant, case)
            forget_joining(connection, tenant, case)
            forget_admissions(connection, tenant, case)
            forget_links(connection, tenant, case)

    def left() -> int:
        with transaction(vault.index, writes=False) as connection:
            return named_in_row(connection, tenant, case) + named_in_joining(connection, tenant, case)

    return Spot("work_lists", clear, left)
