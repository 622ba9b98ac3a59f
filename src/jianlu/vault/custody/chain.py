"""The custody chain of a case: placing and lifting holds, and what was refused (`specs/custody.md`).

Who may do it and that a second person approved is decided before; that two accounts are two, that a hold is lifted once, and that
nothing is placed on what is destroyed already is kept here. One writer a chain: the process that has the desk.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jianlu.core.errors import ConflictError, DeniedError, IntegrityError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.custody import standing_holds
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import has_day
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import TenantId
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import CaseLog
from jianlu.vault.keys import is_shredded
from jianlu.vault.ports import VaultPorts

HOLD, LIFT, EXTENSION = "jianlu/hold/v1", "jianlu/hold-lift/v1", "jianlu/retention-extension/v1"
MATTER_MIN, MATTER_MAX = 2, 80
REASON_MIN, REASON_MAX = 6, 400
HOLDS_MAX = 40
"""Holds that may stand over one case at once; more is a mistake of whoever calls."""

_HOLD = re.compile(r"h[0-9a-f]{26}")


@dataclass(frozen=True, slots=True)
class Lift:
    """That a hold ended: why, by whom, approved by whom (by which request), when."""

    reason: str
    by: str
    second: str
    request: str
    at: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold over a case as it was sealed; `lift` is None while it stands."""

    case: str
    hold: str
    matter: str
    reason: str
    by: str
    at: str
    lift: Lift | None = None


def new_hold_id() -> str:
    """A fresh id, for one hold over one or many cases."""
    return "h" + secrets.token_hex(13)


def place_hold(log: CaseLog, case: str, *, hold: str, matter: str, reason: str, by: str, using: VaultPorts, clock: Clock) -> Hold:
    """The hold, in the ledger on return: from that entry on nothing of the case is destroyed. The same hold again changes nothing.

    `log` is the case's custody chain. InvalidError for words that say nothing; ConflictError when the case is destroyed already, or under
    too many holds.
    """
    if not _HOLD.fullmatch(hold):
        raise InvalidError("a hold's id is the letter h and 26 hexadecimal digits: leave it out, and one is made")
    made = Hold(
        case,
        hold,
        said(matter, MATTER_MIN, MATTER_MAX, "the matter"),
        said(reason, REASON_MIN, REASON_MAX, "the reason"),
        by,
        instant_text(clock.now()),
    )
    known = {each.hold: each for each in holds_of(log, case)}
    if hold in known:
        if known[hold].lift is not None:
            raise ConflictError("that hold was lifted: place a new one")
        return known[hold]
    if len(standing_holds(log.events)) >= HOLDS_MAX:
        raise ConflictError(f"{HOLDS_MAX} holds stand over this case: lift those that are over first")
    _require_there(log, case, using=using)
    commits = {"by": digest_of(by.encode())}
    fields = {name: getattr(made, name) for name in ("case", "hold", "matter", "reason", "by", "at")}
    body = {"of": case, "hold": hold}
    content = canonical_bytes({"format": HOLD, **fields})
    log.seal_and_append(EventType.HOLD_PLACED, f"hold-{log.next_n}", content, body, commits=commits)
    _require_there(log, case, using=using)  # again: see `shred_unit`
    return made


def lift_hold(log: CaseLog, case: str, hold: str, *, reason: str, by: str, second: str, request: str, clock: Clock) -> Hold:
    """The hold with its lift, in the ledger on return.

    NotFoundError when no such hold was placed; ConflictError when it was lifted already; DeniedError when `second`, who approved by the
    request `request`, is `by`.
    """
    if by == second or not second:
        raise DeniedError("a hold is lifted by two people: have somebody else approve")
    found = next((each for each in holds_of(log, case) if each.hold == hold), None)
    if found is None:
        raise NotFoundError("there is no such hold over this case: see its holds")
    if found.lift is not None:
        raise ConflictError("that hold was lifted already")
    lift = Lift(said(reason, REASON_MIN, REASON_MAX, "the reason"), by, second, request, instant_text(clock.now()))
    commits = {"by": digest_of(by.encode()), "second": digest_of(second.encode())}
    fields = {name: getattr(lift, name) for name in Lift.__dataclass_fields__}
    content = canonical_bytes({"format": LIFT, "case": case, "hold": hold, **fields})
    body = {"of": case, "hold": hold}
    log.seal_and_append(EventType.HOLD_LIFTED, f"lift-{log.next_n}", content, body, commits=commits)
    return Hold(found.case, found.hold, found.matter, found.reason, found.by, found.at, lift)


