"""What the API takes and gives, made from its description by `generate.py`: change that, not this."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Fields that this client does not know yet are left out."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class AccessRequestEntry(Model):
    """A request that takes a second person; times are instants, `expires_at` is when it is over, `used_at` when one act
    used it up.  `place` and `recipient` are where an export goes, empty for all else.
    """

    request: str
    kind: str
    action: str
    case: str
    hold: str
    reason: str
    state: str
    asked_by: str
    asked_by_name: str
    asked_at: str
    decided_by: str
    decided_by_name: str
    decided_at: str
    expires_at: str
    used_at: str
    place: str
    recipient: str


class AccessRequestList(Model):
    """Those that wait, and one's own."""

    requests: list[OwnRequestEntry]


class AgentReviewed(Model):
    """First looks of reviewers at one agent's talks; `late` are those not done on their last day."""

    agent: str
    name: str
    drawn: int
    done: int
    late: int
    overturned: int
    redo: int
    appealed: int


class Agreement(Model):
    """Counts (rows: the first judge), the share that agrees, and Cohen's kappa; null where it is undefined."""

    n: int
    table: list[list[int]]
    share: Interval | None
    kappa: Interval | None


class Alarm(Model):
    """What is wrong with a recording, since when."""

    code: str
    track: str
    from_ms: int


class AnswerGiven(Model):
    """An answer to a question of the step."""

    question: str
    answer: str
    how: Literal["click", "spoken"] = "click"


class Attestation(Model):
    """A statement of a person about what machines cannot see."""

    clause: str
    statement: str


class CaseAccess(Model):
    """Who looked at a case, and every emergency that opened it."""

    lines: list[LookLine]
    page: int
    next: str
    case: str
    emergencies: list[AccessRequestEntry]


class CaseEntry(Model):
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


class CaseFile(Model):
    """Everything of one case. `verdicts`, `gaps` and `events` are those of its playback; `access` is null for who may
    not read it.  `links` are the case before, if this talk was held again, and the one in which it was.
    """

    case: str
    number: str
    title: str
    template: str
    template_version: str
    state: str
    language: str
    profile: str
    customer: str
    agent: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    script: ScriptUsed
    people: list[FilePerson]
    facts: list[FileFact]
    packs: list[FilePack]
    demands: list[Demand]
    consents: list[ConsentDecided]
    verdicts: list[dict[str, Any]]
    counts: dict[str, int]
    gaps: list[dict[str, Any]]
    events: list[dict[str, Any]]
    retention: list[Kept]
    handling: list[Handled]
    chain: Chain
    jobs: Jobs
    result: Result | None
    package: Packaged | None
    links: CaseLinks | None
    access: list[Look] | None


class CaseLinks(Model):
    """The case whose place this one takes, and the one that takes its place."""

    before: LinkedCase | None
    after: LinkedCase | None


class CaseList(Model):
    """One page of cases, and how many there are in each state; by cursor nothing is counted, and `next` is empty on the
    last page.
    """

    cases: list[CaseEntry]
    total: int
    page: int
    pages: int
    counts: dict[str, int]
    next: str


class CaseMade(Model):
    """The reference of a case."""

    case: str


class Chain(Model):
    """Where the case ends in the ledger."""

    events: int
    last: str
    at: str
    is_closed: bool


class ChangedField(Model):
    """A field that differs, word by word in each language: parts are `same`, `added` or `removed`, and their text."""

    field: str
    label: dict[str, str]
    parts: dict[str, list[list[str]]]


class ChangedStep(Model):
    """A step and what became of it: `same`, `added`, `removed` or `changed`."""

    id: str
    no: int
    title: dict[str, str]
    kind: str
    fields: list[ChangedField]


class ChatLine(Model):
    """A line of the recorded chat. `to` is the seat that it is for, "" for everybody: others see that it was written,
    and no text.
    """

    by: str
    to: str
    text: str
    at_ms: int


class CheckedPoint(Model):
    """One thing that the step must show, and what is known of it: `unknown` until it was looked at."""

    id: str
    kind: str
    by: str
    text: dict[str, str]
    state: str
    reason: str
    why: dict[str, str] | None
    from_ms: int | None
    to_ms: int | None


