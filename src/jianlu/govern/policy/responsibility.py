"""Who answers for each clause: whoever supplies and runs the software, the institution that uses it, or both. Data beside the packs.

`packs/_responsibility/demands.toml` says it by kind of demand, `clauses.toml` for clauses that differ. Not part of a pack: a plan does not
depend on it, so that no digest of a pack changes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from jianlu.core.errors import InvalidError
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.model import Clause, Pack

FOLDER = "_responsibility"
Owner = Literal["provider", "tenant", "shared"]
OWNERS: tuple[Owner, ...] = get_args(Owner)


@dataclass(frozen=True, slots=True)
class Share:
    """What each side does about a kind of demand, and who owns it."""

    owner: Owner
    provider: Mapping[str, str]
    tenant: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Differing:
    """A clause whose owner is not what its demands say, and why."""

    owner: Owner
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Responsibilities:
    """By kind of demand, and by clause (`pack:clause`) where that differs."""

    demands: Mapping[str, Share]
    clauses: Mapping[str, Differing]

    def owner_of(self, pack: Pack, clause: Clause) -> Owner:
        """Who answers for the clause: both as soon as its demands belong to different sides; the institution for one out of scope."""
        special = self.clauses.get(f"{pack.id}:{clause.id}")
        if special is not None:
            return special.owner
        owners = {self.demands[demand.kind].owner for demand in clause.demands}
        if not owners:
            return "tenant"
        return owners.pop() if len(owners) == 1 else "shared"


def load_responsibilities(packs_folder: Path, packs: Sequence[Pack]) -> Responsibilities:
    """The responsibilities beside the packs of a folder.

    InvalidError names file and key of what is wrong: a kind of demand that nobody answers for, a clause that no pack has.
    """
    folder = packs_folder / FOLDER
    demands = {kind: _share(table) for kind, table in _tables(folder / "demands.toml")}
    clauses = {key: _differing(table) for key, table in _tables(folder / "clauses.toml")}
    kinds = {demand.kind for pack in packs for clause in pack.clauses for demand in clause.demands}
    if lost := kinds - set(demands):
        raise InvalidError(f"{FOLDER}/demands.toml says nothing of: {', '.join(sorted(lost))}: say who answers for it")
    known = {f"{pack.id}:{clause.id}" for pack in packs for clause in pack.clauses}
    if lost := set(clauses) - known:
        raise InvalidError(f"{FOLDER}/clauses.toml names clauses that no pack has: {', '.join(sorted(lost))}")
    return Responsibilities(demands, clauses)


def _tables(path: Path) -> list[tuple[str, Table]]:
    where = f"{FOLDER}/{path.name}"
    top = read_table(path, where)
    found = [(key, Table(top.take_any(key), f"{where} [{key}]")) for key in top.keys]
    top.close()
    return found


def _share(table: Table) -> Share:
    share = Share(_owner(table), table.take_bilingual("provider"), table.take_bilingual("tenant"))
    table.close()
    return share


def _differing(table: Table) -> Differing:
    differing = Differing(_owner(table), table.take_bilingual("reason"))
    table.close()
    return differing


def _owner(table: Table) -> Owner:
    claimed = table.take_code("owner", OWNERS)
    return next(owner for owner in OWNERS if owner == claimed)
