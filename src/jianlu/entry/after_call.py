"""The stages after a recording has ended: inspect, retain, judge, close, package, index. Of an uploaded file and of a live call alike.

Each stage looks into the case's own events for what is done already, so the same call goes on where a crash left off and never
does anything twice. Who calls them, and how often, is `main_job.py`'s and the worker's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from jianlu.capture.recording.live.reconcile_case import reconcile_recorders
from jianlu.core.errors import ConflictError, IntegrityError, InvalidError
from jianlu.core.formats.anchor import cosigned, stamped
from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.cosignature import parse_witness_key
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import retention_body
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspector
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.packages.write import Receipt, write_package, written_before
from jianlu.deliver.reports.course import sealed_script
from jianlu.deliver.reports.write import CoveredBy, write_reports
from jianlu.entry.search_index import enter_searched
from jianlu.govern.script_texts import facts_in
from jianlu.judge.judge_case import judge_case
from jianlu.ledger.anchors.folder import anchors_for
from jianlu.process.inspectors.inspect import inspect_case
from jianlu.process.inspectors.sender_clock import samples_of
from jianlu.process.record import record_findings, recorded_inspectors
from jianlu.process.withheld import withheld_inspectors
from jianlu.vault.case_log import CaseLog
from jianlu.vault.index import catch_up
from jianlu.vault.playable import open_recording
from jianlu.wiring import Workbench, inspect_ports

Say = Callable[[str, int, int | None], None]
"""Told stage, how much of it is done, and how much is due (None: unknown). What it raises ends the work."""


def run_after_call(log: CaseLog, destination: Path, using: Workbench, say: Say) -> Receipt:
    """The package of the recorded case `log`, from wherever an earlier run left it.

    Raises ConflictError while the recording has not ended or when it was abandoned.
    """
    plan = _plan_of(log)
    reconcile(log)
    inspect(log, plan, using, say)
    retain(log, plan)
    judge(log, say)
    close(log)
    say("package", 0, 1)
    receipt = written_before(log, destination, using=using.package) or package(log, destination, using, say)
    enter_searched(log, using.vault)  # last, because no evidence waits for it
    return receipt


def has_event(log: CaseLog, kind: EventType) -> bool:
    """Whether the case has an event of this kind."""
    return any(event.type is kind for event in log.events)


def inspect(log: CaseLog, plan: Plan, using: Workbench, say: Say) -> None:
    """Every inspector's findings, sealed; does nothing where they all are."""
    if recorded_inspectors(log) >= {inspector.value for inspector in Inspector}:
        return
    duration_ms = next(event.body["duration_ms"] for event in log.events if event.type is EventType.RECORDING_ENDED)
    inspections = inspect_case(
        lambda: open_recording(log),
        as_recorded(plan, log),
        inspect_ports(using.settings),
        lambda track, done_ms: say(f"inspect {track}", done_ms, duration_ms),
        clock=samples_of(log.open_object(e.body["object"], e.body["version"]) for e in _of_kind(log, EventType.CLOCK_MEASURED)),
        withheld=withheld_inspectors(log.events, sealed_script(log), facts_in(plan)),
    )
    record_findings(log, inspections)
    say("inspect", 1, 1)


def as_recorded(plan: Plan, log: CaseLog) -> Plan:
    """The plan with each track's stream where the recording has it, by its name; a track that was never recorded is nowhere (-1).

    Counting streams would give one person's camera to another when the first one's never came.
    """
    started = next(event for event in log.events if event.type is EventType.RECORDING_STARTED)
    streams: dict[tuple[str, str], int] = {}
    for name, kind, _ in started.body["tracks"]:
        streams[kind, name] = sum(other == kind for other, _ in streams)
    return replace(plan, tracks=tuple(replace(track, stream=streams.get((track.kind, track.id), -1)) for track in plan.tracks))


def reconcile(log: CaseLog) -> None:
    """What a second recorder wrote against what the first did, once; nothing where there was one recorder."""
    if not has_event(log, EventType.CASE_CLOSED):
        reconcile_recorders(log)


def retain(log: CaseLog, plan: Plan) -> None:
    """How long each part is kept, as the plan solved it."""
    done = {event.body["part"] for event in log.events if event.type is EventType.RETENTION_SET}
    for retention in plan.retention:
        if retention.part not in done:
            log.append(EventType.RETENTION_SET, retention_body(retention))


def judge(log: CaseLog, say: Say) -> None:
    """The verdict of each clause, once."""
    if not has_event(log, EventType.VERDICTS_JUDGED):
        judge_case(log)
    say("judge", 1, 1)


def close(log: CaseLog) -> None:
    """The case's last event."""
    if not has_event(log, EventType.CASE_CLOSED):
        log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})


def package(log: CaseLog, destination: Path, using: Workbench, say: Say) -> Receipt:
    """The package of the closed case, written anew at `destination`."""
    using.publish()
    catch_up(using.vault)  # an index that lags because its disk was full is no edited index
    using.vouch(log.position_of(log.next_n - 1))
    receipt = write_package(log, destination, reports=_reports(log, using), using=using.package)
    say("package", 1, 1)
    return receipt


def _of_kind(log: CaseLog, kind: EventType) -> list[Event]:
    return [event for event in log.events if event.type is kind]


def _plan_of(log: CaseLog) -> Plan:
    if has_event(log, EventType.RECORDING_ABANDONED):
        raise ConflictError("the recording was abandoned and destroyed: there is nothing to inspect")
    if not has_event(log, EventType.RECORDING_ENDED):
        raise ConflictError("the recording has not ended: end the session before its evidence is inspected")
    return parse_plan(log.open_object("plan"))


def _reports(log: CaseLog, using: Workbench) -> Callable[[Checkpoint, str], Mapping[str, bytes]]:
    def reports(checkpoint: Checkpoint, verifier_digest: str) -> Mapping[str, bytes]:
        created_at, covered = using.vault.clock.now(), _covered(log, using, checkpoint.size)
        return write_reports(log, checkpoint=checkpoint, verifier_digest=verifier_digest, created_at=created_at, covered=covered)

    return reports


def _covered(log: CaseLog, using: Workbench, size: int) -> CoveredBy:
    """Who vouches for the whole case among the anchors that its package carries; a token or line that does not hold is left out."""
    last = log.position_of(log.next_n - 1)
    keys = [parse_witness_key(each.key) for each in using.settings.witnesses.witnesses]
    stamps: list[tuple[str, str]] = []
    witnesses: dict[str, None] = {}
    for anchor in anchors_for(using.package.ledger_directory, last, size):
        if anchor.size <= last:
            continue
        for name, token in anchor.stamps.items():
            with suppress(InvalidError, IntegrityError):
                stamps.append((name, instant_text(stamped(name, token, anchor.note, None).at)))
        with suppress(InvalidError, IntegrityError):
            witnesses |= dict.fromkeys(each.witness for each in cosigned(anchor.note, anchor.cosignatures, keys))
    return CoveredBy(stamps, tuple(witnesses))
