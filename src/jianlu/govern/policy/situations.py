"""Situations of a pack, `cases/*.toml`: a conversation, what is changed in it, and the verdict that each clause must get.

They are the pack's own tests, readable by whoever knows the rule. Here they are only read and checked; `tests/packs` stages
them as findings and events, and judges them by the real rules. Format: `specs/packs.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.terms.findings import Inspector
from jianlu.core.terms.verdicts import Verdict
from jianlu.govern.policy._reading import Table, read_table
from jianlu.govern.policy.case_file import TRACK_ROLES, case_of
from jianlu.govern.policy.facts import DATES, FACTS
from jianlu.govern.policy.model import CaseFile

ABSENT = "absent"
"""Expected instead of a verdict: the clause is not in the plan."""

EXPECTATIONS = (*(verdict.value for verdict in Verdict), ABSENT)
KEPT = ("as_planned", "shortened", "unset")
"""What the vault set for the retention of each part: the plan's date, a year too early, nothing."""
SEALED = ("as_planned", "abroad", "undeclared", "below", "unlabelled")
"""How objects were sealed: as the plan says, in no place that it allows, in a store without one, below the level, without a level."""

_SECTIONS = ("case", *sorted({name.split(".")[0] for name in FACTS} - {"case"}))


@dataclass(frozen=True, slots=True)
class Line:
    """Something said, on whose track."""

    id: str
    track: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """What is seen and measured beside what is said; times in ms, 0 for a fault that does not occur."""

    faces: int = 2
    black_ms: int = 0
    frozen_ms: int = 0
    dead_track: str = ""
    dead_ms: int = 0
    offset_ms: int = 0
    gap_ms: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """One case with its conversation and the expected answer per clause of the pack (a verdict, or absent from the plan)."""

    id: str
    says: Mapping[str, str]
    case: CaseFile
    lines: tuple[Line, ...]
    attested: tuple[str, ...]
    scene: Scene
    absent: tuple[Inspector, ...]
    kept: str
    sealed: str
    expect: Mapping[str, str]


def read_situations(folder: Path, clauses: set[str]) -> tuple[Situation, ...]:
    """All situations of the pack in `folder`; InvalidError names the file and the key, also for a clause that is not the pack's."""
    found: list[Situation] = []
    for path in sorted((folder / "cases").glob("*.toml")):
        found += _file(path, f"{folder.name}/cases/{path.name}", clauses)
    if twice := {one.id for one in found if sum(other.id == one.id for other in found) > 1}:
        raise InvalidError(f"{folder.name} has situations twice: {', '.join(sorted(twice))}")
    return tuple(found)


def _file(path: Path, where: str, clauses: set[str]) -> list[Situation]:
    table = read_table(path, where)
    stated: dict[str, Any] = {section: table.take_or(section, dict, {}) for section in _SECTIONS}
    stated["tracks"] = table.take_or("tracks", list, [])
    attested = table.take_texts("attested")
    lines = [_line(entry) for entry in table.take_tables("line")]
    entries = table.take_tables("situation")
    table.close()
    for entry in entries:
        entry.where = where
    return [_situation(entry, stated, lines, attested, clauses) for entry in entries]


def _line(entry: Table) -> Line:
    line = Line(entry.take("id", str), entry.take_code("track", TRACK_ROLES), entry.take("text", str))
    entry.close()
    return line


def _situation(
    entry: Table, stated: dict[str, Any], lines: list[Line], attested: tuple[str, ...], clauses: set[str]
) -> Situation:
    name = entry.take("id", str)
    entry.where = f"{entry.where}, {name}"
    expect = entry.take("expect", dict)
    unattested = entry.take_texts("unattested")
    attested = (*attested, *entry.take_texts("also_attested"))
    if lost := (set(expect) | set(unattested) | set(attested)) - clauses:
        raise InvalidError(f"{entry.where} names clauses that the pack does not have: {', '.join(sorted(lost))}")
    if not expect or not set(expect.values()) <= set(EXPECTATIONS):
        raise InvalidError(f"{entry.where}: `expect` gives clauses one of: {', '.join(EXPECTATIONS)}")
    situation = Situation(
        id=name,
        says=entry.take_bilingual("says"),
        case=_case(entry, stated, entry.take_date("on")),
        lines=_changed(entry, lines),
        attested=tuple(clause for clause in attested if clause not in unattested),
        scene=_scene(entry),
        absent=tuple(Inspector(code) for code in _codes(entry, "absent", tuple(inspector.value for inspector in Inspector))),
        kept=entry.take_code("kept", KEPT, "as_planned"),
        sealed=entry.take_code("sealed", SEALED, "as_planned"),
        expect=expect,
    )
    entry.close()
    return situation


def _codes(entry: Table, key: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    texts = entry.take_texts(key)
    if not set(texts) <= set(codes):
        raise InvalidError(f"{entry.where}: `{key}` lists some of: {', '.join(codes)}")
    return texts


def _case(entry: Table, stated: dict[str, Any], on: date) -> CaseFile:
    """The file's case with the situation's facts over it; a fact stated as "" is taken away."""
    changes = Table(entry.take_or("facts", dict, {}), f"{entry.where}, facts")
    merged: dict[str, Any] = {"tracks": stated["tracks"]}
    for section in _SECTIONS:
        both = {**stated[section], **changes.take_or(section, dict, {})}
        merged[section] = {key: value for key, value in both.items() if value != ""}
    merged["dates"] = {key: day for key, day in changes.take_or("dates", dict, {}).items() if key in DATES}
    changes.close()
    merged["case"] |= {"id": "situation", "tenant": "situation", "title": "situation", "on": on}
    return case_of(Table(merged, entry.where), entry.where)


def _changed(entry: Table, lines: list[Line]) -> tuple[Line, ...]:
    by_id = {line.id: line for line in lines}
    order = [line.id for line in lines]
    for line_id, text in entry.take_or("say", dict, {}).items():
        by_id[line_id] = Line(line_id, _known(entry, by_id, line_id).track, text)
    for line_id, track in entry.take_or("by", dict, {}).items():
        by_id[line_id] = Line(line_id, track, _known(entry, by_id, line_id).text)
    for added in entry.take_tables("add"):
        after, line = added.take("after", str), Line(added.take("id", str), added.take("track", str), added.take("text", str))
        added.close()
        _known(entry, by_id, after)
        by_id[line.id] = line
        order.insert(order.index(after) + 1, line.id)
    for one, other in entry.take_or("swap", list, []):
        at, to = order.index(_known(entry, by_id, one).id), order.index(_known(entry, by_id, other).id)
        order[at], order[to] = order[to], order[at]
    without = {_known(entry, by_id, line_id).id for line_id in entry.take_texts("without")}
    return tuple(by_id[line_id] for line_id in order if line_id not in without)


def _known(entry: Table, by_id: Mapping[str, Line], line_id: str) -> Line:
    if line_id not in by_id:
        raise InvalidError(f"{entry.where}: there is no line {line_id}")
    return by_id[line_id]


def _scene(entry: Table) -> Scene:
    return Scene(
        faces=entry.take_or("faces", int, 2),
        black_ms=entry.take_or("black_ms", int, 0),
        frozen_ms=entry.take_or("frozen_ms", int, 0),
        dead_track=entry.take_or("dead_track", str, ""),
        dead_ms=entry.take_or("dead_ms", int, 0),
        offset_ms=entry.take_or("offset_ms", int, 0),
        gap_ms=entry.take_or("gap_ms", int, 0),
    )
