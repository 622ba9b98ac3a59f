"""The customer's own copy: what was recorded, what they were told and decided, who looked, and when it is destroyed by which clause.

It answers what a person may ask of whoever processes their information (PIPL Art. 44, 45 and 48; GDPR Art. 15), from sealed
documents and events alone. Of the others it names whoever led the session, and it holds no business number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jianlu.capture.cases.model import CaseRow, Scene
from jianlu.core.formats.plan import parse_plan
from jianlu.core.terms.events import EventType
from jianlu.deliver.oversight.case_file import chain_of, consents_in, retention_in
from jianlu.deliver.oversight.disclosures import disclosed_in
from jianlu.deliver.plans.labels import LANGS
from jianlu.deliver.plans.sentences import speaker
from jianlu.deliver.playback.manifest import gap_part
from jianlu.vault.case_log import CaseLog

OWN_SEATS = ("customer", "guardian")
"""Whose information a session is about, and who decides for them: they get a copy."""


def own_copy(
    log: CaseLog, custody: CaseLog, row: CaseRow, scene: Scene | None, looks: Sequence[Mapping[str, Any]], *, made_at: str
) -> dict[str, Any]:
    """The copy of `log`'s case, whose custody chain is `custody`, with `looks` at it; ConflictError when the case was destroyed."""
    plan = parse_plan(log.open_object("plan"))
    started = next((event for event in log.events if event.type is EventType.RECORDING_STARTED), None)
    ended = next((event for event in log.events if event.type is EventType.RECORDING_ENDED), None)
    tracks = [
        {"track": track.id, "kind": track.kind, "title": {lang: speaker(plan, track.id, lang) for lang in LANGS}}
        for track in plan.tracks
    ]
    return {
        "title": row.title,
        "language": row.language,
        "state": row.state,
        "agent": row.agent_display,
        "made_at": made_at,
        "recorded": {
            "from_at": started.at if started is not None else None,
            "to_at": ended.at if ended is not None else None,
            "duration_ms": ended.body["duration_ms"] if ended is not None else None,
            "tracks": tracks if started is not None else [],
            "gaps": [gap_part(event.body, plan) for event in log.events if event.type is EventType.GAP_DECLARED],
        },
        "consents": [each for each in consents_in(log, custody, plan, scene) if each["by"] in OWN_SEATS],
        "told": disclosed_in(log, plan),
        "retention": retention_in(log, plan, custody),
        "access": [dict(look) for look in looks],
        "chain": chain_of(log),
    }
