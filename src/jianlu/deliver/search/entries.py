"""What search knows of a case, read out of its sealed evidence: plan, particulars, speech, verdicts and events.

The vault is the truth: an entry made again is the same entry. One thing no event tells: which account leads a case that somebody else
made; whoever keeps the work lists knows it and may say so (`led_by`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.event import Event
from jianlu.core.formats.findings import parse_findings
from jianlu.core.formats.plan import parse_plan
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Inspector
from jianlu.deliver.search.model import Entry, Line
from jianlu.govern.script_texts import facts_in
from jianlu.vault.case_log import CaseLog

PRODUCT_FACTS = ("product.name", "product.kind")
"""What a product is called in the facts of a plan: the first of these that is there."""

SEARCHED = frozenset({"transcript", "findings"})
"""The parts of a case that its entry is made of: when one of them ends before the case does, the case is found by its lists alone."""

SHOWN = ("number", "title", "scene", "language")
"""Of the particulars, what a result shows; people are shown masked by whoever draws the page."""


def read_entry(log: CaseLog, *, led_by: str = "") -> Entry | None:
    """The entry of the case of `log`; None while it is not judged, was abandoned, or its keys, or a part that it is made of, are destroyed.

    IntegrityError when what is opened is not what the ledger committed to.
    """
    if log.is_shredded or not any(event.type is EventType.VERDICTS_JUDGED for event in log.events) or log.ended & SEARCHED:
        return None
    facts = facts_in(parse_plan(log.open_object("plan")))
    told = _particulars(log)
    people = told.get("people", {})
    spoken = _speech(log)
    return Entry(
        case=str(log.case),
        began_at=_began_at(log),
        agent=led_by or str(told.get("created_by", "")),
        created_by=str(told.get("created_by", "")),
        product=next((str(facts[name])[:64] for name in PRODUCT_FACTS if name in facts), ""),
        scene=str(told.get("scene", "")),
        language=str(told.get("language", facts.get("session.language", ""))),
        card={**{name: told[name] for name in SHOWN if name in told}, "people": people},
        people=tuple((str(each["name"]), str(each["phone"])) for seat, each in sorted(people.items()) if seat != "agent"),
        verdicts=tuple(
            (f"{each.pack}:{each.clause}", each.verdict.value) for each in parse_verdicts(log.open_object("verdicts"))
        ),
        lines=spoken[0],
        passages=spoken[1],
    )


def _speech(log: CaseLog) -> tuple[tuple[Line, ...], Any]:
    for event in log.events:
        if event.type is EventType.FINDINGS_RECORDED and event.body["inspector"] == Inspector.SPEECH.value:
            utterances = utterances_of(parse_findings(log.open_object(event.body["object"])))
            lines = (Line(u.track, str(u.value["lang"]), u.from_ms, u.to_ms, str(u.value["text"])) for u in utterances)
            return tuple(lines), passages_of(utterances)
    return (), ()


def _particulars(log: CaseLog) -> Mapping[str, Any]:
    """Who and what the case is about; empty for an uploaded file, which has none."""
    frozen = any(event.type is EventType.SCRIPT_FROZEN for event in log.events)
    told = parse_canonical(log.open_object("particulars")) if frozen else {}
    return told if isinstance(told, dict) else {}


def _began_at(log: CaseLog) -> str:
    started: Event | None = next((event for event in log.events if event.type is EventType.RECORDING_STARTED), None)
    return (started or log.events[0]).at
