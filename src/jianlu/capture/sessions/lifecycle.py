"""The life of a session: which phase follows which, and which seat may do what in which phase. Tables, and the questions asked of them.

`phase_of` reads the phase off the talk: no phase is stored that events do not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jianlu.capture.sessions.model import Act, Phase, Talk

P, A = Phase, Act
BEFORE = frozenset({P.DRAFT, P.WAITING, P.READY})
OPEN = BEFORE | {P.LIVE, P.PAUSED}
OVER = frozenset({P.HALTED, P.REFUSED, P.ENDED, P.SEALED, P.DESTROYED})
END_PHASES: Mapping[str, Phase] = {"completed": P.ENDED, "abandoned": P.ENDED, "refused": P.REFUSED, "halted": P.HALTED}

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    P.DRAFT: frozenset({P.WAITING, P.READY, P.ENDED, P.REFUSED, P.HALTED}),
    P.WAITING: frozenset({P.DRAFT, P.READY, P.ENDED, P.REFUSED, P.HALTED}),
    P.READY: frozenset({P.WAITING, P.LIVE, P.ENDED, P.REFUSED, P.HALTED}),
    P.LIVE: frozenset({P.PAUSED, P.ENDED, P.REFUSED, P.HALTED}),
    P.PAUSED: frozenset({P.LIVE, P.ENDED, P.REFUSED, P.HALTED}),
    P.ENDED: frozenset({P.SEALED}),
    P.REFUSED: frozenset({P.SEALED}),
    P.HALTED: frozenset({P.SEALED}),
    P.SEALED: frozenset({P.DESTROYED}),
    P.DESTROYED: frozenset(),
}
"""A session that is over never comes back; an unready one may fall back while it waits."""

_SEATS = frozenset({"agent", "customer", "supervisor", "guardian", "interpreter", "witness"})
_LEADS = frozenset({"agent"})
_STAFF = frozenset({"agent", "supervisor"})
_DECIDES = frozenset({"customer", "guardian"})
_TALKING = frozenset({P.LIVE, P.PAUSED})

RIGHTS: Mapping[Act, tuple[frozenset[Phase], frozenset[str]]] = {
    A.INVITE: (OPEN, _STAFF),
    A.PREFLIGHT: (OPEN, _SEATS),
    A.CONSENT: (OPEN, _DECIDES | _LEADS),
    A.START: (BEFORE, _LEADS),
    A.START_STEP: (frozenset({P.LIVE}), _LEADS),
    A.COMPLETE_STEP: (frozenset({P.LIVE}), _LEADS),
    A.REDO_STEP: (frozenset({P.LIVE}), _LEADS),
    A.SHOW_DOCUMENT: (frozenset({P.LIVE}), _LEADS),
    A.ANSWER: (frozenset({P.LIVE}), _DECIDES | _LEADS),
    A.DEPOSIT: (frozenset({P.LIVE}), _DECIDES | _LEADS),
    A.ATTEST: (_TALKING, _STAFF | {"guardian"}),
    A.WAIVE_CHECK: (_TALKING, frozenset({"supervisor"})),
    A.MESSAGE: (OPEN, _SEATS),
    A.SUPERVISE: (OPEN, frozenset({"supervisor"})),
    A.ADVISE: (OPEN, frozenset({"supervisor"})),
    A.SHARE: (frozenset({P.LIVE}), _SEATS),
    A.PAUSE: (frozenset({P.LIVE}), _LEADS),
    A.RESUME: (frozenset({P.PAUSED}), _LEADS),
    A.HANDOVER: (OPEN, _STAFF),
    A.REFUSE: (OPEN, _DECIDES | _LEADS),
    A.ABANDON: (OPEN, _STAFF),
    A.END: (frozenset({P.LIVE}), _LEADS),
    A.LEAVE: (OPEN, _SEATS),
}
"""When, and by whose seat. What else an act needs (a template that allows pauses, a share) is checked where it is done."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What keeps a session from starting: a code, and the seat or check that it is about."""

    code: str
    about: str = ""


def phase_of(talk: Talk, *, is_invited: bool, is_ready: bool) -> Phase:
    """The phase of a session: `is_invited` when somebody was asked to join, `is_ready` when nothing keeps it from starting."""
    if talk.is_closed and talk.is_recorded:
        return P.SEALED
    if talk.end_reason:
        return END_PHASES[talk.end_reason]
    if talk.is_live:
        return P.LIVE
    if talk.paused_at_ms is not None:
        return P.PAUSED
    if is_ready or talk.is_recording:
        return P.READY
    return P.WAITING if is_invited or set(talk.seats) - {"agent", "supervisor"} else P.DRAFT


def may(act: Act, seat: str, phase: Phase) -> bool:
    """Whether that seat may do it in that phase."""
    phases, seats = RIGHTS[act]
    return seat in seats and phase in phases


def acts_of(seat: str, phase: Phase) -> tuple[Act, ...]:
    """Everything that the seat may do in the phase."""
    return tuple(act for act in Act if may(act, seat, phase))
