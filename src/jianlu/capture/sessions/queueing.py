"""The queue of walk-in customers: tickets, whose turn it is, and how a ticket becomes a seat in a case.

A customer holds a token for their ticket; an agent takes the next ticket that they may serve, makes the case, and with it the ticket's
holder is invited. Two agents never take one ticket.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from jianlu.capture.cases.create_case import LANGUAGES
from jianlu.capture.cases.masks import masked
from jianlu.capture.sessions._tables import queue_tickets
from jianlu.capture.sessions.joining import issue
from jianlu.capture.sessions.lifecycle import OPEN
from jianlu.capture.sessions.opening import opened, opened_by_watch, require_seat
from jianlu.capture.sessions.ports import SessionPorts
from jianlu.capture.sessions.recording import phase_now, seats_of
from jianlu.capture.sessions.routing import Waiting, in_turn, next_for
from jianlu.core.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.instants import instant_text, parse_instant
from jianlu.govern.identity.model import Role, Staff
from jianlu.runtime.database import transaction

WAITING, TAKEN, SERVED, LEFT = "waiting", "taken", "served", "left"
QUEUE_MAX = 500
"""Waiting tickets of a tenant: beyond, the queue helps nobody and somebody floods it."""

_NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """Who waits for what: a scene, a language, a name, and the profile in which they are served."""

    scene: str
    language: str
    name: str
    profile: str = "standard"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue; `token` is shown once."""

    ticket: str
    token: str


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A place in the queue as staff see it."""

    ticket: str
    scene: str
    language: str
    profile: str
    licence: str
    skills: tuple[str, ...]
    display: str
    state: str
    priority: int
    entered_at: str
    taken_by: str
    case: str

    @property
    def document(self) -> dict[str, Any]:
        """The ticket for a list."""
        names = ("ticket", "scene", "language", "profile", "display", "state", "entered_at", "case")
        return {name: getattr(self, name) for name in names}


def enter_queue(request: QueueRequest, *, using: SessionPorts) -> Ticket:
    """A place in the queue of a scene; ConflictError when the queue is full."""
    scene = using.scenes.get(request.scene)
    if scene is None or scene.profile_of(request.profile) is None or request.language not in LANGUAGES:
        raise InvalidError("choose a template, a language and a profile from the list")
    if not 1 <= len(request.name.strip()) <= _NAME_MAX or not request.name.isprintable():
        raise InvalidError(f"a name has 1 to {_NAME_MAX} characters")
    ticket, token = secrets.token_hex(8), secrets.token_urlsafe(24)
    with transaction(using.database) as connection:
        if len(_rows(connection, using.tenant, WAITING)) >= QUEUE_MAX:
            raise ConflictError("too many people are waiting: try again later", code="queue_full")
        connection.execute(
            insert(queue_tickets).values(
                ticket=ticket,
                tenant=using.tenant,
                digest=digest_of(token.encode()),
                scene=scene.id,
                language=request.language,
                profile=request.profile,
                licence=scene.licence,
                skills=" ".join(scene.skills),
                display=masked(request.name),
                state=WAITING,
                priority=1 if request.profile == "elderly" else 0,
                entered_at=instant_text(using.clock.now()),
                taken_by="",
                case_ref="",
            )
        )
    return Ticket(ticket, token)


def take_next(*, using: SessionPorts, by: Staff) -> TicketRow | None:
    """The next customer whom the agent may serve, now theirs; the one taken and not yet served comes first. None when nobody waits."""
    _require_agent(by, using)
    with transaction(using.database) as connection:
        mine = [row for row in _rows(connection, using.tenant, TAKEN) if row.taken_by == by.account.id]
        if mine:
            return mine[0]
        waiting = _rows(connection, using.tenant, WAITING)
        chosen = next_for(by.account, [_waiting(row) for row in waiting])
        if chosen is None:
            return None
        values = {"state": TAKEN, "taken_by": by.account.id, "taken_at": instant_text(using.clock.now())}
        fresh = (queue_tickets.c.ticket == chosen.ticket, queue_tickets.c.state == WAITING)
        if connection.execute(update(queue_tickets).where(*fresh).values(**values)).rowcount != 1:
            raise ConflictError("another agent was faster: take the next one", code="ticket_taken")
        return _found(connection, using.tenant, chosen.ticket)


def serve_ticket(ticket: str, case: str, *, using: SessionPorts, by: Staff) -> None:
    """Tie the agent's ticket to the case that they made for it: its holder is now let in."""
    _require_agent(by, using)
    with opened(case, using=using, by=by) as (live, standing):
        require_seat(standing, "agent")
        if phase_now(live) not in OPEN or "customer" not in seats_of(live):
            raise ConflictError("this session is over: make a new case for the ticket", code="session_over")
    with transaction(using.database) as connection:
        row = _found(connection, using.tenant, ticket)
        if row.taken_by != by.account.id:
            raise DeniedError("this ticket is another agent's: take your own", code="ticket_taken")
        if row.state == SERVED and row.case == case:
            return
        if row.state != TAKEN:
            raise ConflictError("this ticket was served, or its holder left: take the next one", code="ticket_taken")
        mine = queue_tickets.c.ticket == ticket
        connection.execute(update(queue_tickets).where(mine).values(state=SERVED, case_ref=case))