def extend_retention(log: CaseLog, case: str, until: str, *, reason: str, by: str, using: VaultPorts, clock: Clock) -> Event:
    """The event that keeps the case until the day `until`, in the ledger on return; what is later governs, so it can only lengthen.

    InvalidError for what is no coming day or a reason that says nothing; ConflictError when the case is destroyed already.
    """
    if not has_day(until) or until <= clock.now().date().isoformat():
        raise InvalidError("a case is kept until a day that is still to come, written 2036-11-30")
    _require_there(log, case, using=using)
    fields = {"case": case, "until": until, "reason": said(reason, REASON_MIN, REASON_MAX, "the reason"), "by": by}
    content = canonical_bytes({"format": EXTENSION, **fields, "at": instant_text(clock.now())})
    body = {"of": case, "until": until}
    commits = {"by": digest_of(by.encode())}
    extended = log.seal_and_append(EventType.RETENTION_EXTENDED, f"extension-{log.next_n}", content, body, commits=commits)
    _require_there(log, case, using=using)
    return extended


def refuse_destruction(log: CaseLog, case: str, reason: str, *, by: str, part: str = "") -> None:
    """Record that `by` asked for the destruction of the case, or of that part, and was refused, for `reason` (a `Refusal`)."""
    which = {"part": part} if part else {}
    log.append(EventType.DESTRUCTION_REFUSED, {"of": case, **which, "reason": reason}, commits={"by": digest_of(by.encode())})


def holds_of(log: CaseLog, case: str) -> list[Hold]:
    """Every hold that was ever placed on the case, in order, from the sealed documents of its custody chain.

    IntegrityError when a document is not of this case and hold.
    """
    found: dict[str, Hold] = {}
    for event in log.events:
        if event.type is EventType.HOLD_PLACED:
            fields = _document(log, event.body, HOLD, case)
            found.setdefault(fields["hold"], Hold(**fields))
        elif event.type is EventType.HOLD_LIFTED and event.body["hold"] in found:
            held = found[event.body["hold"]]
            fields = _document(log, event.body, LIFT, case)
            lift = Lift(**{name: fields[name] for name in Lift.__dataclass_fields__})
            found[held.hold] = Hold(held.case, held.hold, held.matter, held.reason, held.by, held.at, held.lift or lift)
    return list(found.values())


def _require_there(log: CaseLog, case: str, *, using: VaultPorts) -> None:
    is_begun = any(event.type is EventType.DESTRUCTION_STARTED for event in log.events)
    if is_begun or is_shredded(using, TenantId(log.tenant), case):
        raise ConflictError("the case is destroyed already, or is being destroyed: there is nothing left to hold")


def _document(log: CaseLog, body: Mapping[str, Any], format: str, case: str) -> dict[str, Any]:
    fields = parse_canonical(log.open_object(body["object"], body["version"]))
    if (
        not isinstance(fields, dict)
        or fields.pop("format", "") != format
        or fields["case"] != case
        or fields["hold"] != body["hold"]
    ):
        raise IntegrityError("a document of custody is not the one that its event names: run `jianlu ledger fsck`")
    return fields


def said(text: str, least: int, most: int, what: str) -> str:
    """`text` without the space around it; InvalidError, naming `what`, unless it has that many characters on one line."""
    words = text.strip()
    if not least <= len(words) <= most or not words.isprintable():
        raise InvalidError(f"{what} is said in {least} to {most} characters, on one line")
    return words