class Clause(Model):
    """A clause behind a step."""

    key: str
    citation: str
    title: dict[str, str]


class ClauseAgreement(Model):
    """Machine against people on one clause."""

    n: int
    table: list[list[int]]
    share: Interval | None
    kappa: Interval | None
    clause: str
    title: dict[str, str]
    citation: str


class ClauseNamed(Model):
    """A clause for a reader."""

    key: str
    citation: str
    title: dict[str, str]
    source: str


class Coded(Model):
    """A code, what it is about, and both in words."""

    code: str
    about: str
    text: dict[str, str]


class Consent(Model):
    """One purpose, the notice's text, and what was decided by whom."""

    purpose: str
    by: str
    title: dict[str, str]
    text: dict[str, str]
    version: str
    digest: str
    moment: str
    on_refusal: str
    state: str
    how: str
    at_ms: int


class ConsentDecided(Model):
    """A decision about a consent. `text` is the notice as it was read; null where nothing here can be shown to be that
    text.  One that was taken back after the talk has no `at_ms` and no notice; `may_be_withdrawn` is whether it may
    be now.
    """

    purpose: str
    title: dict[str, str]
    by: str
    who: dict[str, str]
    decision: str
    how: str
    notice: str
    version: str
    lang: str
    text: str | None
    at: str
    at_ms: int | None
    may_be_withdrawn: bool


class ConsentDecision(Model):
    """What the customer (or guardian) decided about one purpose."""

    purpose: str
    decision: Literal["given", "refused", "withdrawn"]
    how: Literal["click", "spoken"] = "click"


class ConsentTakenBack(Model):
    """A consent that does not hold any more."""

    case: str
    purpose: str
    seat: str
    way: str
    at: str


class CopyAsked(Model):
    """A link's token, and the code that was told by another way."""

    token: str
    code: str


class Coverage(Model):
    """What became of one draw; `permille` of those that counted were reviewed in time."""

    plan: str
    no: int
    on: str
    cases: int
    eligible: int
    wanted: int
    in_time: int
    late: int
    waiting: int
    permille: int | None
    wanted_permille: int


class DeliveryEntry(Model):
    """One message to one endpoint: waiting, delivered or dead; status and error of the last attempt."""

    message: str
    topic: str
    case: str
    state: str
    attempts: int
    status: int | None
    error: str
    made_at: str
    tried_at: str
    next_at: str


class DeliveryList(Model):
    """A page of deliveries; `next` is the cursor of the next one, empty on the last."""

    deliveries: list[DeliveryEntry]
    next: str


class Demand(Model):
    """What the plan demands, in words, and by which clause."""

    kind: str
    text: dict[str, str]
    clause: ClauseNamed


class DepositMade(Model):
    """A deposit: its object in the case, the file's SHA-256, and the session's ms at which it came."""

    deposit: str
    document: str
    sha256: str
    at_ms: int
    signature: str


class Deposited(Model):
    """A document that was put into the case; what its signature is worth was not checked."""

    document: str
    signature: str
    by: str
    at_ms: int


class Document(Model):
    """A document of a step."""

    id: str
    title: dict[str, str]
    is_shown: bool
    is_showing: bool


class DocumentShown(Model):
    """Which document of the step the customer sees; `digest` is what the page computed of the file that it shows."""

    document: str
    digest: str = ""


class DraftContent(Model):
    """A draft as it is now, and the number of the one from which its editor started."""

    revision: int
    content: dict[str, Any]


class DraftProposal(Model):
    """What the draft becomes: its number, from when it holds, until when (empty: without an end), and why."""

    revision: int
    version: str
    effective_from: str
    effective_to: str = ""
    reason: str = ""


class DraftRevision(Model):
    """The number of the draft that is meant."""

    revision: int


class Draw(Model):
    """A roll and what was drawn of it; `tree_size` and `root` are the ledger's tree that gave the seed."""

    plan: str
    no: int
    first: int
    end: int
    cases: int
    eligible: int
    grouped: int
    drawn: int
    tree_size: int
    root: str
    frozen_at: str