def ticket_status(token: str, *, using: SessionPorts) -> dict[str, Any]:
    """How it stands with a ticket: `{state, ahead, case}`, and with `served` an invitation to the customer's seat, while it is empty."""
    with transaction(using.database, writes=False) as connection:
        row = _by_token(connection, using.tenant, token)
        queue = in_turn(_waiting(each) for each in _rows(connection, using.tenant, WAITING))
    ahead = next((at for at, each in enumerate(queue) if each.ticket == row.ticket), 0)
    status: dict[str, Any] = {"state": row.state, "ahead": ahead, "case": row.case, "invitation": None}
    if row.state == SERVED:
        with opened_by_watch(row.case, using=using) as live:
            if "customer" not in live.talk.seats and phase_now(live) in OPEN:
                status["invitation"] = issue(live, "customer", row.taken_by, using=using).token
    return status


def leave_queue(token: str, *, using: SessionPorts) -> None:
    """Give up one's place; whoever is being served already stays in their case."""
    with transaction(using.database) as connection:
        row = _by_token(connection, using.tenant, token)
        if row.state in (WAITING, TAKEN):
            mine = queue_tickets.c.ticket == row.ticket
            connection.execute(update(queue_tickets).where(mine).values(state=LEFT))


def find_queue(*, using: SessionPorts, by: Staff) -> list[TicketRow]:
    """Everybody who waits, in turn."""
    _require_agent(by, using)
    with transaction(using.database, writes=False) as connection:
        rows = {row.ticket: row for row in _rows(connection, using.tenant, WAITING)}
    return [rows[each.ticket] for each in in_turn(_waiting(row) for row in rows.values())]


def _require_agent(by: Staff, using: SessionPorts) -> None:
    if by.tenant != using.tenant:
        raise NotFoundError("there is nothing of that name here: check it")
    if not by.has(Role.AGENT, Role.SUPERVISOR):
        raise DeniedError("the queue is for agents and supervisors")


def _waiting(row: TicketRow) -> Waiting:
    return Waiting(row.ticket, row.language, row.licence, row.skills, row.priority, parse_instant(row.entered_at))


def _rows(connection: Connection, tenant: str, state: str) -> list[TicketRow]:
    query = select(queue_tickets).where(queue_tickets.c.tenant == tenant, queue_tickets.c.state == state)
    return [_row(row) for row in connection.execute(query.order_by(queue_tickets.c.entered_at)).mappings()]


def _found(connection: Connection, tenant: str, ticket: str) -> TicketRow:
    query = select(queue_tickets).where(queue_tickets.c.tenant == tenant, queue_tickets.c.ticket == ticket)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such ticket: look at the queue")
    return _row(row)


def _by_token(connection: Connection, tenant: str, token: str) -> TicketRow:
    digest = digest_of(token.encode(errors="replace"))
    query = select(queue_tickets).where(queue_tickets.c.tenant == tenant, queue_tickets.c.digest == digest)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("there is no such ticket: take a new one")
    return _row(row)


def _row(row: RowMapping) -> TicketRow:
    names = ("ticket", "scene", "language", "profile", "licence", "display", "state", "priority", "entered_at", "taken_by")
    return TicketRow(skills=tuple(row["skills"].split()), case=row["case_ref"], **{name: row[name] for name in names})
