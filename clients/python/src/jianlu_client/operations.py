"""Every operation that a program can call, made from the description by `generate.py`: change that, not this."""

from __future__ import annotations

from typing import Any, cast

from jianlu_client.models import (
    AccessRequestEntry,
    AccessRequestList,
    AnswerGiven,
    Attestation,
    CaseAccess,
    CaseEntry,
    CaseFile,
    CaseList,
    CaseMade,
    ConsentDecision,
    ConsentTakenBack,
    CopyAsked,
    DeliveryList,
    DepositMade,
    DocumentShown,
    DraftContent,
    DraftProposal,
    DraftRevision,
    DrawChecked,
    DrawList,
    EndpointFor,
    EndpointMade,
    Handover,
    IceServers,
    InvitationFor,
    InvitationMade,
    Joined,
    Joining,
    LookPage,
    Message,
    MessageMade,
    NewCase,
    NewRequest,
    NewShare,
    NewWebhook,
    Nobody,
    OwnCopy,
    PageKeyBody,
    Preflight,
    Progress,
    Queue,
    Replay,
    Replayed,
    ReviewList,
    ReviewStatistics,
    Rotation,
    ScriptActs,
    ScriptContent,
    ScriptDraft,
    ScriptEntry,
    ScriptList,
    ScriptReason,
    ScriptVersion,
    SearchResult,
    SeatHolder,
    ServingState,
    SessionView,
    ShareMade,
    StaffMember,
    StoreList,
    SupervisorCalls,
    TakingBack,
    TeamReviews,
    TicketCase,
    TicketMade,
    TicketStatus,
    TicketTaken,
    TicketToken,
    VersionChanges,
    WalkIn,
    Wall,
    WebhookChange,
    WebhookEntry,
    WebhookList,
    WebhookMade,
    Why,
    WrappedSecret,
)
from jianlu_client.signalling import Signalled, signalled
from jianlu_client.transport import Transport, parsed


