"""What was last seen and heard of a talk, for as long as it tells how things are: what can still be put right.

A picture or a look that is older than that prompts nobody. Pure; the instants are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from jianlu.core.formats.plan import Plan
from jianlu.core.terms.findings import Finding
from jianlu.judge.live_look import picture_prompts

SHOWN_MS = 25_000
"""So long a picture tells how its camera is: two key frames, which come every ten seconds, and their segment."""

HEARD_MS = 30_000
"""So long a look tells how a voice is: a busy machine looks at little else than finished steps."""

Prompts = list[tuple[str, str]]


@dataclass(slots=True)
class Impressions:
    """The newest picture of each camera, and what the last look said of the voices, each with its instant (monotonic ms)."""

    _shown: dict[str, tuple[int, Finding]] = field(default_factory=dict)
    _heard: tuple[int, Prompts] = (0, [])

    def saw(self, looks: Iterable[Finding], now_ms: int) -> None:
        """Remember the faces in the newest picture of each camera."""
        self._shown.update({look.track: (now_ms, look) for look in looks})

    def heard(self, wrong: Prompts, now_ms: int) -> None:
        """Remember what was wrong with the voices at the last look."""
        self._heard = (now_ms, wrong)

    def prompts(self, plan: Plan, now_ms: int, *, is_looking: bool) -> Prompts:
        """What is still wrong; nothing of pictures where nobody may look at them (any more)."""
        fresh = [look for at_ms, look in list(self._shown.values()) if now_ms - at_ms <= SHOWN_MS]
        heard_ms, voices = self._heard
        return [*(picture_prompts(plan, fresh) if is_looking else []), *(voices if now_ms - heard_ms <= HEARD_MS else [])]