class DrawChecked(Model):
    """A draw that was made again and came out the same."""

    plan: str
    no: int
    is_repeated: Literal[True]
    roll: str
    origin: str
    size: int
    root: str
    grouped: list[str]
    drawn: list[str]
    twice: list[str]


class DrawList(Model):
    """Plans and draws."""

    plans: list[PlanOfReviews]
    draws: list[Draw]


class Encryption(Model):
    """The members of an end-to-end encrypted room; `handover` is the room's secret, wrapped to the viewer's page alone."""

    secret: str
    members: list[RoomMember]
    handover: str


class EndpointFor(Model):
    """What outside software may do: send a feed (`whip`) or watch one (`whep`)."""

    kind: Literal["whip", "whep"]
    feed: str


class EndpointMade(Model):
    """An address for outside software and its bearer token, shown this once."""

    url: str
    bearer: str


class FileFact(Model):
    """A fact that decided the plan."""

    fact: str
    label: dict[str, str]
    value: dict[str, str]


class FilePack(Model):
    """A pack of rules that the plan was made from."""

    id: str
    version: str
    digest: str
    title: dict[str, str]


class FilePerson(Model):
    """Who sat where, masked."""

    seat: str
    title: dict[str, str]
    name: str


class FoundCase(Model):
    """A case that fits. `count` is how often what was asked is said, `lines_total` in how many lines; `lines` are the
    first of them.  Lines are withheld from those who may find the case and not play it.
    """

    case: str
    number: str
    title: str
    template: str
    product: str
    customer: str
    agent: str
    began_at: str
    state: str
    verdicts: VerdictCounts
    not_met: list[str]
    count: int
    lines_total: int
    lines: list[FoundLine]
    is_withheld: bool
    playback: str
    links: CaseLinks | None


class FoundLine(Model):
    """A line that holds what was asked: who says it, from when to when, at which millisecond the first found word
    begins.  `marks` are ranges of characters of `text`, half-open; empty where the text cannot be laid over what was
    heard.
    """

    role: str
    lang: str
    from_ms: int
    to_ms: int
    at_ms: int
    text: str
    marks: list[list[int]]
    playback: str


class GateCheck(Model):
    """A check of the gate before the start: what it is about (a seat, a recorder, or nothing), and what to do where it
    is not met.
    """

    check: str
    about: str
    state: str
    text: dict[str, str]
    next: dict[str, str]


class Handled(Model):
    """Class and level that the events state of one kind of object, with the clause (null: none states one, the highest
    level holds).  `place` is the declared place of the store in which it was sealed, `confined_by` the clause that
    keeps it within its areas. `object` is empty for plan, rules and script.
    """

    object: str
    title: dict[str, str]
    category: str
    level: int
    says: dict[str, str]
    clause: ClauseNamed | None
    place: str
    kept: dict[str, str]
    confined_by: ClauseNamed | None
    objects: int


class Handover(Model):
    """Who goes on with the session, by account name."""

    to: str
    reason: str = ""


class Health(Model):
    """Green, amber or red, and why; none while nothing is recorded. `looked_ms` is when it was looked at, null for not
    yet.
    """

    level: str
    messages: list[HealthMessage]
    looked_ms: int | None


class HealthMessage(Model):
    """An alarm in words."""

    code: str
    text: dict[str, str]
    track: str
    at_ms: int


class IceServers(Model):
    """RTCIceServer dictionaries."""

    ice_servers: list[dict[str, Any]] = Field(alias="iceServers")


class Interval(Model):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class InvitationFor(Model):
    """Which seat somebody is invited to."""

    seat: str


class InvitationMade(Model):
    """An invitation, shown this once."""

    url: str
    token: str
    qr_svg: str
    seat: str
    check_code: str
    expires_at: str


class Jobs(Model):
    """The stages after the call: `stage` is none, inspect, judge, package, done or failed; `done` of `due` units of it."""

    stage: str
    done: int
    due: int | None
    error: str


class Joined(Model):
    """Where an invitation led."""

    case: str
    seat: str


class Joining(Model):
    """The token of an invitation."""

    token: str


class Kept(Model):
    """How long a part is kept and by which clause; `until` is a date, `open` or `none`. `is_set`: the ledger says so
    already.  `ended_at`: when the part was destroyed before the case, empty while it is kept.
    """

    part: str
    title: dict[str, str]
    until: str
    clause: ClauseNamed
    terms: list[RetentionTerm]
    is_set: bool
    ended_at: str


