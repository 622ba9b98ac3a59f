"""Coming in: invitations by link and QR code, joining with one, and the queue of customers without an appointment.

Whether an invitation is good and whose turn it is is decided in `capture/sessions`; here a good one becomes a cookie.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from jianlu.capture.sessions import joining, queueing
from jianlu.capture.sessions.queueing import QueueRequest, TicketRow
from jianlu.deliver.api import _bodies as bodies
from jianlu.deliver.api.cookies import SEATS_HELD_MAX, clear_cookie, seat_cookie, seat_cookies, set_cookie
from jianlu.deliver.api.deps import CaseRef, Deps, StaffCaller, TheDeps
from jianlu.deliver.api.me import qr_svg
from jianlu.deliver.api.rights import on_case, on_tenant
from jianlu.govern.identity.admissions import admit_within
from jianlu.govern.identity.model import Staff

router = APIRouter(prefix="/api/v1", tags=["joining"])


@router.post("/cases/{case}/invitations", status_code=201, dependencies=[on_case("session.invite")])
def invite(body: bodies.InvitationFor, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """An invitation to a seat: link, QR code and the code by which the customer checks the agent. The token is shown this once."""
    made = joining.invite(case, body.seat, using=deps.sessions, by=staff)
    deps.changes.notify(case)
    # In the fragment, which browsers send to nobody: the token enters no log on its way.
    url = f"{deps.public_url}/join#{made.token}"
    return {
        "url": url,
        "token": made.token,
        "qr_svg": qr_svg(url),
        "seat": made.seat,
        "check_code": made.check_code,
        "expires_at": made.expires_at,
    }


@router.delete("/cases/{case}/invitations/{seat}", status_code=204, dependencies=[on_case("session.invite")])
def revoke(seat: str, case: CaseRef, staff: StaffCaller, deps: TheDeps) -> None:
    """Take the seat's invitation back."""
    joining.revoke(case, seat, using=deps.sessions, by=staff)
    deps.changes.notify(case)


@router.post("/join")
def join(body: bodies.Joining, deps: TheDeps, request: Request, response: Response) -> dict[str, str]:
    """Take up an invitation, once; sets the participant's cookie. Whoever sat there on another device is let go."""
    admission = joining.accept(
        body.token,
        using=deps.sessions,
        admit=lambda connection, *seat: admit_within(connection, deps.identity, *seat)[0],
    )
    mine = seat_cookie(admission.case, admission.seat)
    set_cookie(response, mine, admission.token)
    others = [name for name in seat_cookies(request) if name != mine]
    for name in others[: max(0, len(others) - SEATS_HELD_MAX + 1)]:
        clear_cookie(response, name)
    deps.changes.notify(admission.case)
    return {"case": admission.case, "seat": admission.seat}


@router.get("/queue", dependencies=[on_tenant("queue.read")])
def queue(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """Who waits, in turn."""
    return queue_document(deps, staff)


@router.post("/queue", status_code=201)
def enter_queue(body: bodies.WalkIn, deps: TheDeps) -> dict[str, str]:
    """Wait for an agent; the token, shown this once, is the place in the queue."""
    request = QueueRequest(
        scene=body.template,
        language=body.language,
        name=body.name,
        profile=body.profile,
    )
    ticket = queueing.enter_queue(request, using=deps.sessions)
    return {"ticket": ticket.ticket, "token": ticket.token}


@router.post("/queue/ticket")
def ticket_status(body: bodies.TicketToken, deps: TheDeps) -> dict[str, Any]:
    """How many are before me; when it is my turn, an invitation."""
    return queueing.ticket_status(body.token, using=deps.sessions)


@router.post("/queue/leave", status_code=204)
def leave_queue(body: bodies.TicketToken, deps: TheDeps) -> None:
    """Give the place up."""
    queueing.leave_queue(body.token, using=deps.sessions)


@router.post("/queue/take", dependencies=[on_tenant("queue.take")])
def take_next(staff: StaffCaller, deps: TheDeps) -> dict[str, Any]:
    """The customer who has waited longest of those that this agent's licences, languages and skills allow; `ticket` is null for nobody."""
    taken = queueing.take_next(using=deps.sessions, by=staff)
    return {"ticket": _ticket_document(taken) if taken is not None else None}


@router.post("/queue/{ticket}/serve", status_code=204, dependencies=[on_tenant("queue.serve")])
def serve_ticket(ticket: str, body: bodies.TicketCase, staff: StaffCaller, deps: TheDeps) -> None:
    """Lead the waiting customer into the case that was made for them."""
    queueing.serve_ticket(ticket, body.case, using=deps.sessions, by=staff)


def queue_document(deps: Deps, staff: Staff) -> dict[str, Any]:
    """The answer of `/queue`."""
    return {"waiting": [_ticket_document(row) for row in queueing.find_queue(using=deps.sessions, by=staff)]}


def _ticket_document(row: TicketRow) -> dict[str, Any]:
    document = row.document
    return {"template": document.pop("scene"), **document}
