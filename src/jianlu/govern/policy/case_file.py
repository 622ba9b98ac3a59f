"""The case file, `case.toml`: what the business knows before the session, and what people attest after it.

Facts enter the plan, so they hold no names and no numbers of persons or documents. Nothing has a default: a rule that asks
for a fact which the file does not state stops the plan (`freeze.py`), naming the key. Format: `specs/plan.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Plan, Track
from jianlu.core.terms.ids import tenant_id
from jianlu.govern.policy._reading import Table, parse_table
from jianlu.govern.policy.facts import DATES, FACTS, LIFE_MONTHS, check_fact
from jianlu.govern.policy.model import ROLES, Attestation, CaseFacts, CaseFile, FactValue
from jianlu.govern.policy.obligations.cameras import PICTURE

TRACK_ROLES = ("agent", "customer", "interpreter", "guardian", "witness", "mixed")
"""Audio tracks are named by whose voice they hold; `mixed` when one track holds everybody."""

SEATS = ("agent", "customer", "supervisor", "guardian", "interpreter", "witness")
"""Who may have a camera and a microphone of their own in a live session."""

TRACKS_MAX = 8
ATTESTATIONS_MAX = 200
STATEMENT_MAX = 500
"""Bounds of a case file: a room has a handful of microphones, a session some dozen acts to attest."""

_TIME = re.compile(r"^(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:\.(\d{1,3}))?$")
_CLAUSE = re.compile(r"^[a-z0-9-]{1,60}:[A-Za-z0-9.-]{1,40}$")
_NUMBER = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


def parse_case_file(content: bytes, *, where: str = "the case file") -> CaseFile:
    """The case that the TOML bytes state. InvalidError names the key to correct: unknown, missing, wrong type, out of bounds.

    A case in which a whole section is absent is fine; the rules that need it will ask for it by name.
    """
    return case_of(parse_table(content, where), where)


def case_of(table: Table, where: str) -> CaseFile:
    """`parse_case_file` of a table that is already read."""
    case = table.take("case", dict)
    identity = Table({key: case.pop(key) for key in ("id", "tenant", "title", "on") if key in case}, f"{where}, [case]")
    number, tenant, title = identity.take("id", str), identity.take("tenant", str), identity.take("title", str)
    on = identity.take_date("on")
    if not _NUMBER.fullmatch(number):
        raise InvalidError(f"{where}, [case]: `id` is 1 to 64 letters, digits, dots, hyphens or underscores")
    facts = _facts(table, case, where)
    tracks = _tracks(table.take_tables("tracks"), table.take_tables("pictures"), str(facts.get("session.medium", "")))
    dates = Table(table.take_or("dates", dict, {}), f"{where}, [dates]")
    triggers = {name: dates.take_date(name) for name in DATES if name in dates.keys}
    dates.close()
    attestations = tuple(_attestation(entry) for entry in table.take_tables("attestations"))
    if len(attestations) > ATTESTATIONS_MAX:
        raise InvalidError(f"{where} has more than {ATTESTATIONS_MAX} attestations")
    table.close()
    return CaseFile(number, tenant_id(tenant), title, CaseFacts(on, facts, tracks, triggers), attestations)


def read_case_file(path: Path) -> CaseFile:
    """`parse_case_file` of a file; InvalidError when it cannot be read."""
    try:
        return parse_case_file(path.read_bytes(), where=path.name)
    except OSError as error:
        raise InvalidError(f"{path.name} cannot be read: check the path of the case file") from error


def facts_of(
    on: date, stated: Mapping[str, object], tracks: Sequence[Track], dates: Mapping[str, date] | None = None
) -> CaseFacts:
    """The facts of a case that was not written as a file: `stated` by dotted name (`product.name`), checked as a case file's are.

    `product.term_life` = True states a term for life. InvalidError names the fact to correct.
    """
    left = dict(stated)
    is_life = left.pop("product.term_life", False)
    facts = {name: check_fact(name, value) for name, value in left.items()}
    _derive_term(facts, is_life, "the case")
    if unknown := set(dates or {}) - set(DATES):
        raise InvalidError(f"these are not known dates of a case: {', '.join(sorted(unknown))}")
    return CaseFacts(on, facts, tuple(tracks), dict(dates or {}))


def check_attestations(plan: Plan, attestations: tuple[Attestation, ...]) -> None:
    """InvalidError when an attestation names a clause from which the plan demands none, or is made by a role it does not accept."""
    accepted = {entry.clause_key: entry.params["by"] for entry in plan.obligations if entry.kind == "require_attestation"}
    for attestation in attestations:
        if attestation.clause not in accepted:
            raise InvalidError(
                f"the plan demands no attestation for {attestation.clause}; it does for: {', '.join(accepted) or 'no clause'}"
            )
        if attestation.by not in accepted[attestation.clause]:
            raise InvalidError(f"{attestation.clause} is attested by: {', '.join(accepted[attestation.clause])}")


def _facts(table: Table, case: dict[str, object], where: str) -> dict[str, FactValue]:
    sections = {"case": case}
    for section in sorted({name.split(".")[0] for name in FACTS} - {"case"}):
        sections[section] = dict(table.take_or(section, dict, {}))
    is_life = sections["product"].pop("term_life", False)
    facts = {
        f"{section}.{key}": check_fact(f"{section}.{key}", value)
        for section, keys in sections.items()
        for key, value in keys.items()
    }
    _derive_term(facts, is_life, where)
    return facts


def _derive_term(facts: dict[str, FactValue], is_life: object, where: str) -> None:
    """One of term_years, term_months, term_life states the term; rules compare months."""
    stated = [name for name in ("product.term_years", "product.term_months") if name in facts]
    if not isinstance(is_life, bool) or len(stated) + is_life > 1:
        raise InvalidError(f"{where}, [product]: state the term once, as term_years, term_months or term_life = true")
    years = facts.get("product.term_years")
    if is_life:
        facts["product.term_months"] = LIFE_MONTHS
    elif isinstance(years, int):
        facts["product.term_months"] = years * 12


def picture_of(seat: str) -> str:
    """The track of a seat's own camera."""
    return f"{seat}-{PICTURE}"