class LinkedCase(Model):
    """A case that stands for another; its number is empty where it came as a file."""

    case: str
    number: str
    state: str


class LiveChecks(Model):
    """How checking during the call stands, and what can be put right at once; for staff."""

    state: str
    on_not_met: str
    held_by: str | None
    calls_supervisor: bool
    prompts: list[Coded]


class Look(Model):
    """One decision about a look or an act: by an account (its shown name) or a seat of the session."""

    at: str
    who: str
    seat: str
    action: str
    purpose: str
    is_allowed: bool
    policies: list[str]
    times: int


class LookLine(Model):
    """One decision of access; `times` counts the same one again within a minute."""

    at: str
    who_kind: str
    who: str
    name: str
    action: str
    resource_kind: str
    resource: str
    purpose: str
    is_allowed: bool
    policies: list[str]
    clauses: list[str]
    times: int


class LookPage(Model):
    """A page of decisions, newest first."""

    lines: list[LookLine]
    page: int
    next: str


class Message(Model):
    """A line of the recorded chat."""

    text: str


class MessageMade(Model):
    """The id of a message."""

    message: str


class NewCase(Model):
    """What a case is made of; the facts that a template asks for are in its description."""

    template: str
    number: str
    title: str = ""
    language: str = "zh"
    profile: str = "standard"
    facts: dict[str, bool | int | str | list[str]] = Field(default_factory=dict)
    people: dict[str, PersonBody]
    seats: list[str] = Field(default_factory=list)
    end_to_end: bool = False


class NewRequest(Model):
    """What a second person is asked for: `emergency` to look at a case, `approval` of an act on it."""

    kind: Literal["emergency", "approval"]
    action: Literal["", "package.export", "hold.lift"] = ""
    case: str
    hold: str = ""
    reason: str
    place: str = ""
    recipient: str = ""


class NewShare(Model):
    """What is shared."""

    kind: Literal["screen", "document", "whiteboard"]


class NewWebhook(Model):
    """Whom to tell (an https URL), what (topics such as `case.packaged`, `case.*`, `*`), and how messages are signed."""

    url: str
    name: str
    topics: list[str] = Field(default_factory=lambda: ["*"])
    scheme: Literal["v1", "v1a"] = "v1"


class Nobody(Model):
    """Nobody is signed in."""

    kind: Literal["nobody"]


class Option(Model):
    """A possible answer, and what it does: go on, or end the talk."""

    id: str
    label: dict[str, str]
    effect: str


class OwnCopy(Model):
    """The customer's own copy."""

    title: str
    language: str
    state: str
    agent: str
    made_at: str
    recorded: Recorded
    consents: list[ConsentDecided]
    told: list[Told]
    retention: list[Kept]
    access: list[Look]
    chain: Chain


class OwnRequestEntry(Model):
    """One of a list; `is_own` requests are decided by somebody else."""

    request: str
    kind: str
    action: str
    case: str
    hold: str
    reason: str
    state: str
    asked_by: str
    asked_by_name: str
    asked_at: str
    decided_by: str
    decided_by_name: str
    decided_at: str
    expires_at: str
    used_at: str
    place: str
    recipient: str
    is_own: bool


class Packaged(Model):
    """The package that was written."""

    bytes: int
    url: str


class PageKeyBody(Model):
    """A page's public key in an encrypted room, the id of the secret that it holds, and its proof of holding it."""

    public_key: str
    secret: str = ""
    proof: str = ""


class PersonBody(Model):
    """Somebody who will sit in a seat."""

    name: str
    phone: str = ""


class PlanGroup(Model):
    """A group of which every case is reviewed."""

    group: str
    title: dict[str, str]
    mark: str
    note: dict[str, str]


class PlanOfReviews(Model):
    """A plan of reviews, as a pack demands it."""

    plan: str
    title: dict[str, str]
    citation: str
    clause: str
    mark: str
    confidence: str
    share_permille: int
    second_permille: int
    appeal_days: int
    redo_days: int
    groups: list[PlanGroup]


