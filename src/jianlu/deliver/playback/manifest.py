"""The manifest of a playback: one time line with media, gaps, transcript, findings, clauses, events and steps of a case.

JSON values for the player; the player decides nothing. While a session is live it tells what is sealed so far. The words of verdicts
and events are those of the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jianlu.core.formats.event import Event
from jianlu.core.formats.findings import parse_findings
from jianlu.core.formats.plan import Plan, parse_plan
from jianlu.core.formats.script import Script
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Finding, FindingKind, Inspector
from jianlu.core.terms.verdicts import ClauseVerdict, Reason
from jianlu.core.verdicts.reasons import reason_text
from jianlu.deliver.plans.sentences import sentence, speaker
from jianlu.deliver.playback.key_frames import key_frames_in
from jianlu.deliver.playback.media import segment_events
from jianlu.deliver.playback.roles import RoleMedia, is_share, role_of, roles_of, shared_in
from jianlu.deliver.reports.course import act_text, acts_of, code_word, message_texts, sealed_script, step_title
from jianlu.deliver.reports.model import LANGS
from jianlu.deliver.reports.words import words
from jianlu.vault.case_log import CaseLog

FINDINGS_SHOWN = frozenset(
    {FindingKind.PHRASE, FindingKind.BLACK, FindingKind.FROZEN, FindingKind.DEAD, FindingKind.OFFSET, FindingKind.DRIFT}
)
"""What stands on the time line; voices and faces second by second are in the findings documents."""

ENTRIES_MAX = 20_000
"""Of each list: hours of talk; beyond it the documents of the package are the better place to look."""


def playback_manifest(log: CaseLog, *, address: str, text: str = "") -> dict[str, Any]:
    """The manifest of `log`'s case; addresses of media begin with `address`. With `text`, only transcript lines that hold it.

    Raises NotFoundError when nothing was recorded.
    """
    plan, script, texts = parse_plan(log.open_object("plan")), sealed_script(log), message_texts(log)
    ended = next((event for event in log.events if event.type is EventType.RECORDING_ENDED), None)
    segments = segment_events(log.events)
    duration_ms = ended.body["duration_ms"] if ended else max((event.body["to_ms"] for event in segments), default=0)
    roles = [role for role in roles_of(log) if not is_share(role.role) or role.role in shared_in(log.events)]
    begins = key_frames_in(log, segments, [role.camera.number for role in roles if role.camera is not None])
    found = _findings(log)
    spoken = [each for each in found if each.kind is FindingKind.UTTERANCE]
    return {
        "duration_ms": duration_ms,
        "is_live": ended is None,
        "roles": [_role(role, segments, begins, plan, address) for role in roles],
        "gaps": [gap_part(event.body, plan) for event in log.events if event.type is EventType.GAP_DECLARED],
        "transcript": [_line(each) for each in sorted(spoken, key=_order) if text.lower() in str(each.value["text"]).lower()],
        "findings": [_shown(each, plan) for each in sorted(found, key=_order) if each.kind in FINDINGS_SHOWN][:ENTRIES_MAX],
        "clauses": [clause_part(each, plan) for each in sealed_verdicts(log)],
        "events": events_part(log, plan, script, texts),
        "steps": _steps(log, script),
        "messages": [
            {"by": event.body["by"], "at_ms": event.body["at_ms"], "text": texts[event.body["object"]]}
            for event in log.events
            if event.type is EventType.MESSAGE_RECORDED
        ],
    }


def _role(
    role: RoleMedia, segments: Sequence[Event], begins: Sequence[frozenset[int]], plan: Plan, address: str
) -> dict[str, Any]:
    camera = role.camera
    return {
        "role": role.role,
        "label": _both(lambda lang: speaker(plan, role.role, lang)),
        "mime": role.mime,
        "has_picture": camera is not None,
        "init": f"{address}/{role.role}/init.mp4",
        "segments": [
            {
                "no": event.body["no"],
                "from_ms": event.body["from_ms"],
                "to_ms": event.body["to_ms"],
                "has_key_frame": camera is None or camera.number in begun,
                "url": f"{address}/{role.role}/{event.body['no']}.m4s",
            }
            for event, begun in zip(segments, begins, strict=True)
        ],
    }


def gap_part(body: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """A declared gap in words."""
    side, reason = str(body["side"]), str(body["reason"])
    label = _both(lambda lang: f"{speaker(plan, side, lang)} · {code_word(reason, lang)}")
    return {"from_ms": body["from_ms"], "to_ms": body["to_ms"], "side": side, "reason": reason, "label": label}


def _findings(log: CaseLog) -> list[Finding]:
    recorded = [event for event in log.events if event.type is EventType.FINDINGS_RECORDED]
    wanted = {Inspector.SPEECH, Inspector.PHRASES, Inspector.PICTURE, Inspector.SOUND, Inspector.SYNC}
    return [
        finding
        for event in recorded
        if Inspector(event.body["inspector"]) in wanted
        for finding in parse_findings(log.open_object(event.body["object"])).findings
    ]


def _order(finding: Finding) -> tuple[int, int, str]:
    return finding.from_ms, finding.to_ms, finding.track


def _line(finding: Finding) -> dict[str, Any]:
    return {
        "role": role_of(finding.track),
        "from_ms": finding.from_ms,
        "to_ms": finding.to_ms,
        "text": str(finding.value["text"]),
    }


def _shown(finding: Finding, plan: Plan) -> dict[str, Any]:
    label = _both(lambda lang: _label(finding, plan, lang))
    return {
        "kind": finding.kind.value,
        "track": finding.track,
        "from_ms": finding.from_ms,
        "to_ms": finding.to_ms,
        "label": label,
        "score": finding.score,
    }


def _label(finding: Finding, plan: Plan, lang: str) -> str:
    value = finding.value
    if finding.kind is FindingKind.PHRASE:
        says = next((phrase.says for phrase in plan.phrases if phrase.id == value.get("phrase")), str(value.get("phrase")))
        return words("f_phrase_negated" if value.get("negated") else "f_phrase", lang, says=says)
    amount = value.get("offset_ms", value.get("drift_ms", ""))
    return words(f"f_{finding.kind.value}", lang, track=speaker(plan, finding.track, lang), amount=amount)


def sealed_verdicts(log: CaseLog) -> Sequence[ClauseVerdict]:
    """The verdicts of a judged case; none of one that is not judged."""
    is_judged = any(event.type is EventType.VERDICTS_JUDGED for event in log.events)
    return parse_verdicts(log.open_object("verdicts")) if is_judged else ()


def clause_part(clause: ClauseVerdict, plan: Plan) -> dict[str, Any]:
    """A clause with its verdict, why, and where the evidence is."""
    key = f"{clause.pack}:{clause.clause}"
    stated = plan.clause_of(key)
    evidence = {(each.track, each.from_ms, each.to_ms): None for each in clause.evidence}
    return {
        "key": key,
        "citation": stated.citation,
        "title": dict(stated.title),
        "verdict": clause.verdict.value,
        "reasons": [_reason(reason, plan) for reason in clause.reasons],
        "evidence": [{"track": track, "from_ms": low, "to_ms": high} for track, low, high in evidence],
    }


def _reason(reason: Reason, plan: Plan) -> dict[str, Any]:
    says = {phrase.id: phrase.says for phrase in plan.phrases}
    steps = {str(o.params["step"]): o for o in plan.obligations if "step" in o.params}

    def name_of(about: str, lang: str) -> str:
        return says.get(about) or (sentence(plan, steps[about], lang) if about in steps else about)

    text = _both(lambda lang: reason_text(reason, lang, name_of=lambda about: name_of(about, lang)))
    return {"text": text, "track": reason.track, "from_ms": reason.from_ms, "to_ms": reason.to_ms}


def events_part(log: CaseLog, plan: Plan, script: Script | None, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "type": act.event.type.value,
            "at_ms": act.from_ms,
            "at": act.event.at,
            "text": _both(lambda lang, act=act: act_text(act, plan, script, lang, texts)),
        }
        for act in acts_of(log.events)[:ENTRIES_MAX]
    ]


def _steps(log: CaseLog, script: Script | None) -> list[dict[str, Any]]:
    return [
        {
            "id": event.body["step"],
            "no": event.body["no"],
            "title": _both(lambda lang, step=event.body["step"]: step_title(step, script, lang)),
            "attempt": event.body["attempt"],
            "from_ms": event.body["from_ms"],
            "to_ms": event.body["to_ms"],
        }
        for event in log.events
        if event.type is EventType.STEP_COMPLETED
    ]


def _both(text: Any) -> dict[str, str]:
    return {lang: text(lang) for lang in LANGS}
