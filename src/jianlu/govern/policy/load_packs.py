"""Rule packs from their folder: strict reading, cross-checks, digest. Format: `specs/packs.md`.

A pack that has an unknown key, an unknown file, a clause without a source, or a reference to nothing does not load. The
situations in `cases/` are read by `situations.py`, and by this module only to make sure that they are readable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.pack import pack_digest
from jianlu.core.terms.digests import digest_of
from jianlu.govern.policy._clauses import read_clauses, read_conflicts
from jianlu.govern.policy._reading import read_table
from jianlu.govern.policy._reviews import read_reviews
from jianlu.govern.policy._values import read_values
from jianlu.govern.policy._wordings import read_wordings
from jianlu.govern.policy.conditions import Condition, named_in, parse_condition, values_in
from jianlu.govern.policy.model import Clause, ConflictRule, Pack
from jianlu.govern.policy.situations import read_situations

FORMAT = "jianlu/pack/v1"
PACK_FILES_MAX = 200
"""Files of one pack: a regulation has some dozen themes."""

_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_VERSION = re.compile(r"^\d+\.\d+\.\d+$")
_FILE = re.compile(r"^(pack|phrases|conflicts|reviews)\.toml$|^(clauses|values|cases)/[a-z0-9-]+\.toml$|^README\.md$")


def packs_directory() -> Path:
    """Where the packs that come with the software are; NotFoundError when the installation lacks them."""
    found = Path(str(files("jianlu"))) / "_packs"
    if not found.is_dir():
        raise NotFoundError("the rule packs are missing from this installation: install jianlu again from a complete wheel")
    return found


def load_packs(directory: Path) -> tuple[Pack, ...]:
    """All packs of a folder in the order of their ids (folders whose name starts with `_` are no packs).

    A folder may hold some of our packs only: a conflict with a pack that is not there cannot arise. Raises InvalidError, naming
    the file and the key, when a pack does not load or a conflict names a clause that a loaded pack does not have.
    """
    if not directory.is_dir():
        raise NotFoundError("there is no folder of rule packs at that path: check it")
    packs = tuple(load_pack(folder) for folder in sorted(directory.iterdir()) if folder.is_dir() and folder.name[0] not in "_.")
    loaded = {pack.id for pack in packs}
    known = {f"{pack.id}:{clause.id}" for pack in packs for clause in pack.clauses}
    for pack in packs:
        for conflict in pack.conflicts:
            lost = {key for key in conflict.clauses if key not in known and key.partition(":")[0] in loaded}
            if lost:
                raise InvalidError(
                    f"{pack.id}/conflicts.toml: {conflict.code} names clauses that do not exist: {', '.join(sorted(lost))}"
                )
    return packs


def load_pack(folder: Path) -> Pack:
    """The pack in `folder`; InvalidError names the file and the key that is wrong."""
    names = _file_names(folder)
    table = read_table(folder / "pack.toml", f"{folder.name}/pack.toml")
    if table.take("format", str) != FORMAT:
        raise InvalidError(f"{folder.name}/pack.toml is not of the format {FORMAT}")
    pack_id, version = table.take("id", str), table.take("version", str)
    if not _ID.fullmatch(pack_id) or pack_id != folder.name or not _VERSION.fullmatch(version):
        raise InvalidError(f"{folder.name}/pack.toml: `id` must be the folder's name, `version` three numbers")
    title, authority = table.take_bilingual("title"), table.take_bilingual("authority")
    jurisdiction, source = table.take("jurisdiction", str), table.take("source", str)
    applies = parse_condition(table.take("applies", dict))
    conditions = {name: parse_condition(condition) for name, condition in table.take_or("conditions", dict, {}).items()}
    table.close()
    values = read_values(folder, names)
    wordings = read_wordings(folder, names)
    clauses = read_clauses(folder, names, phrases={phrase for phrase, _ in wordings}, values=set(values))
    conflicts = read_conflicts(folder, names)
    pack = Pack(
        id=pack_id,
        version=version,
        digest=pack_digest({name: digest_of(content) for name, content in pack_files(folder).items()}),
        title=title,
        authority=authority,
        jurisdiction=jurisdiction,
        source=source,
        applies=applies,
        conditions=conditions,
        values=values,
        wordings=wordings,
        clauses=clauses,
        conflicts=conflicts,
        reviews=read_reviews(folder, names, clauses={clause.id for clause in clauses}, values=values),
    )
    _check_references(pack)
    read_situations(folder, {clause.id for clause in clauses})
    return pack


def pack_files(folder: Path) -> dict[str, bytes]:
    """The pack's files by path relative to `folder`, as they travel in a package; raises as `load_pack` for an unknown file."""
    return {name: (folder / name).read_bytes() for name in _file_names(folder)}


def _file_names(folder: Path) -> list[str]:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    unknown = [name for name in names if not _FILE.fullmatch(name)]
    if unknown or len(names) > PACK_FILES_MAX:
        raise InvalidError(f"{folder.name} has files that no pack has: {', '.join(unknown[:5]) or 'too many'}")
    if "pack.toml" not in names:
        raise InvalidError(f"{folder.name} has no pack.toml: it is no rule pack")
    return names


def _check_references(pack: Pack) -> None:
    """Every condition and value that is referred to exists, and no condition refers to itself."""
    conditions = [pack.applies, *pack.conditions.values(), *_conditions_of(pack.clauses, pack.conflicts)]
    conditions += [condition for rule in pack.reviews for condition in (rule.when, *(group.when for group in rule.groups))]
    for condition in conditions:
        if lost := named_in(condition) - set(pack.conditions):
            raise InvalidError(f"{pack.id} refers to conditions that it does not have: {', '.join(sorted(lost))}")
        if lost := values_in(condition) - set(pack.values):
            raise InvalidError(f"{pack.id} refers to values that it does not have: {', '.join(sorted(lost))}")
    stated = {clause.id for clause in pack.clauses}
    if lost := {value.clause for value in pack.values.values() if value.clause} - stated:
        raise InvalidError(f"{pack.id} has values of clauses that it does not have: {', '.join(sorted(lost))}")
    for name in pack.conditions:
        if name in _reached(name, pack.conditions):
            raise InvalidError(f"{pack.id}: the condition {name} refers to itself")


def _conditions_of(clauses: tuple[Clause, ...], conflicts: tuple[ConflictRule, ...]) -> list[Condition]:
    found = [clause.when for clause in clauses] + [conflict.when for conflict in conflicts]
    found += [demand.when for clause in clauses for demand in clause.demands]
    return [condition for condition in found if condition is not None]


def _reached(name: str, conditions: Mapping[str, Condition]) -> set[str]:
    reached: set[str] = set()
    open_names = named_in(conditions[name])
    while open_names:
        reached |= open_names
        open_names = set().union(*(named_in(conditions[each]) for each in open_names)) - reached
    return reached