class Preflight(Model):
    """What the device test of a browser found: `ok`, `failed` or `skipped` by check."""

    checks: dict[str, Literal["ok", "failed", "skipped"]]


class Progress(Model):
    """How far the stages after the call are."""

    jobs: Jobs
    result: Result | None


class Question(Model):
    """A question of a step, and its answer."""

    id: str
    question: dict[str, str]
    by: str
    options: list[Option]
    answer: str | None


class Queue(Model):
    """Who waits, in turn."""

    waiting: list[Ticket]


class Recorded(Model):
    """What was recorded; nulls where nothing was, or the recording goes on."""

    from_at: str | None
    to_at: str | None
    duration_ms: int | None
    tracks: list[RecordedTrack]
    gaps: list[dict[str, Any]]


class RecordedTrack(Model):
    """A track that was recorded, and whose it is."""

    track: str
    kind: str
    title: dict[str, str]


class Recording(Model):
    """The recording now: everything before `recorded_until_ms` is sealed, or declared missing."""

    state: str
    recorded_until_ms: int
    now_ms: int
    zero_us: int
    segments: int
    tracks: dict[str, Track]
    alarms: list[Alarm]
    is_forwarding: bool


class Replay(Model):
    """Which messages: by id, or all that the endpoint wants of a time (RFC 3339, UTC), or of that those that are dead."""

    messages: list[str] = Field(default_factory=list)
    since: str = ""
    until: str = ""
    only: Literal["dead", "all"] = "dead"


class Replayed(Model):
    """How many messages are sent again."""

    messages: int


class Result(Model):
    """Verdicts by kind, and where the package is."""

    met: int | None
    not_met: int | None
    not_evidenced: int | None
    package_url: str


class RetentionTerm(Model):
    """One rule's answer: so long after `trigger`; `stated` is that day where it was stated after the call, else empty."""

    clause: ClauseNamed
    trigger: dict[str, str]
    years: int
    months: int
    until: str
    stated: str


class ReviewEntry(Model):
    """A review with what lists show of its case; the customer's name is masked."""

    case: str
    stage: str
    plan: str
    draw: int
    cause: str
    group: dict[str, str] | None
    due_on: str
    urgency: str
    state: str
    reviewer: str
    reviewer_name: str
    outcome: str
    asks_redo: bool
    taken_at: str | None
    decided_at: str | None
    appealed_at: str | None
    number: str
    title: str
    template: str
    customer: str
    agent: str


class ReviewList(Model):
    """One page of reviews, the most urgent first, and how long each list is; `sees_all` is false for who sees those of
    their own cases.  By cursor nothing is counted, and `next` is empty on the last page.
    """

    reviews: list[ReviewEntry]
    total: int
    page: int
    pages: int
    counts: dict[str, int]
    today: str
    sees_all: bool
    next: str


class ReviewStatistics(Model):
    """Shares reached and agreement; "not evidenced" is a category of its own. Of `ended` cases, destroyed since, numbers
    alone are left.
    """

    categories: list[str]
    coverage: list[Coverage]
    states: dict[str, int]
    machine: Agreement
    clauses: list[ClauseAgreement]
    people: Agreement
    reviewers: list[ReviewerCounts]
    second_looks: int
    first_stood: int
    ended: int


class ReviewerCounts(Model):
    """What one reviewer did of first looks."""

    account: str
    name: str
    reviews: int
    clauses: int
    overturned: int


class RoomMember(Model):
    """A member of an encrypted room: a page by its seat, or a recorder. `proof` shows other members that a page holds
    the secret.  `is_given`: whoever leads gave this key the secret; `replaced` is such a key whose page or recorder
    is there no more.
    """

    member: str
    kind: str
    state: str
    public_key: str
    fingerprint: str
    proof: str
    is_given: bool


class Rotation(Model):
    """For how many hours the former secret signs beside the new one: 0 for one that leaked."""

    overlap_h: int = 24


class ScriptAct(Model):
    """Who did what to which version; the ledger keeps it too."""

    act: str
    version: str
    digest: str
    account: str
    name: str
    at: str
    reason: str


class ScriptActs(Model):
    """Every act on a script, the newest first."""

    acts: list[ScriptAct]


