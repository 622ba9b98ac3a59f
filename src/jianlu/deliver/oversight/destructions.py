"""Destroying what is due: which cases are, what two people look at together, and how their decision becomes events of custody.

The index finds what may be due; what may be destroyed is read from the ledger, once when it is asked for and again right before it starts.
Every refusal is recorded. What then happens is a job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Engine, RowMapping, insert, select, update

from jianlu.core.errors import IntegrityError, InvalidError, NotFoundError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.terms.ids import TenantId, case_ref
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.oversight._tables import destruction_batches
from jianlu.runtime.clock import Clock
from jianlu.runtime.database import transaction
from jianlu.runtime.jobs import enqueue
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.chain import REASON_MAX, REASON_MIN, said
from jianlu.vault.custody.destruction import DESTRUCTION, Approved, GoingOnError, RefusedError, require_due, start_destruction
from jianlu.vault.custody.reading import CASES_MAX, CaseCustody, read_custody
from jianlu.vault.custody.time_reading import ClockWatch, Expiry, TimeReading, read_time
from jianlu.vault.ports import VaultPorts

BATCHES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class DestructionPorts:
    """What destroying works with, in the process that has the desk. `writing` is a case's custody chain for one thread at a time.

    `read` is a case's own log, `let_go` has every copy of it forgotten that this process keeps. `expiry` is the time that is proved.
    """

    vault: VaultPorts
    tenant: TenantId
    database: Engine
    clock: Clock
    writing: Callable[[str], AbstractContextManager[CaseLog]]
    read: Callable[[str], CaseLog]
    let_go: Callable[[str], None]
    watch: ClockWatch
    expiry: Expiry


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases that are destroyed by one decision, whole or that part of each; `request` is the one that a second person approves."""

    batch: str
    cases: tuple[str, ...]
    reason: str
    asked_by: str
    asked_at: str
    request: str
    started_at: str | None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of a batch: `started`, or why not (`hold`, `retention`, `open`, `clock`, `begun`)."""

    case: str
    outcome: str


def ask_destruction(
    cases: Sequence[str], reason: str, *, using: DestructionPorts, by: str, ask: Callable[[str], str], part: str = ""
) -> tuple[Batch | None, list[Outcome]]:
    """A batch that waits for a second person; `ask` makes the request for its id and returns that request's.

    Each case that may not go is recorded as refused and told; then there is no batch, and nobody is asked. InvalidError for too many cases,
    the same one twice, a reason that says nothing, or a part that does not end by itself.
    """
    wanted = tuple(sorted(case_ref(case) for case in cases))
    if not 1 <= len(wanted) <= CASES_MAX or len(set(wanted)) != len(wanted):
        raise InvalidError(f"one decision is about 1 to {CASES_MAX} different cases: ask for fewer at once")
    words = said(reason, REASON_MIN, REASON_MAX, "the reason")
    refused = [outcome for outcome in _decided(wanted, part, using, by, lambda *_: None) if outcome.outcome != "due"]
    if refused:
        return None, refused
    asked_at = instant_text(using.clock.now())
    batch = _batch_id(using.tenant, wanted, part, words, by, asked_at)
    row = {
        "batch": batch,
        "tenant": using.tenant,
        "cases": json.dumps(wanted),
        "part": part,
        "reason": words,
        "asked_by": by,
        "asked_at": asked_at,
    }
    request = ask(batch)
    with transaction(using.database) as connection:
        connection.execute(insert(destruction_batches).values(**row, request=request, started_at=None))
    return Batch(batch, wanted, words, by, asked_at, request, None, part), []


def start_batch(batch: Batch, *, using: DestructionPorts, by: str, second: str, request: str) -> list[Outcome]:
    """Start the destruction of each case of the batch that may go now; the events are in the ledger and the jobs in the table on return.

    What may not any more (a hold came, the clock went wrong) stays and is recorded. IntegrityError when the batch is not what was approved.
    """
    approved = Approved(by, second, request, batch.reason, batch.batch)

    def start(log: CaseLog, case: str, custody: CaseCustody, reading: TimeReading) -> None:
        start_destruction(log, case, custody, reading, approved, clock=using.clock, part=batch.part)
        using.let_go(case)

    outcomes = [
        Outcome(each.case, "started" if each.outcome == "due" else each.outcome)
        for each in _decided(batch.cases, batch.part, using, by, start)
    ]
    for each in outcomes:
        if each.outcome in ("started", "begun"):
            enqueue(using.database, subject_of(each.case, batch.part), {}, clock=using.clock)
    if any(each.outcome == "started" for each in outcomes):
        with transaction(using.database) as connection:
            mine = destruction_batches.c.batch == batch.batch
            connection.execute(update(destruction_batches).where(mine).values(started_at=instant_text(using.clock.now())))
    return outcomes


def find_batch(batch: str, *, tenant: TenantId, database: Engine) -> Batch:
    """That batch; NotFoundError when there is none, IntegrityError when its row is not what its id was made of: somebody edited it."""
    columns = destruction_batches.c
    with transaction(database, writes=False) as connection:
        query = select(destruction_batches).where(columns.tenant == tenant, columns.batch == batch)
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("nobody asked for such a destruction: see the list of destructions")
    found = _batch(row)
    if _batch_id(tenant, found.cases, found.part, found.reason, found.asked_by, found.asked_at) != batch:
        raise IntegrityError("the cases of this destruction were changed since it was asked for: find out by whom, then ask anew")
    return found


def newest_batches(*, tenant: TenantId, database: Engine) -> list[Batch]:
    """The batches, the newest first; at most `BATCHES_SHOWN`."""
    columns = destruction_batches.c
    query = select(destruction_batches).where(columns.tenant == tenant).order_by(columns.asked_at.desc(), columns.batch)
    with transaction(database, writes=False) as connection:
        return [_batch(row) for row in connection.execute(query.limit(BATCHES_SHOWN)).mappings()]


def subject_of(case: str, part: str = "") -> str:
    """The subject of the job that destroys the case, or that part of it."""
    return f"{DESTRUCTION}{case}/{part}" if part else f"{DESTRUCTION}{case}"


def _decided(
    cases: Sequence[str],
    part: str,
    using: DestructionPorts,
    by: str,
    act: Callable[[CaseLog, str, CaseCustody, TimeReading], None],
) -> Iterator[Outcome]:
    """Each case asked of the ledger, in its own turn; `act` is done with those that are due, in the same turn."""
    custodies, reading = _read(cases, using)
    for case in cases:
        with using.writing(case) as log:
            yield Outcome(case, _outcome(log, case, part, custodies[case], reading, using, by, act))


def _outcome(
    log: CaseLog,
    case: str,
    part: str,
    custody: CaseCustody,
    reading: TimeReading,
    using: DestructionPorts,
    by: str,
    act: Callable[[CaseLog, str, CaseCustody, TimeReading], None],
) -> str:
    if len(log.events) != len(custody.custody):  # somebody wrote into it since the ledger was read
        found, reading = _read([case], using)
        custody = found[case]
    try:
        require_due(log, using.read(case), custody, reading, by=by, part=part)
        act(log, case, custody, reading)
    except RefusedError as error:
        return error.refusal.value
    except GoingOnError:
        return "begun"
    return "due"


def _read(cases: Sequence[str], using: DestructionPorts) -> tuple[Mapping[str, CaseCustody], TimeReading]:
    found, ledger = read_custody(using.vault, using.tenant, cases)
    return found, read_time(using.clock.now(), ledger, is_moved=using.watch.is_moved, expiry=using.expiry)


def _batch_id(tenant: str, cases: Sequence[str], part: str, reason: str, by: str, at: str) -> str:
    which = {"part": part} if part else {}
    made_of = {"tenant": tenant, "cases": list(cases), **which, "reason": reason, "by": by, "at": at}
    return "d" + sha256(canonical_bytes(made_of)).hexdigest()[:26]


def _batch(row: RowMapping) -> Batch:
    names = ("reason", "asked_by", "asked_at", "request", "started_at", "part")
    return Batch(row["batch"], tuple(json.loads(row["cases"])), **{name: row[name] for name in names})
