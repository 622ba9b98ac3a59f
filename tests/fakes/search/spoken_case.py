"""A recorded and judged case with something said in it, through the real stages but for the media and the engines."""

from __future__ import annotations

from jianlu.core.terms.events import EventType
from jianlu.entry.search_index import enter_searched
from jianlu.judge.judge_case import judge_case
from jianlu.process.record import record_findings
from jianlu.vault.case_log import CaseLog
from jianlu.vault.ports import VaultPorts
from tests.fakes.conversation import Line, said


def end_having_said(log: CaseLog, *lines: Line | tuple[str, str]) -> None:
    """The case of `log` is over: recorded, inspected, judged and closed."""
    session = said(*lines)
    log.append(EventType.SESSION_ENDED, {"reason": "completed", "by": "agent", "at_ms": session.duration_ms})
    log.append(EventType.RECORDING_ENDED, {"segments": 1, "duration_ms": session.duration_ms, "media_bytes": 1})
    record_findings(log, [session.speech])
    judge_case(log)
    log.append(EventType.CASE_CLOSED, {"events": log.next_n + 1})


def end_and_enter(log: CaseLog, vault: VaultPorts, *lines: Line | tuple[str, str]) -> None:
    """As `end_having_said`, and entered into the search index as the worker does it."""
    end_having_said(log, *lines)
    enter_searched(log, vault)