class ScriptChanges(Model):
    """What differs between two texts of a script."""

    head: list[ChangedField]
    steps: list[ChangedStep]
    counts: dict[str, int]


class ScriptChoice(Model):
    """Something to choose, with its label."""

    id: str
    label: dict[str, str]


class ScriptChoices(Model):
    """What an editor may choose from."""

    kinds: list[ScriptChoice]
    seats: list[ScriptChoice]
    consents: list[ScriptChoice]
    effects: list[ScriptChoice]
    facts: list[ScriptChoice]
    conditions: list[ScriptCondition]
    demands: list[ScriptDemand]
    attested: list[ScriptClause]


class ScriptClause(Model):
    """A clause of a rule pack, `key` as `pack:clause`."""

    key: str
    citation: str
    title: dict[str, str]


class ScriptCondition(Model):
    """A condition that the script uses, in words."""

    when: dict[str, Any]
    text: dict[str, str]


class ScriptContent(Model):
    """A version of a script, as its specification says."""

    content: dict[str, Any]


class ScriptDemand(Model):
    """What the rules demand under one name that steps may cover: the wordings that are read out, and the clauses."""

    id: str
    says: list[str]
    clauses: list[ScriptClause]


class ScriptDraft(Model):
    """A draft; `revision` 0 is the newest version as nobody has changed it yet. `rehearsed`: in how many kinds of case
    it was tried.
    """

    script: str
    revision: int
    based_on: str
    saved_by: str
    saved_by_name: str
    saved_at: str
    content: dict[str, Any]
    problems: list[ScriptProblem]
    lacks: list[ScriptLack]
    rehearsed: int
    next_version: str
    choices: ScriptChoices
    changes: ScriptChanges


class ScriptEntry(Model):
    """A script and its versions."""

    id: str
    title: dict[str, str]
    version: str
    state: str
    versions: list[ScriptVersion]


class ScriptLack(Model):
    """What a talk would miss that follows the script; `is_refused` when it keeps the script from being proposed."""

    code: str
    clause: ScriptClause
    step: str
    text: dict[str, str]
    is_refused: bool


class ScriptList(Model):
    """Every script."""

    scripts: list[ScriptEntry]


class ScriptProblem(Model):
    """What is wrong with a draft: `at` is its place in the document, as `steps/3/say/0/text/zh`."""

    code: str
    at: str
    text: dict[str, str]


class ScriptReason(Model):
    """Why a version is approved or withdrawn; kept with the act."""

    reason: str = ""


class ScriptUsed(Model):
    """The version of the script that the session runs."""

    id: str
    version: str
    digest: str


class ScriptVersion(Model):
    """A version of a script, who proposed and who approved it (account and shown name); `content` only where one script
    is asked for.
    """

    script: str
    version: str
    title: dict[str, str]
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


class SearchResult(Model):
    """One page of results: `total` counts every case that fits and that the caller may find; by cursor `next` is empty
    on the last.
    """

    hits: list[FoundCase]
    total: int
    page: int
    pages: int
    next: str
    order: str


class Seat(Model):
    """A seat: empty, invited, waiting, present or away."""

    seat: str
    state: str
    display: str
    is_you: bool
    device: dict[str, str] | None


class SeatHolder(Model):
    """Somebody who was admitted to a seat."""

    kind: Literal["participant"]
    tenant: str
    case: str
    seat: str


class Sentence(Model):
    """What is said, in the session's language and in all."""

    text: str
    lang: str
    texts: dict[str, str]


class ServingState(Model):
    """Whether the service works."""

    status: str
    version: str


class SessionView(Model):
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
    next_sentence: dict[str, str] | None
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


class Share(Model):
    """A share that goes on."""

    track: str
    kind: str
    by: str


class ShareMade(Model):
    """The track of a share."""

    track: str


class StaffMember(Model):
    """A member of staff. `proved_at` is when they last proved who they are, `is_bound` whether the sign-in answers to
    one device's key.
    """

    kind: Literal["staff"]
    tenant: str
    account: str
    name: str
    display: str
    roles: list[str]
    languages: list[str]
    licences: list[str]
    skills: list[str]
    has_totp: bool
    proved_at: str | None
    proved_by: str
    is_bound: bool


