"""A spoken session as an ideal recogniser would write it down: utterances with token times, events of a recording, small plans.

Builders for tests of phrases and verdicts. Times are exact and round, so that a test can say where something must be found.
Nothing here judges or matches.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.plan import Language, Obligation, Phrase, Plan, PlanClause, Retention, Track
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Coverage, Engine, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.wording.tokens import tokens_of

LANGUAGES = Path(__file__).resolve().parents[2] / "packs" / "_language"
ENGINE = Engine("test.recogniser", "1", "")
TOKEN_MS = 200
PAUSE_MS = 500
TENANT = tenant_id("jianan-bank")
CASE = case_ref("c" + "a" * 26)


@dataclass(frozen=True, slots=True)
class Line:
    """What one party says: track, words as written by the recogniser, silence before it, and when it begins if not in turn."""

    track: str
    text: str
    pause_ms: int = PAUSE_MS
    lang: str = "zh"
    at_ms: int | None = None


@lru_cache(maxsize=4)
def language(lang: str) -> Language:
    """The language as the packs describe it."""
    described = tomllib.loads((LANGUAGES / f"{lang}.toml").read_text(encoding="utf-8"))

    def compiled(name: str) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(tokens_of(text, lang)) for text in described[name])

    return Language(
        lang=lang,
        negations=compiled("negations"),
        negation_window=described["negation_window"],
        neutral=compiled("neutral"),
        affirmations=compiled("affirmations"),
        refusals=compiled("refusals"),
        question_tails=compiled("question_tails"),
        near=tuple((one, other) for one, other in described["near"]),
    )


def phrase(id: str, *variants: str, threshold: int = 800, unless: Sequence[str] = (), lang: str = "zh") -> Phrase:
    """A phrase of a plan; its first variant is what it says."""
    return Phrase(
        id=id,
        lang=lang,
        says=variants[0],
        variants=tuple(tuple(tokens_of(text, lang)) for text in variants),
        threshold=threshold,
        unless=tuple(tuple(tokens_of(text, lang)) for text in unless),
    )


def clause(name: str, *, pack: str = "test", status: str = "automated") -> PlanClause:
    """A clause without a law behind it."""
    return PlanClause(
        pack=pack,
        clause=name,
        citation="",
        title={"zh": name, "en": name},
        source="",
        effective_from="2017-11-01",
        effective_to="",
        confidence="unverified",
        mark="V",
        status=status,
        note={},
    )


def obligation(name: str, kind: str, params: Mapping[str, Any], *, pack: str = "test", of: str = "") -> Obligation:
    """An obligation of the clause `of`, or of a clause named like it."""
    return Obligation(name, pack, of or name, kind, params)


def plan_of(
    obligations: Sequence[Obligation] = (),
    phrases: Sequence[Phrase] = (),
    *,
    retention: Sequence[Retention] = (),
    attested: Sequence[str] = (),
) -> Plan:
    """A plan with one clause per clause name, a picture and the tracks of agent and customer."""
    names = dict.fromkeys((o.pack, o.clause) for o in obligations)
    return Plan(
        facts={},
        tracks=(Track("picture", "video", 0), Track("agent", "audio", 0), Track("customer", "audio", 1)),
        packs=(),
        clauses=tuple(clause(name, pack=pack, status="attested" if name in attested else "automated") for pack, name in names),
        phrases=tuple(phrases),
        languages=(language("zh"), language("en")),
        obligations=tuple(obligations),
        retention=tuple(retention),
        conflicts=(),
    )


@dataclass(frozen=True, slots=True)
class Session:
    """A spoken session: what was recognised, when each line was said, and how long it all took."""

    speech: Inspection
    times: tuple[tuple[int, int], ...]
    duration_ms: int

    def inspections(self, plan: Plan) -> tuple[Inspection, Inspection]:
        """The speech and the plan's phrases in it."""
        return self.speech, spot(plan, self.speech)


def said(*lines: Line | tuple[str, str], tail_ms: int = 1000) -> Session:
    """The lines one after the other, every token `TOKEN_MS` long, each line one utterance; both tracks wholly covered."""
    utterances: list[Finding] = []
    times: list[tuple[int, int]] = []
    at_ms = 0
    for number, line in enumerate(entry if isinstance(entry, Line) else Line(*entry) for entry in lines):
        start = at_ms + line.pause_ms if line.at_ms is None else line.at_ms
        tokens = tokens_of(line.text, line.lang)
        end = start + TOKEN_MS * len(tokens)
        dated = [[token, start + TOKEN_MS * n, start + TOKEN_MS * (n + 1), 900] for n, token in enumerate(tokens)]
        value = {"lang": line.lang, "text": line.text, "tokens": dated}
        utterances.append(Finding(f"speech-{number:06d}", FindingKind.UTTERANCE, line.track, start, end, 900, 400, ENGINE, value))
        times.append((start, end))
        at_ms = max(at_ms, end)
    duration_ms = at_ms + tail_ms
    covered = tuple(Coverage(track, 0, duration_ms) for track in ("agent", "customer"))
    speech = Inspection(Inspector.SPEECH, Status.RAN, "", ENGINE, covered, tuple(utterances))
    return Session(speech, tuple(times), duration_ms)


def findings_of(inspector: Inspector, duration_ms: int, tracks: Sequence[str], findings: Sequence[Finding] = ()) -> Inspection:
    """An inspection that ran and covered `tracks` from start to end."""
    return Inspection(inspector, Status.RAN, "", ENGINE, tuple(Coverage(t, 0, duration_ms) for t in tracks), tuple(findings))


def finding(kind: FindingKind, track: str, from_ms: int, to_ms: int, **value: Any) -> Finding:
    """A finding with a value, above every threshold."""
    return Finding(f"{kind.value}-{track}-{from_ms:06d}", kind, track, from_ms, to_ms, 1000, 0, ENGINE, value)


def absent(inspection: Inspection) -> Inspection:
    """The same inspection as if its engine were not installed."""
    return replace(inspection, status=Status.ABSENT, reason="engine_absent", covered=(), findings=())


def events_of(*bodies: tuple[EventType, Mapping[str, Any]]) -> tuple[Event, ...]:
    """A chain of events with these bodies."""
    events: list[Event] = []
    prev = FIRST_PREV
    for n, (kind, body) in enumerate(bodies):
        event = make_event(kind, tenant=TENANT, case=CASE, n=n, prev=prev, at="2026-11-20T09:30:00.000Z", body=body)
        events.append(event)
        prev = event.digest
    return tuple(events)


def recording(duration_ms: int, *more: tuple[EventType, Mapping[str, Any]], segment_ms: int = 2000) -> tuple[Event, ...]:
    """The events of an orderly recording, `more` recorded before its end."""
    edges = [*range(0, duration_ms, segment_ms), duration_ms]
    segments = [
        (EventType.SEGMENT_SEALED, {"no": number, "from_ms": low, "to_ms": high})
        for number, (low, high) in enumerate(itertools.pairwise(edges), 1)
    ]
    ended = {"segments": len(segments), "duration_ms": duration_ms, "media_bytes": 1}
    return events_of(
        (EventType.PLAN_FROZEN, {}), (EventType.RECORDING_STARTED, {}), *segments, *more, (EventType.RECORDING_ENDED, ended)
    )
