"""Routing: which waiting customer an agent takes next, by licence, language and skill. Pure.

Whoever waits longest goes first, the elderly before others who came later than a while; nobody goes to an agent who may not serve them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jianlu.govern.identity.model import Account

HEAD_START = timedelta(minutes=5)
"""How much earlier a customer of priority counts as having come: enough to be noticed, too little to starve the others."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the queue, and what an agent must have for them: a language, a licence ("" for none) and skills."""

    ticket: str
    language: str
    licence: str
    skills: tuple[str, ...]
    priority: int
    entered_at: datetime


def can_serve(agent: Account, waiting: Waiting) -> bool:
    """Whether the agent speaks the language and has the licence and every skill."""
    return (
        waiting.language in agent.languages
        and (not waiting.licence or waiting.licence in agent.licences)
        and set(waiting.skills) <= set(agent.skills)
    )


def in_turn(queue: Iterable[Waiting]) -> list[Waiting]:
    """The queue in the order in which it is served."""
    return sorted(queue, key=lambda each: (each.entered_at - HEAD_START * each.priority, each.ticket))


def next_for(agent: Account, queue: Iterable[Waiting]) -> Waiting | None:
    """Whom the agent takes next; None when nobody waits whom they may serve."""
    return next((each for each in in_turn(queue) if can_serve(agent, each)), None)