class Step(Model):
    """A step of the script as it stands; `blocked_by` says why it cannot be completed yet."""

    id: str
    no: int
    title: dict[str, str]
    kind: str
    speaker: str
    say: list[Sentence]
    prompt: dict[str, str]
    min_read_ms: int
    left_ms: int
    documents: list[Document]
    answers: list[Question]
    consents: list[str]
    attestations: list[Wanted]
    clauses: list[Clause]
    state: str
    attempt: int
    from_ms: int | None
    to_ms: int | None
    can_complete: bool
    blocked_by: list[Coded]
    checks: StepChecks


class StepChecks(Model):
    """The checks of a step's present attempt, for staff; `is_whole` once all of it was looked at and recorded."""

    state: str
    is_whole: bool
    action: str
    is_waived: bool
    points: list[CheckedPoint]


class StoreEntry(Model):
    """A store of sealed objects. `label` is the probe's: compliance, none, pretends, unfit or "" before the first.
    `behind`: ledger entries without their copies there; `next_steps`: codes of what somebody has to do, the most
    urgent first.
    """

    name: str
    address: str
    where: str
    place: str
    is_first: bool
    promises_lock: bool
    label: str
    failed: str
    probed_at: str
    objects: int
    bytes: int
    behind: int
    is_complete: bool
    problem: str
    last_scrub: StoreScrub | None
    scrubbing: StoreScrubbing | None
    happened: list[StoreEvent]
    left_off: int
    kept_away: list[StoreKeptAway]
    kept_away_count: int
    next_steps: list[str]


class StoreEvent(Model):
    """What happened to copies, from the ledger's entry at `position`.  `alarmed` and `repaired` name one object of
    `case`; `reason` is missing, altered or misplaced, `from` the store that had it. An alarm `is_open` while nothing
    mended it. `refused` says how many `objects` may not be kept there, by which `clause`, and the areas `within`.
    """

    kind: str
    position: int
    at: str
    is_open: bool
    reason: str
    case: str
    object: str
    from_: str = Field(alias="from")
    objects: int
    within: str
    clause: str


class StoreKeptAway(Model):
    """A running case and the clauses that keep something of it away from the store."""

    case: str
    clauses: list[str]


class StoreList(Model):
    """The stores in the order of the settings; `advice`: codes of what concerns them together.  `cases_not_asked_about`:
    running cases beyond the hundred whose plans were asked whether they may be there.
    """

    scrub_days: int
    advice: list[str]
    cases_not_asked_about: int
    stores: list[StoreEntry]


class StoreScrub(Model):
    """The last whole scrub of a store, as the ledger has it; `lost` copies were wrong and no store had another."""

    since: str
    at: str
    objects: int
    bytes: int
    repaired: int
    lost: int


class StoreScrubbing(Model):
    """The scrub under way: `done` of `due` ledger entries whose copies it reads."""

    since: str
    done: int
    due: int


class Supervisor(Model):
    """Who sits beside the session as its supervisor; everybody in it is told the name."""

    display: str
    is_you: bool


class SupervisorCall(Model):
    """A talk in which a check calls for a supervisor."""

    case: str
    title: str
    step: str


class SupervisorCalls(Model):
    """Talks that call for a supervisor."""

    calls: list[SupervisorCall]


class TakingBack(Model):
    """Which consent is taken back. Staff also say whose it is, how the person said so and on what paper or call; a
    person need not.
    """

    purpose: Literal["sharing", "export", "training", "research", "marketing"]
    seat: str = "customer"
    way: Literal["letter", "telephone", "counter"] | None = None
    reason: str = ""


class TeamReviews(Model):
    """The agents of the caller's branch whose talks were drawn; `branch` is "" for all branches."""

    branch: str
    agents: list[AgentReviewed]


class Template(Model):
    """What a case was made of."""

    id: str
    version: str
    title: dict[str, str]


class Ticket(Model):
    """A customer who waits."""

    ticket: str
    template: str
    language: str
    profile: str
    display: str
    state: str
    entered_at: str
    case: str


class TicketCase(Model):
    """The case that was made for a waiting customer."""

    case: str


