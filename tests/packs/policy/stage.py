"""Stages a pack's situation as a case: plan, ledger events and findings, as if engines had heard and seen it exactly.

Speech is spelled by the same wording as transcripts, faces and levels are given as the situation says. The rules that judge it
are the real ones of `core`; nothing here decides a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.keeping import OPEN
from jianlu.core.formats.plan import Language, Plan
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Coverage, Engine, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.ids import CaseRef, TenantId
from jianlu.core.verdicts.clauses import judge
from jianlu.govern.policy.freeze import freeze_plan
from jianlu.govern.policy.model import Pack
from jianlu.govern.policy.situations import ABSENT, Situation
from jianlu.govern.wording.tokens import tokens_of

TOKEN_MS = 200
PAUSE_MS = 900
COMMA_MS = 350
SEGMENT_MS = 2000
LENGTH_MS_MIN = 60_000
ENGINE = Engine("stage", "1", "")
TENANT, CASE = TenantId("stage"), CaseRef("c" + "a" * 26)


def verdicts_of(situation: Situation, pack: Pack, languages: dict[str, Language]) -> dict[str, str]:
    """The verdict of every clause of the pack in the situation; `absent` for a clause that the plan does not judge."""
    try:
        plan = freeze_plan(situation.case.facts, [pack], languages)
    except InvalidError as error:
        if "no rule pack applies" not in str(error):
            raise
        return {clause.id: ABSENT for clause in pack.clauses}
    judged = judge(plan, events_of(situation, plan), inspections_of(situation, plan))
    found = {clause.clause: clause.verdict.value for clause in judged}
    return {clause.id: found.get(clause.id, ABSENT) for clause in pack.clauses}


def utterances_of(situation: Situation, lang: str) -> tuple[Finding, ...]:
    """The lines as utterances one after the other, with the short pauses of their punctuation."""
    found: list[Finding] = []
    now = 1000
    for line in situation.lines:
        start, end = now, now
        tokens: list[list[object]] = []
        for clause in _clauses(line.text):
            for token in _spelled(clause, lang):
                end = now + TOKEN_MS
                tokens.append([token, now, end, 1000])
                now = end
            now += COMMA_MS
        value = {"lang": lang, "text": line.text, "tokens": tokens}
        found.append(Finding(f"u{len(found) + 1}", FindingKind.UTTERANCE, line.track, start, end, 1000, 0, ENGINE, value))
        now = end + PAUSE_MS
    return tuple(found)


@lru_cache(maxsize=4096)
def _spelled(clause: str, lang: str) -> tuple[str, ...]:
    return tuple(tokens_of(clause, lang))


def _clauses(text: str) -> Iterable[str]:
    for mark in "，。？！；":
        text = text.replace(mark, ",")
    return (clause for clause in text.split(",") if clause.strip())


def duration_ms_of(situation: Situation, lang: str) -> int:
    """The session's length in ms: whole segments around everything that is said, at least a minute."""
    end = max((utterance.to_ms for utterance in utterances_of(situation, lang)), default=0)
    return -(-max(end + PAUSE_MS, LENGTH_MS_MIN) // SEGMENT_MS) * SEGMENT_MS


def inspections_of(situation: Situation, plan: Plan) -> list[Inspection]:
    """Every inspector's result; those that the situation calls absent did not run."""
    lang = str(plan.facts["session"]["language"])
    length = duration_ms_of(situation, lang)
    audio = [track.id for track in plan.tracks if track.kind == "audio"]
    speech = _ran(Inspector.SPEECH, audio, length, utterances_of(situation, lang))
    found = {
        Inspector.SPEECH: speech,
        Inspector.PHRASES: spot(plan, speech),
        Inspector.FACES: _ran(Inspector.FACES, ["picture"], length, _faces(situation, length)),
        Inspector.PICTURE: _ran(Inspector.PICTURE, ["picture"], length, _picture(situation)),
        Inspector.SOUND: _ran(Inspector.SOUND, audio, length, _sound(situation, audio, length)),
        Inspector.SYNC: _ran(Inspector.SYNC, audio, length, _sync(situation, audio, length)),
    }
    for inspector in situation.absent:
        found[inspector] = Inspection(inspector, Status.ABSENT, "no_engine", Engine("", "", ""), (), ())
    return list(found.values())


def _ran(inspector: Inspector, tracks: Sequence[str], length: int, findings: Iterable[Finding]) -> Inspection:
    covered = tuple(Coverage(track, 0, length) for track in tracks)
    return Inspection(inspector, Status.RAN, "", ENGINE, covered, tuple(findings))


def _found(kind: FindingKind, track: str, low: int, high: int, value: dict[str, Any]) -> Finding:
    return Finding(f"{kind.value}-{track}-{low}", kind, track, low, high, 1000, 500, ENGINE, value)


def _faces(situation: Situation, length: int) -> Iterable[Finding]:
    faces = situation.scene.faces
    value = {"count": faces, "height_permille": [300] * faces, "brightness": 120, "sharpness": 100}
    return (_found(FindingKind.FACES, "picture", low, low + 1000, value) for low in range(0, length, 1000))


def _picture(situation: Situation) -> Iterable[Finding]:
    scene = situation.scene
    if scene.black_ms:
        yield _found(FindingKind.BLACK, "picture", 8000, 8000 + scene.black_ms, {"luma": 4})
    if scene.frozen_ms:
        yield _found(FindingKind.FROZEN, "picture", 8000, 8000 + scene.frozen_ms, {"frames": scene.frozen_ms // 40})


def _sound(situation: Situation, audio: Sequence[str], length: int) -> Iterable[Finding]:
    level = {"speech_cdb": -2200, "noise_cdb": -5500, "snr_cdb": 3300, "peak_cdb": -600}
    for track in audio:
        yield _found(FindingKind.LEVEL, track, 0, length, level)
    scene = situation.scene
    if scene.dead_ms:
        yield _found(FindingKind.DEAD, scene.dead_track, 8000, 8000 + scene.dead_ms, {"level_cdb": -9000})


def _sync(situation: Situation, audio: Sequence[str], length: int) -> Iterable[Finding]:
    offset = {"offset_ms": situation.scene.offset_ms}
    return (_found(FindingKind.OFFSET, track, at, at + 120, offset) for track in audio for at in (600, length - 720))


def events_of(situation: Situation, plan: Plan) -> list[Event]:
    """The case's chain: recording, segments, a declared gap, attestations, end, retention as the situation says."""
    length = duration_ms_of(situation, str(plan.facts["session"]["language"]))
    chain = _Chain()
    chain.add(EventType.RECORDING_STARTED, {"tracks": [[track.id, track.kind, "codec"] for track in plan.tracks]})
    gap_ms, low = situation.scene.gap_ms, 0
    gap_at = length // 2 // SEGMENT_MS * SEGMENT_MS if gap_ms else length
    segments = 0
    while low < length:
        if low == gap_at:
            chain.add(EventType.GAP_DECLARED, {"from_ms": low, "to_ms": low + gap_ms, "reason": "source_cut", "side": "source"})
            low += gap_ms
        segments += 1
        high = min(low + SEGMENT_MS, length)
        sealed = _part(situation, plan, f"seg-{segments:06d}", "recording")
        chain.add(EventType.SEGMENT_SEALED, {"no": segments, "from_ms": low, "to_ms": high, **sealed})
        low = high
    for template in plan.facts["session"].get("biometrics", ()):
        chain.add(EventType.FINDINGS_RECORDED, _part(situation, plan, f"template-{template}", "biometric"))
    for clause in situation.attested:
        key = f"{situation_pack(plan, clause)}:{clause}"
        chain.add(EventType.ATTESTATION_RECORDED, {"clause": key, "by": _attester(plan, key), "from_ms": 1000, "to_ms": 5000})
    chain.add(EventType.RECORDING_ENDED, {"segments": segments, "duration_ms": length, "media_bytes": 1})
    for retention in plan.retention if situation.kept != "unset" else ():
        until = _earlier(retention.until) if situation.kept == "shortened" else retention.until
        chain.add(EventType.RETENTION_SET, {"part": retention.part, "until": until, "clause": retention.clause})
    return chain.events


def _part(situation: Situation, plan: Plan, name: str, kind: str) -> dict[str, Any]:
    """What the event says of the sealed object, as the situation has it; nothing where the plan says nothing of its kind."""
    said = next((each for each in plan.handling if each.object == kind), None)
    if said is None:
        return {}
    part = {"object": name, "version": 1, "sealed": "5" * 64}
    if situation.sealed == "unlabelled":
        return part
    level = said.level - 1 if situation.sealed == "below" else said.level
    inside = said.places[0] if said.places else "CN"
    place = {"abroad": "SG", "undeclared": ""}.get(situation.sealed, inside)
    return {**part, "class": said.category, "level": level, "reason": said.clause, "place": place}


def situation_pack(plan: Plan, clause: str) -> str:
    """The pack of the plan's clause, or its only pack for a clause that the plan does not have."""
    return next((entry.pack for entry in plan.clauses if entry.clause == clause), plan.packs[0].id)


def _attester(plan: Plan, clause: str) -> str:
    """The first role from which the clause takes an attestation; the agent where it takes none."""
    asked = (
        entry.params["by"] for entry in plan.obligations if entry.clause_key == clause and entry.kind == "require_attestation"
    )
    return str(next(asked, ["agent"])[0])


def _earlier(until: str) -> str:
    """A year before the date; an open term is cut to the first day of 2027."""
    if until == OPEN:
        return "2027-01-01"
    day = date.fromisoformat(until)
    return day.replace(year=day.year - 1).isoformat()


class _Chain:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, type: EventType, body: dict[str, Any]) -> None:
        prev = self.events[-1].digest if self.events else FIRST_PREV
        at = "2026-11-20T02:00:00.000Z"
        self.events.append(make_event(type, tenant=TENANT, case=CASE, n=len(self.events), prev=prev, at=at, body=body))
