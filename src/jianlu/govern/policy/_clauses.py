"""Clauses and conflicts of a pack: `clauses/*.toml`, `conflicts.toml`.

A clause is automated (engines and events answer), attested (a person answers for part of it) or out of scope (with the
reason why); what it says of itself is checked against the obligations that it lists.
"""

from __future__ import annotations

import re
from pathlib import Path

from jianlu.core.errors import InvalidError
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.conditions import Condition, parse_condition
from jianlu.govern.policy.model import STAGES, Clause, ConflictRule, Demand
from jianlu.govern.policy.obligations.form import check_fields
from jianlu.govern.policy.obligations.kinds import KINDS

MARKS = ("V", "S", "K", "U")
"""How the demand is known: text read (V), secondary source (S), own knowledge (K), uncertain (U)."""

CONFIDENCES = ("verified", "unverified")
STATUSES = ("automated", "attested", "out_of_scope")
_ID = re.compile(r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$")


def read_clauses(folder: Path, names: list[str], *, phrases: set[str], values: set[str]) -> tuple[Clause, ...]:
    """The pack's clauses in the order of files and entries; InvalidError names file, clause and key."""
    found: list[Clause] = []
    for name in names:
        if not name.startswith("clauses/"):
            continue
        table = read_table(folder / name, f"{folder.name}/{name}")
        defaults = {key: table.take_any(key) for key in ("source", "effective_from", "effective_mark", "confidence")}
        for entry in table.take("clause", list):
            stated = {key: value for key, value in defaults.items() if value is not None}
            fields = {**stated, **entry} if isinstance(entry, dict) else entry
            found.append(_clause(Table(fields, f"{folder.name}/{name}"), phrases, values))
        table.close()
    twice = {clause.id for clause in found if sum(other.id == clause.id for other in found) > 1}
    if twice or not found:
        raise InvalidError(f"{folder.name} has no clause, or has one twice: {', '.join(sorted(twice))}")
    return tuple(found)


def _clause(entry: Table, phrases: set[str], values: set[str]) -> Clause:
    clause_id = entry.take("id", str)
    entry.where = f"{entry.where}, {clause_id}"
    if not _ID.fullmatch(clause_id):
        raise InvalidError(f"{entry.where}: `id` is letters and digits joined by hyphens")
    status, note = entry.take_code("status", STATUSES), entry.take_any("note")
    demands = tuple(_demand(demand, phrases, values) for demand in entry.take_tables("obligation"))
    _check_status(entry.where, status, note, demands)
    clause = Clause(
        id=clause_id,
        citation=entry.take("citation", str),
        title=entry.take_bilingual("title"),
        source=entry.take("source", str),
        effective_from=entry.take_date("effective_from"),
        effective_to=entry.take_date_or_none("effective_to"),
        effective_mark=entry.take_code("effective_mark", MARKS),
        confidence=entry.take_code("confidence", CONFIDENCES),
        mark=entry.take_code("mark", MARKS),
        status=status,
        note=Table({"note": note}, entry.where).take_bilingual("note") if note is not None else {},
        when=_when(entry),
        demands=demands,
    )
    entry.close()
    return clause


def _check_status(where: str, status: str, note: object, demands: tuple[Demand, ...]) -> None:
    attestations = sum(demand.kind == "require_attestation" for demand in demands)
    if status == "out_of_scope" and (demands or note is None):
        raise InvalidError(f"{where}: a clause out of scope has a `note` that says why, and no obligation")
    if status != "out_of_scope" and not demands:
        raise InvalidError(f"{where}: a clause that is {status} has at least one obligation")
    if attestations != (status == "attested"):
        raise InvalidError(f"{where}: an attested clause has exactly one require_attestation, any other clause none")


def _demand(entry: Table, phrases: set[str], values: set[str]) -> Demand:
    kind = KINDS[entry.take_code("kind", tuple(KINDS))]
    stage = entry.take_code("stage", STAGES) if kind.is_step else "throughout"
    when = _when(entry)
    fields = {key: entry.take_any(key) for key in entry.keys}
    check_fields(kind, fields, where=entry.where, phrases=phrases, values=values)
    return Demand(kind.name, stage, when, fields)


def _when(entry: Table) -> Condition | None:
    fields = entry.take_any("when")
    if fields is None:
        return None
    try:
        return parse_condition(fields)
    except InvalidError as error:
        raise InvalidError(f"{entry.where}: {error}") from error


def read_conflicts(folder: Path, names: list[str]) -> tuple[ConflictRule, ...]:
    """The conflicts that the pack points out; InvalidError names the key. Whether the clauses exist is `load_packs`' check."""
    if "conflicts.toml" not in names:
        return ()
    table = read_table(folder / "conflicts.toml", f"{folder.name}/conflicts.toml")
    found = []
    for entry in table.take_tables("conflict"):
        code, clauses = entry.take("code", str), entry.take_texts("clauses")
        rule = ConflictRule(code, clauses, entry.take_bilingual("text"), entry.take_bilingual("resolution"), _when(entry))
        entry.close()
        if len(clauses) < 2:
            raise InvalidError(f"{entry.where}: a conflict is between two clauses or more")
        found.append(rule)
    table.close()
    return tuple(found)