class TicketMade(Model):
    """A place in the queue; the token is shown this once."""

    ticket: str
    token: str


class TicketStatus(Model):
    """How it stands with a place in the queue; an invitation's token when it is one's turn."""

    state: str
    ahead: int
    case: str
    invitation: str | None


class TicketTaken(Model):
    """The ticket that was taken, or nobody's."""

    ticket: Ticket | None


class TicketToken(Model):
    """The token of a place in the queue."""

    token: str


class Tile(Model):
    """One session on the wall. `tracks` is the state of every track; `supervisor` the name of who sits beside it."""

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
    elapsed_ms: int
    step: WallStep | None
    recording: WallRecording
    tracks: dict[str, str]
    health: WallHealth
    calls_supervisor: bool
    supervisor: str | None
    noted: WallNote | None


class Told(Model):
    """A step that was done: the sentences that the script had for it, what was shown and what was answered."""

    title: dict[str, str]
    from_ms: int
    to_ms: int
    says: list[dict[str, str]]
    documents: list[ToldDocument]
    answers: list[ToldAnswer]


class ToldAnswer(Model):
    """A question that was answered, and how."""

    question: dict[str, str]
    answer: dict[str, str]
    at_ms: int


class ToldDocument(Model):
    """A document that was shown, and when."""

    title: dict[str, str]
    from_ms: int
    to_ms: int


class Track(Model):
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


class VerdictCounts(Model):
    """How many clauses there are of each verdict."""

    met: int
    not_met: int
    not_evidenced: int


class VersionChanges(Model):
    """A version as text for readers, and what differs from another one (null for the first of all)."""

    version: str
    against: str
    reading: dict[str, Any]
    changes: ScriptChanges | None
    lacks: list[ScriptLack]
    rehearsed: int
    demands: list[ScriptDemand]
    attested: list[ScriptClause]


class WalkIn(Model):
    """A customer who comes without an appointment."""

    template: str
    language: str = "zh"
    profile: str = "standard"
    name: str


class Wall(Model):
    """The sessions that go on; `left_off` is how many more there are."""

    tiles: list[Tile]
    left_off: int


class WallHealth(Model):
    """How the recording stands; `none` where nothing is recorded, or nobody has looked."""

    level: str
    messages: list[WallMessage]
    looked_ms: int | None


class WallMessage(Model):
    """An alarm in words."""

    code: str
    text: dict[str, str]
    track: str
    at_ms: int


class WallNote(Model):
    """Who took note of everything that a session alarms about now."""

    name: str
    at: str


class WallRecording(Model):
    """Whether it is recorded, and up to where that is sealed."""

    state: str
    recorded_until_ms: int


class WallStep(Model):
    """The step that comes or goes on."""

    no: int
    of: int
    title: dict[str, str]


class Wanted(Model):
    """An attestation that a step wants."""

    clause: str
    what: dict[str, str]
    by: list[str]
    is_made: bool


class WebhookChange(Model):
    """What is to be another; what is left out stays."""

    url: str | None = None
    name: str | None = None
    topics: list[str] | None = None
    is_active: bool | None = None


class WebhookEntry(Model):
    """An endpoint; `public_key` verifies messages of scheme `v1a`. Instants are RFC 3339, empty for none."""

    id: str
    url: str
    name: str
    topics: list[str]
    scheme: str
    public_key: str
    is_active: bool
    why_off: str
    former_until: str
    created_at: str


class WebhookList(Model):
    """Every endpoint, every topic, and whether the operator lets this installation call out at all."""

    endpoints: list[WebhookEntry]
    topics: list[str]
    is_on: bool


class WebhookMade(Model):
    """A new endpoint or secret: `secret` (`whsec_...`, or the public key `whpk_...`) is shown this once."""

    endpoint: WebhookEntry
    secret: str


class Why(Model):
    """A reason, as a short code or words."""

    reason: str = ""


class WrappedSecret(Model):
    """The room's secret, wrapped to one member's key; `public_key` is that key, empty for the one that the member has
    now.
    """

    wrapped: str
    public_key: str = ""


class You(Model):
    """Where the viewer stands: a seat, or none."""

    seat: str
    is_staff: bool