def tracks_for(seats: Sequence[str], *, has_pictures: bool = True) -> tuple[Track, ...]:
    """The tracks of a live session of `seats`, in their order: cameras (`agent-picture`, ...), then microphones (`agent`, ...).

    Stream numbers count among their kind, as the recording holds them. InvalidError for an unknown or doubled seat, or too many.
    """
    if not seats or len(set(seats)) != len(seats) or not set(seats) <= set(SEATS) or len(seats) > TRACKS_MAX:
        raise InvalidError(f"a session seats each of these at most once, and somebody: {', '.join(SEATS)}")
    pictures = [Track(picture_of(seat), "video", stream) for stream, seat in enumerate(seats)] if has_pictures else []
    return (*pictures, *(Track(seat, "audio", stream) for stream, seat in enumerate(seats)))


def _tracks(microphones: list[Table], cameras: list[Table], medium: str) -> tuple[Track, ...]:
    """Cameras, then microphones; a video session that states no cameras has one picture, which shows everybody."""
    if len(microphones) > TRACKS_MAX or len(cameras) > TRACKS_MAX:
        raise InvalidError(f"a session has at most {TRACKS_MAX} audio tracks, and as many cameras")
    if cameras and medium != "video":
        raise InvalidError('[[pictures]] are of a session with medium = "video": correct [session], or leave them out')
    found = [Track(PICTURE, "video", 0)] if medium == "video" and not cameras else []
    for entry in cameras:
        stream, role = _stream(entry, "video"), entry.take_code("role", SEATS)
        entry.close()
        found.append(Track(picture_of(role), "video", stream))
    for entry in microphones:
        stream, role = _stream(entry, "audio"), entry.take_code("role", TRACK_ROLES)
        entry.close()
        found.append(Track(role, "audio", stream))
    if len({track.id for track in found}) != len(found) or len({(track.kind, track.stream) for track in found}) != len(found):
        raise InvalidError("[[tracks]] or [[pictures]] name a role or a stream of the recording twice")
    return tuple(found)


def _stream(entry: Table, kind: str) -> int:
    stream = entry.take(kind, int)
    if not 0 <= stream < TRACKS_MAX:
        raise InvalidError(f"{entry.where}: `{kind}` counts the {kind} streams of the recording from 0")
    return stream


def _attestation(entry: Table) -> Attestation:
    clause, by, statement = entry.take("clause", str), entry.take_code("by", ROLES), entry.take("statement", str)
    from_ms, to_ms = _instant_ms(entry, "from"), _instant_ms(entry, "to")
    entry.close()
    if not _CLAUSE.fullmatch(clause):
        raise InvalidError(f"{entry.where}: `clause` must look like cn-bank-sales-zone:CN-BK-3")
    if from_ms >= to_ms:
        raise InvalidError(f"{entry.where}: `from` must be before `to`")
    if not 1 <= len(statement) <= STATEMENT_MAX:
        raise InvalidError(f"{entry.where}: `statement` must have 1 to {STATEMENT_MAX} characters")
    return Attestation(clause, by, from_ms, to_ms, statement)


def _instant_ms(entry: Table, key: str) -> int:
    found = _TIME.fullmatch(entry.take(key, str))
    if not found or int(found[2]) > 59 or int(found[3]) > 59:
        raise InvalidError(f"{entry.where}: `{key}` must look like 00:12, 00:12.500 or 1:00:12")
    hours, minutes, seconds = int(found[1] or 0), int(found[2]), int(found[3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((found[4] or "").ljust(3, "0"))