class Operations(Transport):
    """One method an operation; a `Problem` is raised where the answer is one."""

    def health(self) -> ServingState:
        """`ok`, or `draining` with 503; UnavailableError when the database is away."""
        return cast("ServingState", parsed(ServingState, self.call("GET", "/api/v1/health")))

    def leave(self, *, idempotency_key: str = "") -> None:
        """Take the participant's cookies from this browser, or those of one seat where the call says as whom
        (`seat:guardian`).
        """
        self.call("POST", "/api/v1/leave", idempotency_key=idempotency_key)

    def me(self) -> StaffMember | SeatHolder | Nobody:
        """Who is calling; `kind` is `nobody` when no one is signed in."""
        return cast(
            "StaffMember | SeatHolder | Nobody", parsed(StaffMember | SeatHolder | Nobody, self.call("GET", "/api/v1/me"))
        )

    def templates(self) -> dict[str, Any]:
        """Every template: what a new case may be, and what it asks for. Scope: `template.read`."""
        return cast("dict[str, Any]", parsed(dict[str, Any], self.call("GET", "/api/v1/templates")))

    def cases(self, *, state: str | None = None, q: str = "", page: int = 1, cursor: str = "") -> CaseList:
        """The work list, newest first; customers' names are masked. Programs go through it by cursor, people by page.
        Scope: `case.list`.
        """
        return cast(
            "CaseList",
            parsed(CaseList, self.call("GET", "/api/v1/cases", query={"state": state, "q": q, "page": page, "cursor": cursor})),
        )

    def make_case(self, body: NewCase, *, idempotency_key: str = "") -> CaseMade:
        """A new case with its frozen plan and script. The same number with the same content again is the same case.
        Scope: `case.make`.
        """
        return cast("CaseMade", parsed(CaseMade, self.call("POST", "/api/v1/cases", body=body, idempotency_key=idempotency_key)))

    def supervision(self) -> SupervisorCalls:
        """The talks in which a check made during the call asks for a supervisor. Scope: `supervision.read`."""
        return cast("SupervisorCalls", parsed(SupervisorCalls, self.call("GET", "/api/v1/supervision")))

    def case(self, case: str) -> CaseEntry:
        """What is known of a case without opening its evidence, with the progress of what is done after the call. Scope:
        `case.read`.
        """
        return cast("CaseEntry", parsed(CaseEntry, self.call("GET", "/api/v1/cases/{case}", path={"case": case})))

    def session(self, case: str) -> SessionView:
        """The session as this caller may see it: the one object that pages and clients draw. Scope: `session.read`."""
        return cast("SessionView", parsed(SessionView, self.call("GET", "/api/v1/cases/{case}/session", path={"case": case})))

    def progress(self, case: str) -> Progress:
        """How far inspecting, judging and packaging are; the result when they are done. Scope: `case.read`."""
        return cast("Progress", parsed(Progress, self.call("GET", "/api/v1/cases/{case}/progress", path={"case": case})))

    def scripts(self) -> ScriptList:
        """Every script with its versions. Scope: `script.read`."""
        return cast("ScriptList", parsed(ScriptList, self.call("GET", "/api/v1/scripts")))

    def propose(self, body: ScriptContent, *, idempotency_key: str = "") -> ScriptVersion:
        """Propose a version; it is used only after a second person approved it. Scope: `script.propose`."""
        return cast(
            "ScriptVersion",
            parsed(ScriptVersion, self.call("POST", "/api/v1/scripts", body=body, idempotency_key=idempotency_key)),
        )

    def propose_shipped(self, *, idempotency_key: str = "") -> dict[str, Any]:
        """Propose every script that comes with the templates; as any other, each waits for a second person. Scope:
        `script.propose`.
        """
        return cast(
            "dict[str, Any]",
            parsed(dict[str, Any], self.call("POST", "/api/v1/scripts/shipped", idempotency_key=idempotency_key)),
        )

    def script(self, script: str) -> ScriptEntry:
        """One script: its versions, newest first, each with its content. Scope: `script.read`."""
        return cast("ScriptEntry", parsed(ScriptEntry, self.call("GET", "/api/v1/scripts/{script}", path={"script": script})))

    def version(self, script: str, version: str) -> dict[str, Any]:
        """The content of one version. Scope: `script.read`."""
        return cast(
            "dict[str, Any]",
            parsed(
                dict[str, Any],
                self.call("GET", "/api/v1/scripts/{script}/versions/{version}", path={"script": script, "version": version}),
            ),
        )

    def withdraw(self, script: str, version: str, body: ScriptReason | None, *, idempotency_key: str = "") -> ScriptEntry:
        """Take a version out of use; sessions that ran it keep it. Scope: `script.withdraw`."""
        return cast(
            "ScriptEntry",
            parsed(
                ScriptEntry,
                self.call(
                    "POST",
                    "/api/v1/scripts/{script}/versions/{version}/withdraw",
                    path={"script": script, "version": version},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def invite(self, case: str, body: InvitationFor, *, idempotency_key: str = "") -> InvitationMade:
        """An invitation to a seat: link, QR code and the code by which the customer checks the agent. The token is shown
        this once. Scope: `session.invite`.
        """
        return cast(
            "InvitationMade",
            parsed(
                InvitationMade,
                self.call(
                    "POST", "/api/v1/cases/{case}/invitations", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def revoke(self, case: str, seat: str) -> None:
        """Take the seat's invitation back. Scope: `session.invite`."""
        self.call("DELETE", "/api/v1/cases/{case}/invitations/{seat}", path={"case": case, "seat": seat})

    def join(self, body: Joining, *, idempotency_key: str = "") -> Joined:
        """Take up an invitation, once; sets the participant's cookie. Whoever sat there on another device is let go."""
        return cast("Joined", parsed(Joined, self.call("POST", "/api/v1/join", body=body, idempotency_key=idempotency_key)))

    def queue(self) -> Queue:
        """Who waits, in turn. Scope: `queue.read`."""
        return cast("Queue", parsed(Queue, self.call("GET", "/api/v1/queue")))

    def enter_queue(self, body: WalkIn, *, idempotency_key: str = "") -> TicketMade:
        """Wait for an agent; the token, shown this once, is the place in the queue."""
        return cast(
            "TicketMade", parsed(TicketMade, self.call("POST", "/api/v1/queue", body=body, idempotency_key=idempotency_key))
        )

    def ticket_status(self, body: TicketToken, *, idempotency_key: str = "") -> TicketStatus:
        """How many are before me; when it is my turn, an invitation."""
        return cast(
            "TicketStatus",
            parsed(TicketStatus, self.call("POST", "/api/v1/queue/ticket", body=body, idempotency_key=idempotency_key)),
        )

    def leave_queue(self, body: TicketToken, *, idempotency_key: str = "") -> None:
        """Give the place up."""
        self.call("POST", "/api/v1/queue/leave", body=body, idempotency_key=idempotency_key)

    def take_next(self, *, idempotency_key: str = "") -> TicketTaken:
        """The customer who has waited longest of those that this agent's licences, languages and skills allow; `ticket`
        is null for nobody. Scope: `queue.take`.
        """
        return cast("TicketTaken", parsed(TicketTaken, self.call("POST", "/api/v1/queue/take", idempotency_key=idempotency_key)))

    def serve_ticket(self, ticket: str, body: TicketCase, *, idempotency_key: str = "") -> None:
        """Lead the waiting customer into the case that was made for them. Scope: `queue.serve`."""
        self.call("POST", "/api/v1/queue/{ticket}/serve", path={"ticket": ticket}, body=body, idempotency_key=idempotency_key)

    def take_seat(self, case: str, body: InvitationFor, *, idempotency_key: str = "") -> SessionView:
        """Sit down as agent or supervisor; 409 when somebody else does. Scope: `session.join`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/seat", path={"case": case}, body=body, idempotency_key=idempotency_key),
            ),
        )

    def leave_seat(self, case: str) -> SessionView:
        """Get up from one's seat. Scope: `session.take_part`."""
        return cast("SessionView", parsed(SessionView, self.call("DELETE", "/api/v1/cases/{case}/seat", path={"case": case})))

    def preflight(self, case: str, body: Preflight, *, idempotency_key: str = "") -> SessionView:
        """What this participant's device test found. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/preflight", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def start(self, case: str, *, idempotency_key: str = "") -> SessionView:
        """Start recording and, once its first segment is sealed, the talk; 409 says what is not ready. Scope:
        `session.lead`.
        """
        return cast(
            "SessionView",
            parsed(
                SessionView, self.call("POST", "/api/v1/cases/{case}/start", path={"case": case}, idempotency_key=idempotency_key)
            ),
        )

    def start_step(self, case: str, step: str, *, idempotency_key: str = "") -> SessionView:
        """Begin a step; 409, recorded, when another comes first. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/start",
                    path={"case": case, "step": step},
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def complete_step(self, case: str, step: str, *, idempotency_key: str = "") -> SessionView:
        """Finish a step; 409, recorded, when something of it is missing. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/complete",
                    path={"case": case, "step": step},
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def redo_step(self, case: str, step: str, body: Why, *, idempotency_key: str = "") -> SessionView:
        """Reopen a step and do it again; the first attempt stays on the record. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/redo",
                    path={"case": case, "step": step},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def waive_check(self, case: str, step: str, body: Why, *, idempotency_key: str = "") -> SessionView:
        """Let the talk go on although a check of this step was not met: a supervisor's act, on the record. Scope:
        `session.supervise`.
        """
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/waive",
                    path={"case": case, "step": step},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def show_document(self, case: str, step: str, body: DocumentShown, *, idempotency_key: str = "") -> SessionView:
        """Put a document of the step before the customer. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/documents",
                    path={"case": case, "step": step},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def answer(self, case: str, step: str, body: AnswerGiven, *, idempotency_key: str = "") -> SessionView:
        """Answer a question of the step. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/steps/{step}/answers",
                    path={"case": case, "step": step},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def consent(self, case: str, body: ConsentDecision, *, idempotency_key: str = "") -> SessionView:
        """Give, refuse or withdraw one consent; takes effect at once. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/consents", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def attest(self, case: str, body: Attestation, *, idempotency_key: str = "") -> SessionView:
        """State what machines cannot see, for a clause that asks for it. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/attestations", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def send_message(self, case: str, body: Message, *, idempotency_key: str = "") -> SessionView:
        """Say something in the recorded chat. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/messages", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def advise(self, case: str, body: Message, *, idempotency_key: str = "") -> SessionView:
        """Advise the agent: only they read it, everybody in the session is told that a supervisor wrote, and it is
        sealed with the case. Scope: `session.supervise`.
        """
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/advice", path={"case": case}, body=body, idempotency_key=idempotency_key),
            ),
        )

    def start_share(self, case: str, body: NewShare, *, idempotency_key: str = "") -> ShareMade:
        """Begin to share a screen, document or whiteboard; publish it as the feed of that name. Scope:
        `session.take_part`.
        """
        return cast(
            "ShareMade",
            parsed(
                ShareMade,
                self.call("POST", "/api/v1/cases/{case}/shares", path={"case": case}, body=body, idempotency_key=idempotency_key),
            ),
        )

    def end_share(self, case: str, track: str) -> SessionView:
        """Stop sharing. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(SessionView, self.call("DELETE", "/api/v1/cases/{case}/shares/{track}", path={"case": case, "track": track})),
        )

    def pause(self, case: str, body: Why, *, idempotency_key: str = "") -> SessionView:
        """Pause, where the plan allows it; the gap is declared. Scope: `session.lead`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/pause", path={"case": case}, body=body, idempotency_key=idempotency_key),
            ),
        )

    def resume(self, case: str, *, idempotency_key: str = "") -> SessionView:
        """Go on after a pause or a halt. Scope: `session.lead`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/resume", path={"case": case}, idempotency_key=idempotency_key),
            ),
        )

    def handover(self, case: str, body: Handover, *, idempotency_key: str = "") -> SessionView:
        """Give the agent's seat to a colleague, on the record. Scope: `session.lead`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/handover", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def refuse(self, case: str, *, idempotency_key: str = "") -> SessionView:
        """The customer does not want to go on: the channel ends, with its record. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/refuse", path={"case": case}, idempotency_key=idempotency_key),
            ),
        )

    def abandon(self, case: str, *, idempotency_key: str = "") -> SessionView:
        """End a session that cannot be completed; what was recorded is kept and judged. Scope: `session.lead`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call("POST", "/api/v1/cases/{case}/abandon", path={"case": case}, idempotency_key=idempotency_key),
            ),
        )

    def end(self, case: str, *, idempotency_key: str = "") -> SessionView:
        """End a completed session; inspecting, judging and packaging begin. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView, self.call("POST", "/api/v1/cases/{case}/end", path={"case": case}, idempotency_key=idempotency_key)
            ),
        )

    def deposit(self, case: str, document: str, content: bytes, *, idempotency_key: str = "") -> DepositMade:
        """Put a signed PDF into the case while it is recorded: sealed with it, its SHA-256 and its second on the record.
        Scope: `session.take_part`.
        """
        return cast(
            "DepositMade",
            parsed(
                DepositMade,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/deposits/{document}",
                    path={"case": case, "document": document},
                    content=content,
                    media="application/pdf",
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def announce(self, case: str, body: PageKeyBody, *, idempotency_key: str = "") -> SessionView:
        """The public key of the caller's page, and the secret that it holds. Scope: `session.take_part`."""
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST", "/api/v1/cases/{case}/encryption/key", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def admit_recorder(self, case: str, recorder: str, body: WrappedSecret, *, idempotency_key: str = "") -> SessionView:
        """Give a recorder the room's secret, wrapped to its key; without it a session that must be recorded does not
        start. Scope: `session.take_part`.
        """
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/encryption/recorders/{recorder}",
                    path={"case": case, "recorder": recorder},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def hand_over(self, case: str, seat: str, body: WrappedSecret, *, idempotency_key: str = "") -> SessionView:
        """Give the room's secret to the page of a seat, wrapped to its key, which is a member from then on; `public_key`
        says to which. Scope: `session.take_part`.
        """
        return cast(
            "SessionView",
            parsed(
                SessionView,
                self.call(
                    "POST",
                    "/api/v1/cases/{case}/encryption/handovers/{seat}",
                    path={"case": case, "seat": seat},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def ice(self) -> IceServers:
        """STUN and TURN servers for this browser, with credentials that expire. Scope: `ice.read`."""
        return cast("IceServers", parsed(IceServers, self.call("GET", "/api/v1/ice")))

    def publish(self, case: str, feed: str, content: str, *, idempotency_key: str = "") -> Signalled:
        """WHIP: send one's own feed. Scope: `session.send`."""
        return signalled(
            self.call(
                "POST",
                "/api/v1/cases/{case}/feeds/{feed}",
                path={"case": case, "feed": feed},
                content=content,
                media="application/sdp",
                idempotency_key=idempotency_key,
            )
        )

    def subscribe(self, case: str, feed: str, content: str, *, idempotency_key: str = "") -> Signalled:
        """WHEP: watch a feed of one's session; nothing comes before its recording runs. Scope: `session.watch`."""
        return signalled(
            self.call(
                "POST",
                "/api/v1/cases/{case}/viewers/{feed}",
                path={"case": case, "feed": feed},
                content=content,
                media="application/sdp",
                idempotency_key=idempotency_key,
            )
        )

    def renegotiate(self, case: str, connection: str, content: str) -> Signalled:
        """Another offer on the same connection: tracks added or stopped, or ICE restarted. Scope: `session.take_part`."""
        return signalled(
            self.call(
                "PUT",
                "/api/v1/cases/{case}/connections/{connection}",
                path={"case": case, "connection": connection},
                content=content,
                media="application/sdp",
            )
        )

    def trickle(self, case: str, connection: str, content: str, *, if_match: str = "*") -> None:
        """Candidates (204), or new credentials for an ICE restart (200 with ours). Scope: `session.take_part`."""
        self.call(
            "PATCH",
            "/api/v1/cases/{case}/connections/{connection}",
            path={"case": case, "connection": connection},
            content=content,
            media="application/trickle-ice-sdpfrag",
            headers={"If-Match": if_match},
        )

    def close(self, case: str, connection: str) -> None:
        """End the connection. Scope: `session.take_part`."""
        self.call("DELETE", "/api/v1/cases/{case}/connections/{connection}", path={"case": case, "connection": connection})

    def make_endpoint(self, case: str, body: EndpointFor, *, idempotency_key: str = "") -> EndpointMade:
        """An address and a bearer token, shown this once, for software outside the browser; a new one ends the earlier.
        Scope: `session.outside`.
        """
        return cast(
            "EndpointMade",
            parsed(
                EndpointMade,
                self.call(
                    "POST", "/api/v1/cases/{case}/endpoints", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def whip(self, endpoint: str, content: str, *, bearer: str) -> Signalled:
        """WHIP for outside software."""
        return signalled(
            self.call(
                "POST",
                "/whip/{endpoint}",
                path={"endpoint": endpoint},
                content=content,
                media="application/sdp",
                headers={"Authorization": f"Bearer {bearer}"},
            )
        )

    def whep(self, endpoint: str, content: str, *, bearer: str) -> Signalled:
        """WHEP for outside software."""
        return signalled(
            self.call(
                "POST",
                "/whep/{endpoint}",
                path={"endpoint": endpoint},
                content=content,
                media="application/sdp",
                headers={"Authorization": f"Bearer {bearer}"},
            )
        )

    def trickle_whep(self, endpoint: str, connection: str, content: str, *, bearer: str, if_match: str = "*") -> None:
        """As the PATCH of a browser's connection."""
        self.call(
            "PATCH",
            "/whep/{endpoint}/{connection}",
            path={"endpoint": endpoint, "connection": connection},
            content=content,
            media="application/trickle-ice-sdpfrag",
            headers={"Authorization": f"Bearer {bearer}", "If-Match": if_match},
        )

    def close_whep(self, endpoint: str, connection: str, *, bearer: str) -> None:
        """End the connection."""
        self.call(
            "DELETE",
            "/whep/{endpoint}/{connection}",
            path={"endpoint": endpoint, "connection": connection},
            headers={"Authorization": f"Bearer {bearer}"},
        )

    def trickle_whip(self, endpoint: str, connection: str, content: str, *, bearer: str, if_match: str = "*") -> None:
        """As the PATCH of a browser's connection."""
        self.call(
            "PATCH",
            "/whip/{endpoint}/{connection}",
            path={"endpoint": endpoint, "connection": connection},
            content=content,
            media="application/trickle-ice-sdpfrag",
            headers={"Authorization": f"Bearer {bearer}", "If-Match": if_match},
        )

    def close_whip(self, endpoint: str, connection: str, *, bearer: str) -> None:
        """End the connection."""
        self.call(
            "DELETE",
            "/whip/{endpoint}/{connection}",
            path={"endpoint": endpoint, "connection": connection},
            headers={"Authorization": f"Bearer {bearer}"},
        )

    def manifest(self, case: str, *, q: str = "") -> dict[str, Any]:
        """One time line: media, gaps, transcript (with `q`, what holds it), findings, clauses, events, steps. Scope:
        `case.play`.
        """
        return cast(
            "dict[str, Any]",
            parsed(dict[str, Any], self.call("GET", "/api/v1/cases/{case}/playback", path={"case": case}, query={"q": q})),
        )

    def init(self, case: str, role: str) -> bytes:
        """What a player needs of a role before any segment. Scope: `case.play`."""
        return self.call("GET", "/api/v1/cases/{case}/playback/{role}/init.mp4", path={"case": case, "role": role}).content

    def segment(self, case: str, role: str, no: str) -> bytes:
        """One segment of a role. Scope: `case.play`."""
        return self.call(
            "GET", "/api/v1/cases/{case}/playback/{role}/{no}.m4s", path={"case": case, "role": role, "no": no}
        ).content

    def entries(self, place: str) -> bytes:
        """A bundle of entries, for those who may read the ledger. Scope: `ledger.read`."""
        return self.call("GET", "/ledger/tile/entries/{place}", path={"place": place}).content

    def search(
        self,
        *,
        q: str = "",
        near: bool = False,
        speaker: str = "",
        customer: str = "",
        number: str = "",
        agent: str = "",
        product: str = "",
        template: str = "",
        from_: str | None = None,
        to: str | None = None,
        utc_offset_min: int = 480,
        clause: str = "",
        verdict: str | None = None,
        order: str = "hits",
        purpose: str = "",
        page: int = 1,
        cursor: str = "",
    ) -> SearchResult:
        """The cases that fit and that the caller may find, those in which it is said most often first, then the newest.
        Scope: `search.run`.
        """
        return cast(
            "SearchResult",
            parsed(
                SearchResult,
                self.call(
                    "GET",
                    "/api/v1/search",
                    query={
                        "q": q,
                        "near": near,
                        "speaker": speaker,
                        "customer": customer,
                        "number": number,
                        "agent": agent,
                        "product": product,
                        "template": template,
                        "from": from_,
                        "to": to,
                        "utc_offset_min": utc_offset_min,
                        "clause": clause,
                        "verdict": verdict,
                        "order": order,
                        "purpose": purpose,
                        "page": page,
                        "cursor": cursor,
                    },
                ),
            ),
        )

    def reviews(self, *, which: str = "open", page: int = 1, cursor: str = "") -> ReviewList:
        """The reviews to be done, the most urgent first; agents see those of their own cases. Scope: `review.list`."""
        return cast(
            "ReviewList",
            parsed(ReviewList, self.call("GET", "/api/v1/reviews", query={"which": which, "page": page, "cursor": cursor})),
        )

    def review_statistics(self) -> ReviewStatistics:
        """Shares reached, agreement of machine and people by clause and of people with each other, with intervals and
        counts. Scope: `review.list`.
        """
        return cast("ReviewStatistics", parsed(ReviewStatistics, self.call("GET", "/api/v1/reviews/statistics")))

    def review_export(self, *, first_on: str, last_on: str, format: str = "json") -> str:
        """The record of the reviews that were opened on these days, with ledger positions and digests; JSON names the
        SHA-256 of the CSV. Scope: `review.export`.
        """
        return cast(
            "str",
            parsed(
                str,
                self.call("GET", "/api/v1/reviews/export", query={"first_on": first_on, "last_on": last_on, "format": format}),
            ),
        )

    def review_draws(self) -> DrawList:
        """Every roll and what was drawn of it, and the plans that demand them. Scope: `review.list`."""
        return cast("DrawList", parsed(DrawList, self.call("GET", "/api/v1/reviews/draws")))

    def check_review_draw(self, plan: str, no: str) -> DrawChecked:
        """The draw, made again from its sealed roll and the ledger's own tree; an error says what does not agree. Scope:
        `review.list`.
        """
        return cast(
            "DrawChecked",
            parsed(DrawChecked, self.call("GET", "/api/v1/reviews/draws/{plan}/{no}", path={"plan": plan, "no": no})),
        )

    def script_draft(self, script: str) -> ScriptDraft:
        """The draft, or what it would begin with (`revision` 0), with everything that is wrong with it and what the
        rules still lack. Scope: `script.propose`.
        """
        return cast(
            "ScriptDraft", parsed(ScriptDraft, self.call("GET", "/api/v1/scripts/{script}/draft", path={"script": script}))
        )

    def save_script_draft(self, script: str, body: DraftContent) -> ScriptDraft:
        """Keep a draft; 409 `draft_changed` when somebody saved since the revision from which the editor started. Scope:
        `script.propose`.
        """
        return cast(
            "ScriptDraft",
            parsed(ScriptDraft, self.call("PUT", "/api/v1/scripts/{script}/draft", path={"script": script}, body=body)),
        )

    def discard_script_draft(self, script: str, body: DraftRevision, *, idempotency_key: str = "") -> ScriptEntry:
        """Throw the draft away; answers with the script. Scope: `script.propose`."""
        return cast(
            "ScriptEntry",
            parsed(
                ScriptEntry,
                self.call(
                    "POST",
                    "/api/v1/scripts/{script}/draft/discard",
                    path={"script": script},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def propose_script_draft(self, script: str, body: DraftProposal, *, idempotency_key: str = "") -> ScriptVersion:
        """Make the draft a version that waits for a second person; 422 `script_lacks` names the clauses to which it does
        no justice. Scope: `script.propose`.
        """
        return cast(
            "ScriptVersion",
            parsed(
                ScriptVersion,
                self.call(
                    "POST",
                    "/api/v1/scripts/{script}/draft/propose",
                    path={"script": script},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def script_version_changes(self, script: str, version: str, *, against: str = "") -> VersionChanges:
        """The version as text, and word by word what differs from `against` (empty: the one in force, else the one
        before). Scope: `script.read`.
        """
        return cast(
            "VersionChanges",
            parsed(
                VersionChanges,
                self.call(
                    "GET",
                    "/api/v1/scripts/{script}/versions/{version}/changes",
                    path={"script": script, "version": version},
                    query={"against": against},
                ),
            ),
        )

    def script_acts(self, script: str) -> ScriptActs:
        """Who saved, proposed, approved and withdrew what, the newest first. Scope: `script.read`."""
        return cast("ScriptActs", parsed(ScriptActs, self.call("GET", "/api/v1/scripts/{script}/acts", path={"script": script})))

    def read_wall(self) -> Wall:
        """Every session that goes on and that the caller may read, those that need somebody first. Scope:
        `supervision.read`.
        """
        return cast("Wall", parsed(Wall, self.call("GET", "/api/v1/supervision/wall")))

    def read_team_reviews(self) -> TeamReviews:
        """What the reviews of the caller's branch came to, agent by agent: numbers, neither clauses nor who reviewed.
        Scope: `supervision.read`.
        """
        return cast("TeamReviews", parsed(TeamReviews, self.call("GET", "/api/v1/supervision/reviews")))

    def note_alerts(self, case: str, *, idempotency_key: str = "") -> Wall:
        """Say that the caller knows what the session alarms about now; what comes later calls again. Answers with the
        wall. Scope: `session.supervise`.
        """
        return cast(
            "Wall",
            parsed(
                Wall,
                self.call("POST", "/api/v1/supervision/cases/{case}/note", path={"case": case}, idempotency_key=idempotency_key),
            ),
        )

    def wall_stream(self) -> None:
        """The wall as it changes (text/event-stream): events `wall`, and one `end` that says why it ended. Scope:
        `supervision.read`.
        """
        self.call("GET", "/api/v1/supervision/stream")

    def read_case_file(self, case: str) -> CaseFile:
        """The case file; `access` is null for whoever may not read who looked. Scope: `case.read`."""
        return cast("CaseFile", parsed(CaseFile, self.call("GET", "/api/v1/cases/{case}/file", path={"case": case})))

    def read_own_copy(self, case: str) -> OwnCopy:
        """One's own copy, for whoever sat there as the customer or their guardian."""
        return cast("OwnCopy", parsed(OwnCopy, self.call("GET", "/api/v1/cases/{case}/copy", path={"case": case})))

    def open_copy(self, body: CopyAsked, *, idempotency_key: str = "") -> OwnCopy:
        """The copy that a link leads to, once, with its code."""
        return cast("OwnCopy", parsed(OwnCopy, self.call("POST", "/api/v1/copy", body=body, idempotency_key=idempotency_key)))

    def take_consent_back(self, case: str, body: TakingBack, *, idempotency_key: str = "") -> ConsentTakenBack:
        """The consent does not hold from now on; in the ledger on return. The same again changes nothing."""
        return cast(
            "ConsentTakenBack",
            parsed(
                ConsentTakenBack,
                self.call(
                    "POST", "/api/v1/cases/{case}/withdrawals", path={"case": case}, body=body, idempotency_key=idempotency_key
                ),
            ),
        )

    def read_stores(self) -> StoreList:
        """Each store: copies complete or behind, its last scrub, alarms, repairs and refusals, newest first, and what
        there is to do. Scope: `store.list`.
        """
        return cast("StoreList", parsed(StoreList, self.call("GET", "/api/v1/administration/stores")))

    def webhooks(self) -> WebhookList:
        """Every endpoint, and the topics that there are. Scope: `webhook.list`."""
        return cast("WebhookList", parsed(WebhookList, self.call("GET", "/api/v1/webhooks")))

    def make_webhook(self, body: NewWebhook, *, idempotency_key: str = "") -> WebhookMade:
        """A new endpoint, told of what happens from now on; `secret` is shown this once. Scope: `webhook.make`."""
        return cast(
            "WebhookMade", parsed(WebhookMade, self.call("POST", "/api/v1/webhooks", body=body, idempotency_key=idempotency_key))
        )

    def webhook(self, endpoint: str) -> WebhookEntry:
        """One endpoint. Scope: `webhook.list`."""
        return cast(
            "WebhookEntry", parsed(WebhookEntry, self.call("GET", "/api/v1/webhooks/{endpoint}", path={"endpoint": endpoint}))
        )

    def change_webhook(self, endpoint: str, body: WebhookChange) -> WebhookEntry:
        """Change an endpoint; switched off, it is told nothing, and switched on again, what waited. Scope:
        `webhook.change`.
        """
        return cast(
            "WebhookEntry",
            parsed(WebhookEntry, self.call("PATCH", "/api/v1/webhooks/{endpoint}", path={"endpoint": endpoint}, body=body)),
        )

    def remove_webhook(self, endpoint: str) -> None:
        """Forget an endpoint, its secrets and what waits for it. Scope: `webhook.change`."""
        self.call("DELETE", "/api/v1/webhooks/{endpoint}", path={"endpoint": endpoint})

    def rotate_webhook(self, endpoint: str, body: Rotation, *, idempotency_key: str = "") -> WebhookMade:
        """A new secret, shown this once; the former one signs beside it for a while, so that receivers can change over.
        Scope: `webhook.change`.
        """
        return cast(
            "WebhookMade",
            parsed(
                WebhookMade,
                self.call(
                    "POST",
                    "/api/v1/webhooks/{endpoint}/rotate",
                    path={"endpoint": endpoint},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def try_webhook(self, endpoint: str, *, idempotency_key: str = "") -> MessageMade:
        """Send a message of topic `webhook.tested` to this endpoint; see its deliveries for what came of it. Scope:
        `webhook.change`.
        """
        return cast(
            "MessageMade",
            parsed(
                MessageMade,
                self.call(
                    "POST", "/api/v1/webhooks/{endpoint}/test", path={"endpoint": endpoint}, idempotency_key=idempotency_key
                ),
            ),
        )

    def replay_webhook(self, endpoint: str, body: Replay, *, idempotency_key: str = "") -> Replayed:
        """Send messages again, under the same ids. Scope: `webhook.change`."""
        return cast(
            "Replayed",
            parsed(
                Replayed,
                self.call(
                    "POST",
                    "/api/v1/webhooks/{endpoint}/replay",
                    path={"endpoint": endpoint},
                    body=body,
                    idempotency_key=idempotency_key,
                ),
            ),
        )

    def deliveries(self, endpoint: str, *, state: str | None = None, cursor: str = "") -> DeliveryList:
        """What was sent or is to be, newest first; `next` is the cursor of the next page, empty on the last. Scope:
        `webhook.list`.
        """
        return cast(
            "DeliveryList",
            parsed(
                DeliveryList,
                self.call(
                    "GET",
                    "/api/v1/webhooks/{endpoint}/deliveries",
                    path={"endpoint": endpoint},
                    query={"state": state, "cursor": cursor},
                ),
            ),
        )

    def access_requests(self) -> AccessRequestList:
        """Requests that wait for a second person, and one's own. Scope: `request.read`."""
        return cast("AccessRequestList", parsed(AccessRequestList, self.call("GET", "/api/v1/access/requests")))

    def make_request(self, body: NewRequest, *, idempotency_key: str = "") -> AccessRequestEntry:
        """Ask for a second person, with a reason; for an emergency with a recent proof of who asks. Scope:
        `request.make`.
        """
        return cast(
            "AccessRequestEntry",
            parsed(AccessRequestEntry, self.call("POST", "/api/v1/access/requests", body=body, idempotency_key=idempotency_key)),
        )

    def case_access(self, case: str, *, page: int = 1, cursor: str = "") -> CaseAccess:
        """Who looked at the case and who was refused, newest first, with every emergency that opened it: the customer's
        copy. Scope: `case.disclose`.
        """
        return cast(
            "CaseAccess",
            parsed(
                CaseAccess,
                self.call("GET", "/api/v1/cases/{case}/access", path={"case": case}, query={"page": page, "cursor": cursor}),
            ),
        )

    def access_log(self, *, page: int = 1, which: str = "all", cursor: str = "") -> LookPage:
        """Every decision of access, or the refusals alone, newest first. Scope: `access.read`."""
        return cast(
            "LookPage",
            parsed(LookPage, self.call("GET", "/api/v1/access/log", query={"page": page, "which": which, "cursor": cursor})),
        )

    def package(self, case: str) -> bytes:
        """The package, once it is written: one download for an approval, and the rest of one that broke off (`Range`
        with `If-Range`). Scope: `package.export`.
        """
        return self.call("GET", "/api/v1/cases/{case}/package", path={"case": case}).content
