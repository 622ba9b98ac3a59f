"""One case as the rules see it: plan, events and inspections, with coverage and findings by kind at hand.

Malformed values of findings and event bodies count as absent; only a malformed plan raises. No rule here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.event import Event
from jianlu.core.formats.plan import Obligation, Phrase, Plan
from jianlu.core.phrases.lexicon import reply_lexicon
from jianlu.core.phrases.model import Heard, Passage
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.phrases.replies import Reply, replies_in
from jianlu.core.terms.events import EventType
from jianlu.core.terms.findings import Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.verdicts import Reason
from jianlu.core.verdicts.outcomes import SESSION, reason
from jianlu.core.verdicts.ranges import outside, total_ms, within
from jianlu.core.verdicts.reasons import ReasonCode

COVERED_PERMILLE_MIN = 990
"""Share of the session that an inspector must have examined: the rest is rounding at the ends of a track, not a stretch of talk."""


class CaseView:
    """Read-only answers about one case; remembers what it has sorted."""

    def __init__(self, plan: Plan, events: Sequence[Event], inspections: Sequence[Inspection]) -> None:
        self.plan = plan
        self._events = tuple(events)
        self._inspections = tuple(inspections)
        self._tracks = {track.id for track in plan.tracks}
        self._phrases = {phrase.id: phrase for phrase in plan.phrases}
        self._found: dict[tuple[Inspector, FindingKind], dict[str, list[Finding]]] = {}
        self._hits: dict[tuple[str, str, bool], list[Finding]] | None = None

    # --- events ---------------------------------------------------------------------------------------------------

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event of the case, in order."""
        return self._events

    def events_of(self, type: EventType) -> list[Event]:
        """Events of one kind, in the case's order."""
        return [event for event in self._events if event.type is type]

    @cached_property
    def duration_ms(self) -> int | None:
        """Length of the session as the end of its recording says; None without exactly one end that states it."""
        ended = self.events_of(EventType.RECORDING_ENDED)
        stated = whole_in(ended[0].body, "duration_ms") if len(ended) == 1 else None
        return stated if stated is not None and stated > 0 else None

    # --- inspections ----------------------------------------------------------------------------------------------

    def ran(self, inspector: Inspector) -> Inspection | None:
        """The one inspection by `inspector` that ran; None when it is absent, failed, doubled or cannot be read."""
        found = [inspection for inspection in self._inspections if inspection.inspector is inspector]
        if len(found) != 1 or found[0].status is not Status.RAN or (inspector is Inspector.SPEECH and self._passages is None):
            return None
        return found[0]

    def lacking(self, *needs: tuple[Inspector, str]) -> list[Reason]:
        """Why the session was not wholly examined by these inspectors on these tracks; [] when it was (99 % counts as wholly).

        A track that the plan does not have is covered by nobody: a plan for separate voices evidences nothing on a mixed one.
        """
        if self.duration_ms is None:
            return [reason(ReasonCode.NOT_ENDED, SESSION, 0, 0)]
        reasons: list[Reason] = []
        for inspector, track in dict.fromkeys(needs):
            inspection = self.ran(inspector)
            if inspection is None:
                reasons.append(reason(self._why_not_run(inspector), track, 0, self.duration_ms, inspector.value))
                continue
            whole = (0, self.duration_ms)
            covered = [(c.from_ms, c.to_ms) for c in inspection.covered if c.track == track and track in self._tracks]
            if total_ms(within(covered, whole)) * 1000 < self.duration_ms * COVERED_PERMILLE_MIN:
                hole = max(outside(covered, whole), key=lambda r: r[1] - r[0])
                reasons.append(reason(ReasonCode.NOT_COVERED, track, *hole, inspector.value))
        return list(dict.fromkeys(reasons))

    def _why_not_run(self, inspector: Inspector) -> ReasonCode:
        found = [inspection for inspection in self._inspections if inspection.inspector is inspector]
        if any(inspection.status is not Status.ABSENT for inspection in found):
            return ReasonCode.ENGINE_FAILED
        is_withheld = any(inspection.reason.startswith("consent_") for inspection in found)
        return ReasonCode.CONSENT_WITHHELD if is_withheld else ReasonCode.ENGINE_ABSENT

    def findings(self, inspector: Inspector, kind: FindingKind, track: str) -> list[Finding]:
        """Findings of one kind on one track by an inspector that ran, in time order; phrases below their threshold are none."""
        by_track = self._found.get((inspector, kind))
        if by_track is None:
            inspection = self.ran(inspector)
            by_track = {}
            for finding in sorted(inspection.findings if inspection else (), key=lambda f: (f.from_ms, f.to_ms, f.id)):
                heard = kind is not FindingKind.PHRASE or finding.score >= finding.threshold
                if finding.kind is kind and heard:
                    by_track.setdefault(finding.track, []).append(finding)
            self._found[inspector, kind] = by_track
        return by_track.get(track, [])

    # --- speech ---------------------------------------------------------------------------------------------------

    @property
    def audio_tracks(self) -> tuple[str, ...]:
        """The plan's audio tracks, in the plan's order."""
        return tuple(track.id for track in self.plan.tracks if track.kind == "audio")

    def phrase(self, obligation: Obligation, id: str) -> Phrase:
        """The plan's phrase `id`; InvalidError, naming the obligation, when the plan has none."""
        if id not in self._phrases:
            raise InvalidError(f"the obligation {obligation.id} names the phrase {id}, which the plan does not have: plan again")
        return self._phrases[id]

    def hits(self, phrase: str, track: str, *, negated: bool = False) -> list[Finding]:
        """Where `phrase` was heard on `track`, said as it is or (`negated`) as its opposite, in time order."""
        if self._hits is None:
            self._hits = {}
            for name in self.audio_tracks:
                for finding in self.findings(Inspector.PHRASES, FindingKind.PHRASE, name):
                    heard = finding.value.get("phrase")
                    if isinstance(heard, str):
                        is_negated = finding.value.get("negated") is not False
                        self._hits.setdefault((heard, name, is_negated), []).append(finding)
        return self._hits.get((phrase, track, negated), [])

    def words_between(self, track: str, low: int, high: int) -> list[Heard]:
        """What was heard on `track` of words that begin in [low, high), in time order; [] when speech cannot be read."""
        words = self._words.get(track, [])
        return words[bisect_left(words, low, key=_begin) : bisect_left(words, high, key=_begin)]

    def replies_between(self, track: str, low: int, high: int) -> list[Reply]:
        """The stances taken on `track` by words that begin in [low, high), in time order."""
        replies = self._replies.get(track, [])
        return replies[bisect_left(replies, low, key=_begin) : bisect_left(replies, high, key=_begin)]

    @cached_property
    def _passages(self) -> tuple[Passage, ...] | None:
        speech = [i for i in self._inspections if i.inspector is Inspector.SPEECH and i.status is Status.RAN]
        try:
            return passages_of(utterances_of(speech[0])) if len(speech) == 1 else None
        except InvalidError:
            return None

    @cached_property
    def _words(self) -> dict[str, list[Heard]]:
        found: dict[str, list[Heard]] = {}
        for passage in self._passages or ():
            found.setdefault(passage.track, []).extend(passage.heard)
        return {track: sorted(words, key=_begin) for track, words in found.items()}

    @cached_property
    def _replies(self) -> dict[str, list[Reply]]:
        lexicons = {language.lang: reply_lexicon(language) for language in self.plan.languages}
        found: dict[str, list[Reply]] = {}
        for passage in self._passages or ():
            if passage.lang in lexicons:
                found.setdefault(passage.track, []).extend(replies_in(passage, lexicons[passage.lang]))
        return {track: sorted(replies, key=lambda r: (r.from_ms, r.to_ms)) for track, replies in found.items()}


def _begin(found: Reply | Heard) -> int:
    return found.from_ms


def whole_in(body: Any, name: str) -> int | None:
    """The non-negative whole number `name` of a body or value; None when it is absent or something else."""
    value = body.get(name) if hasattr(body, "get") else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def number_in(body: Any, name: str) -> int | None:
    """The whole number `name`, of either sign; None when it is absent or something else."""
    value = body.get(name) if hasattr(body, "get") else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
