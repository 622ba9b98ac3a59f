"""What answers hold: models that describe the documents of the API in `specs/api/openapi.json`, and that its contract suite holds them to.

They are not run on answers in production: a page must not fail because a description lags behind.
"""

from __future__ import annotations

from typing import Any, Literal

from jianlu.deliver.api.answer_checks import Answer, Coded, LiveChecks, StepChecks, Words
from jianlu.deliver.api.answer_gate import Deposited, GateCheck
from jianlu.deliver.api.answer_talk import ChatLine, Supervisor


class Denial(Answer):
    """Why access was denied: the rules, the clauses that they rest on, and what to do."""

    rules: list[str]
    clauses: list[str]
    next_step: Words


class Problem(Answer):
    """An error (RFC 9457). `type` is `urn:jianlu:problem:` and a code that stays; `code` says which of them, where pages have words."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str | None = None
    denial: Denial | None = None


class Nobody(Answer):
    """Nobody is signed in."""

    kind: Literal["nobody"]


class SeatHolder(Answer):
    """Somebody who was admitted to a seat."""

    kind: Literal["participant"]
    tenant: str
    case: str
    seat: str


class Jobs(Answer):
    """The stages after the call: `stage` is none, inspect, judge, package, done or failed; `done` of `due` units of it."""

    stage: str
    done: int
    due: int | None
    error: str


class Result(Answer):
    """Verdicts by kind, and where the package is."""

    met: int | None
    not_met: int | None
    not_evidenced: int | None
    package_url: str


class Progress(Answer):
    """How far the stages after the call are."""

    jobs: Jobs
    result: Result | None


class CaseEntry(Answer):
    """A case with the progress of the stages after the call; names are masked."""

    case: str
    number: str
    title: str
    template: str
    state: str
    language: str
    profile: str
    customer: str
    agent: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    jobs: Jobs
    result: Result | None


class CaseList(Answer):
    """One page of cases, and how many there are in each state; by cursor nothing is counted, and `next` is empty on the last page."""

    cases: list[CaseEntry]
    total: int
    page: int
    pages: int
    counts: dict[str, int]
    next: str


class CaseMade(Answer):
    """The reference of a case."""

    case: str


class Seat(Answer):
    """A seat: empty, invited, waiting, present or away."""

    seat: str
    state: Literal["empty", "invited", "waiting", "present", "away"]
    display: str
    is_you: bool
    device: dict[str, str] | None


class Sentence(Answer):
    """What is said, in the session's language and in all."""

    text: str
    lang: str
    texts: Words


class Document(Answer):
    """A document of a step."""

    id: str
    title: Words
    is_shown: bool
    is_showing: bool


class Option(Answer):
    """A possible answer, and what it does: go on, or end the talk."""

    id: str
    label: Words
    effect: str


class Question(Answer):
    """A question of a step, and its answer."""

    id: str
    question: Words
    by: str
    options: list[Option]
    answer: str | None


class Wanted(Answer):
    """An attestation that a step wants."""

    clause: str
    what: Words
    by: list[str]
    is_made: bool


class Clause(Answer):
    """A clause behind a step."""

    key: str
    citation: str
    title: Words


class Step(Answer):
    """A step of the script as it stands; `blocked_by` says why it cannot be completed yet."""

    id: str
    no: int
    title: Words
    kind: str
    speaker: str
    say: list[Sentence]
    prompt: Words
    min_read_ms: int
    left_ms: int
    documents: list[Document]
    answers: list[Question]
    consents: list[str]
    attestations: list[Wanted]
    clauses: list[Clause]
    state: Literal["pending", "current", "done", "reopened"]
    attempt: int
    from_ms: int | None
    to_ms: int | None
    can_complete: bool
    blocked_by: list[Coded]
    checks: StepChecks


class Consent(Answer):
    """One purpose, the notice's text, and what was decided by whom."""

    purpose: str
    by: str
    title: Words
    text: Words
    version: str
    digest: str
    moment: str
    on_refusal: str
    state: Literal["asked", "given", "refused", "withdrawn"]
    how: str
    at_ms: int


class Track(Answer):
    """A recorded track now."""

    state: str
    packets: int
    lost: int
    key_frames: int
    fps: int
    kbps: int
    level_db: int
    frozen_ms: int
    drift_ms: int
    last_packet_ms_ago: int


class Alarm(Answer):
    """What is wrong with a recording, since when."""

    code: str
    track: str
    from_ms: int


class Recording(Answer):
    """The recording now: everything before `recorded_until_ms` is sealed, or declared missing."""

    state: str
    recorded_until_ms: int
    now_ms: int
    zero_us: int
    segments: int
    tracks: dict[str, Track]
    alarms: list[Alarm]
    is_forwarding: bool


