"""Cases to be reported on: the counter sale of 62, planned by the real packs and judged by the real rules, said well or badly.

The plan is solved from the sample's case file; what is heard are the sample's own lines, so the verdicts are real. Times are round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from jianlu.core.formats.plan import Plan
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspection
from jianlu.core.verdicts.clauses import judge
from jianlu.deliver.reports.model import CaseRecord
from jianlu.entry.main_job import solve_plan
from jianlu.entry.sample.recipe import DEFAULT
from jianlu.entry.sample.script import ASSETS, utterances
from jianlu.govern.policy.case_file import read_case_file
from tests.fakes.conversation import Line, Session, absent, recording, said
from tests.fakes.counter_sale import sale_inspections

CREATED_AT = "2026-11-22T10:43:11.123Z"


@cache
def sale_plan() -> Plan:
    """The plan of the sample's case."""
    return solve_plan(read_case_file(ASSETS / "case.toml"))


def lines() -> list[Line]:
    """The lines of the lawful session, each on the track of who says it."""
    return [Line(line.role, utterances()[line.utterance].text) for line in DEFAULT.lines]


def report_of(
    session: Session, plan: Plan, inspections: Sequence[Inspection], *more: tuple[EventType, dict[str, object]]
) -> CaseRecord:
    """What the report is made from, judged by the rules."""
    retained = [(EventType.RETENTION_SET, {"part": r.part, "until": r.until, "clause": r.clause}) for r in plan.retention]
    events = recording(session.duration_ms, *more, *retained)
    return CaseRecord(
        tenant="jianan-bank",
        case=str(events[0].case),
        plan=plan,
        events=events,
        inspections=tuple(inspections),
        clauses=judge(plan, events, inspections),
        created_at=CREATED_AT,
        ledger="test.example/log",
        tree_size=77,
        root="q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
        verifier_digest="ab" * 32,
    )


def sale(*, without: Sequence[str] = (), more_lines: Sequence[Line] = ()) -> CaseRecord:
    """The sale with every engine, without the lines that contain one of `without`, and with `more_lines` at the end."""
    plan = sale_plan()
    session = said(*(line for line in lines() if not any(words in line.text for words in without)), *more_lines)
    return report_of(session, plan, sale_inspections(session, plan))


def deaf_sale() -> CaseRecord:
    """The sale recorded by a home without a speech engine."""
    record = sale()
    inspections = [absent(one) if one.inspector.value in ("speech", "phrases") else one for one in record.inspections]
    return replace(record, inspections=inspections, clauses=judge(record.plan, record.events, inspections))


def empty_case() -> CaseRecord:
    """A plan and nothing else: nothing recorded, nothing inspected."""
    plan = replace(sale_plan(), clauses=(), obligations=(), phrases=(), retention=(), conflicts=(), packs=(), facts={})
    return replace(sale(), plan=plan, events=(), inspections=(), clauses=())
