"""A consent that is taken back after the talk: in the custody chain, since the case's own chain has ended (`specs/custody.md`).

From that entry on the purpose is not among those that the case may be used for. What the law has kept stays: a recording is not kept by
consent. Who may say so, and for whom, is decided before; that there is such a consent to take back is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.runtime.clock import Clock
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, said

WITHDRAWAL = "jianlu/consent-withdrawal/v1"
WAYS = ("page", "letter", "telephone", "counter")
"""How the person said it: on the page of their copy, or to somebody of the house who writes it down."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That the person of `seat` took back the consent to `purpose`; `by` is the account that wrote it down, or the seat itself."""

    case: str
    purpose: str
    seat: str
    way: str
    reason: str
    by: str
    at: str


def withdraw(log: CaseLog, case: str, *, purpose: str, seat: str, way: str, reason: str, by: str, clock: Clock) -> Withdrawal:
    """The withdrawal, in the ledger on return; the same again changes nothing. `log` is the case's custody chain.

    InvalidError for words that say nothing; ConflictError when the case is being destroyed.
    """
    if way not in WAYS:
        raise InvalidError(f"how the person said it is one of {', '.join(WAYS)}")
    made = Withdrawal(case, purpose, seat, way, said(reason, REASON_MIN, REASON_MAX, "the reason"), by, instant_text(clock.now()))
    known = [each for each in withdrawals_of(log, case) if (each.purpose, each.seat) == (purpose, seat)]
    if known:
        return known[0]
    if any(event.type is EventType.DESTRUCTION_STARTED for event in log.events):
        raise ConflictError("the case is destroyed already, or is being destroyed: nothing of it is used any more")
    content = canonical_bytes({"format": WITHDRAWAL, **asdict(made)})
    body = {"of": case, "purpose": purpose, "seat": seat}
    commits = {"by": digest_of(by.encode())}
    log.seal_and_append(EventType.CONSENT_TAKEN_BACK, f"withdrawal-{log.next_n}", content, body, commits=commits)
    return made


def withdrawn_in(events: Iterable[Event]) -> frozenset[str]:
    """The purposes that somebody took back after the talk, by the events of the case's custody chain."""
    return frozenset(str(event.body["purpose"]) for event in events if event.type is EventType.CONSENT_TAKEN_BACK)


def withdrawals_of(log: CaseLog, case: str) -> list[Withdrawal]:
    """Every consent that was taken back after the talk, in order, from the sealed documents of the case's custody chain.

    IntegrityError when a document is not the one of its event.
    """
    found = []
    for event in log.events:
        if event.type is EventType.CONSENT_TAKEN_BACK:
            fields = parse_canonical(log.open_object(event.body["object"], event.body["version"]))
            if not isinstance(fields, dict) or fields.pop("format", "") != WITHDRAWAL:
                raise IntegrityError("a document of custody is not the one that its event names: run `jianlu ledger fsck`")
            made = Withdrawal(**fields)
            if (made.case, made.purpose, made.seat) != (case, event.body["purpose"], event.body["seat"]):
                raise IntegrityError("a document of custody is not the one that its event names: run `jianlu ledger fsck`")
            found.append(made)
    return found