class HealthMessage(Answer):
    """An alarm in words."""

    code: str
    text: Words
    track: str
    at_ms: int


class Health(Answer):
    """Green, amber or red, and why; none while nothing is recorded. `looked_ms` is when it was looked at, null for not yet."""

    level: Literal["none", "green", "amber", "red"]
    messages: list[HealthMessage]
    looked_ms: int | None


class Share(Answer):
    """A share that goes on."""

    track: str
    kind: str
    by: str


class Template(Answer):
    """What a case was made of."""

    id: str
    version: str
    title: Words


class ScriptUsed(Answer):
    """The version of the script that the session runs."""

    id: str
    version: str
    digest: str


class You(Answer):
    """Where the viewer stands: a seat, or none."""

    seat: str
    is_staff: bool


class RoomMember(Answer):
    """A member of an encrypted room: a page by its seat, or a recorder. `proof` shows other members that a page holds the secret.

    `is_given`: whoever leads gave this key the secret; `replaced` is such a key whose page or recorder is there no more.
    """

    member: str
    kind: Literal["seat", "recorder"]
    state: Literal["admitted", "asking", "away", "replaced"]
    public_key: str
    fingerprint: str
    proof: str
    is_given: bool


class Encryption(Answer):
    """The members of an end-to-end encrypted room; `handover` is the room's secret, wrapped to the viewer's page alone."""

    secret: str
    members: list[RoomMember]
    handover: str


class SessionView(Answer):
    """A session as one viewer may see it, and what they may do now (`allowed`). `version` grows when anything changed."""

    case: str
    number: str
    title: str
    template: Template
    state: str
    reason: str
    language: str
    profile: str
    is_large: bool
    you: You
    seats: list[Seat]
    encryption: Encryption | None
    check_code: str
    script: ScriptUsed
    steps: list[Step]
    current_step: str | None
    next_sentence: Words | None
    showing: str | None
    consents: list[Consent]
    gate_checks: list[GateCheck]
    gates: list[Coded]
    recording: Recording
    health: Health
    checks: LiveChecks
    supervisor: Supervisor | None
    messages: list[ChatLine]
    deposits: list[Deposited]
    shares: list[Share]
    attested: list[str]
    allowed: list[str]
    jobs: Jobs
    result: Result | None
    now_ms: int
    version: int


class InvitationMade(Answer):
    """An invitation, shown this once."""

    url: str
    token: str
    qr_svg: str
    seat: str
    check_code: str
    expires_at: str


class Joined(Answer):
    """Where an invitation led."""

    case: str
    seat: str


class ShareMade(Answer):
    """The track of a share."""

    track: str


class EndpointMade(Answer):
    """An address for outside software and its bearer token, shown this once."""

    url: str
    bearer: str


class TicketMade(Answer):
    """A place in the queue; the token is shown this once."""

    ticket: str
    token: str


class TicketStatus(Answer):
    """How it stands with a place in the queue; an invitation's token when it is one's turn."""

    state: str
    ahead: int
    case: str
    invitation: str | None


class Ticket(Answer):
    """A customer who waits."""

    ticket: str
    template: str
    language: str
    profile: str
    display: str
    state: str
    entered_at: str
    case: str


class Queue(Answer):
    """Who waits, in turn."""

    waiting: list[Ticket]


class TicketTaken(Answer):
    """The ticket that was taken, or nobody's."""

    ticket: Ticket | None


class ScriptVersion(Answer):
    """A version of a script, who proposed and who approved it (account and shown name); `content` only where one script is asked for."""

    script: str
    version: str
    title: Words
    digest: str
    state: str
    effective_from: str
    effective_to: str
    conditions: dict[str, Any] | None
    proposed_by: str
    proposed_by_name: str
    proposed_at: str
    approved_by: str
    approved_by_name: str
    approved_at: str
    content: dict[str, Any] | None = None


class ScriptEntry(Answer):
    """A script and its versions."""

    id: str
    title: Words
    version: str
    state: str
    versions: list[ScriptVersion]


class ScriptList(Answer):
    """Every script."""

    scripts: list[ScriptEntry]


class Enrolment(Answer):
    """The secret of a second factor, shown this once."""

    secret: str
    uri: str
    qr_svg: str


class IceServers(Answer):
    """RTCIceServer dictionaries."""

    iceServers: list[dict[str, Any]]  # noqa: N815 the name is WebRTC's


class ServingState(Answer):
    """Whether the service works."""

    status: Literal["ok", "draining"]
    version: str
