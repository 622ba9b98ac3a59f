"""The record of reviews for a regulator: tasks, decisions and appeals of a period, with the ledger positions and digests that prove them.

JSON says everything, CSV one line a clause. Both come from the sealed documents, which are opened and held to the ledger one by
one; the JSON names the SHA-256 of the CSV. No customer's name is in either. Of cases that were destroyed only their number is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.judge.review import _records, _redos
from jianlu.judge.review._counts import kept_counts
from jianlu.judge.review.days import checked_day, days_after
from jianlu.judge.review.documents import parse_appeal, parse_review, review_fields
from jianlu.judge.review.model import RedoRow, Stage, TaskRow
from jianlu.judge.review.ports import ReviewPorts
from jianlu.runtime.database import transaction
from jianlu.vault.case_log import CaseLog

FORMAT = "jianlu/review-export/v1"
COLUMNS = (
    "case",
    "plan",
    "draw",
    "cause",
    "group",
    "stage",
    "due_on",
    "decided_at",
    "reviewer",
    "clause",
    "machine",
    "reviewer_verdict",
    "reason",
    "from_ms",
    "to_ms",
    "redo",
    "redo_due_on",
    "redo_case",
    "appealed_at",
    "ledger_position",
    "event_sha256",
    "document_sha256",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_reviews(first_on: str, last_on: str, *, using: ReviewPorts) -> tuple[bytes, bytes]:
    """The JSON and the CSV of the reviews that were opened on the days [first_on, last_on], in UTC.

    InvalidError for days that are none or not in order; IntegrityError when a sealed decision is not what the ledger committed to.
    """
    first_on, last_on = checked_day(first_on), checked_day(last_on)
    if first_on > last_on:
        raise InvalidError("the first day must not be after the last")
    with transaction(using.sessions.database, writes=False) as connection:
        tasks = _records.all_tasks(connection, using.tenant, opened_from=first_on, opened_to=days_after(last_on, 1))
        rolls = [row for row in _records.rolls_of(connection, using.tenant) if first_on <= row["frozen_at"][:10] <= last_on]
        redos = {row.case: row for row in _redos.redos_about(connection, using.tenant, {task.case for task in tasks})}
        ended = sum(n for key, n in kept_counts(connection, using.tenant, "work").items() if key[2] == Stage.FIRST)
    entries = [_entry(task, redos.get(task.case), using.read(using.case_chain(task.case))) for task in tasks]
    table = _csv(entries)
    document = {
        "format": FORMAT,
        "tenant": using.tenant,
        "first_on": first_on,
        "last_on": last_on,
        "draws": [{name: value for name, value in row.items() if name != "tenant"} for row in rolls],
        "reviews": entries,
        "ended": ended,
        "csv_sha256": digest_of(table),
    }
    return canonical_bytes(document), table


def _entry(task: TaskRow, redo: RedoRow | None, log: CaseLog) -> dict[str, Any]:
    fields = {
        name: getattr(task, name) for name in ("case", "plan", "cause", "stage", "due_on", "state", "outcome", "appealed_at")
    }
    found: dict[str, Any] = {**fields, "draw": task.roll, "group": task.stratum, "decision": None, "appeal": None}
    found["redo_asked"] = _redo(redo, log) if redo and task.stage == Stage.FIRST else None
    if decided := _of_stage(log, task.stage):
        content = log.open_object(decided.body["object"])
        found["decision"] = {**review_fields(parse_review(content)), **_proof(log, decided, content)}
    appealed = next((event for event in log.events if event.type is EventType.REVIEW_APPEAL_RECORDED), None)
    if appealed and task.stage == Stage.FIRST:
        content = log.open_object(appealed.body["object"])
        made = parse_appeal(content)
        found["appeal"] = {"by": made.by, "at": made.at, "clauses": list(made.clauses), "reason": made.reason}
        found["appeal"] |= _proof(log, appealed, content)
    return found


def _redo(row: RedoRow, log: CaseLog) -> dict[str, Any]:
    """What became of the talk that is to be done again; the events by which the ledger says so."""
    kinds = (EventType.REVIEW_REDO_ASSIGNED, EventType.REVIEW_REDO_ALARMED, EventType.REVIEW_REDO_COMPLETED)
    told = [event for event in log.events if event.type in kinds]
    events = [{"type": e.type.value, "ledger_position": log.position_of(e.n), "event_sha256": e.digest} for e in told]
    return {"state": row.state, "due_on": row.due_on, "case": row.successor, "completed_at": row.completed_at, "events": events}


def _of_stage(log: CaseLog, stage: str) -> Event | None:
    kind = EventType.REVIEW_DECISION_RECORDED
    return next((event for event in log.events if event.type is kind and event.body["stage"] == stage), None)


def _proof(log: CaseLog, event: Event, content: bytes) -> dict[str, Any]:
    return {"ledger_position": log.position_of(event.n), "event_sha256": event.digest, "document_sha256": digest_of(content)}


def _csv(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """RFC 4180 in UTF-8 with a byte order mark, so that Chinese texts open in a spreadsheet as they are; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        decision = entry["decision"]
        redo = entry["redo_asked"] or {}
        asked = {"redo_due_on": redo.get("due_on", ""), "redo_case": redo.get("case", "")}
        whole = {**entry, **asked, **({key: decision[key] for key in _DECIDED} if decision else {})}
        for clause in decision["clauses"] if decision else [{}]:
            line = {
                **whole,
                **clause,
                "reviewer_verdict": clause.get("verdict", ""),
                "decided_at": decision["at"] if decision else "",
            }
            writer.writerow([_cell(line.get(column)) for column in COLUMNS])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


_DECIDED = ("reviewer", "redo", "ledger_position", "event_sha256", "document_sha256")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
