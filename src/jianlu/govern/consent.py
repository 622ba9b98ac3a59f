"""Consent: notices with their text's digest, language and version, and what a case's events say was decided. Pure.

A decision stands until the next one about the same purpose by the same person. What follows from it for a session is
`capture/sessions`; the spoken words are judged from the track itself (`core/verdicts/require_consent.py`), never from a click.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.event import Event
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType

PURPOSES = ("recording", "face", "voice", "sharing", "export", "training", "research", "marketing")
"""What a person may agree to, each by itself (PIPL Art. 14, 23, 29); the last five say for what the case may be used afterwards."""

AFTERWARDS = frozenset(PURPOSES[3:])
"""What a case is used for after the talk by consent alone, and so until it is taken back."""

HOW = ("click", "spoken")
MOMENTS = ("door", "step")
"""When a notice is shown: before the session may start, or at the step of the script that lists its purpose."""

ON_REFUSAL = ("end", "go_on")
"""What a refusal does: the talk ends with its record, or goes on without what was refused."""

NOTICE_FORMAT = "jianlu/notice/v1"
DECISIONS: Mapping[EventType, str] = {
    EventType.CONSENT_GIVEN: "given",
    EventType.CONSENT_REFUSED: "refused",
    EventType.CONSENT_WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is told before they decide about `purpose`; texts by language."""

    id: str
    purpose: str
    version: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    moment: str
    on_refusal: str

    def digest(self, lang: str) -> str:
        """SHA-256 of the notice as it is shown in `lang`: id, version, language, title and text."""
        shown = {"id": self.id, "version": self.version, "lang": lang, "title": self.title[lang], "text": self.text[lang]}
        return digest_of(canonical_bytes({"format": NOTICE_FORMAT, "purpose": self.purpose, **shown}))


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided last about a purpose: `state` is given, refused or withdrawn."""

    purpose: str
    by: str
    state: str
    how: str
    at_ms: int


def decision_in(type: EventType, body: Mapping[str, Any]) -> Decision:
    """The decision that the body of a consent event records."""
    return Decision(str(body["purpose"]), str(body["by"]), DECISIONS[type], str(body["how"]), int(body["at_ms"]))


def decisions_in(events: Iterable[Event]) -> dict[tuple[str, str], Decision]:
    """The decision in force of each purpose and seat, by the case's events; empty for a case without consent events."""
    made = [decision_in(event.type, event.body) for event in events if event.type in DECISIONS]
    return {(decision.purpose, decision.by): decision for decision in made}


def consented(events: Iterable[Event], withdrawn: Collection[str] = ()) -> tuple[str, ...]:
    """The purposes for which the decisions in force are all `given`, sorted: one no of several people is enough.

    So is one who took it back after the talk: `withdrawn` are those purposes.
    """
    states: dict[str, set[str]] = {}
    for decision in decisions_in(events).values():
        states.setdefault(decision.purpose, set()).add(decision.state)
    return tuple(sorted(purpose for purpose, said in states.items() if said == {"given"} and purpose not in withdrawn))
