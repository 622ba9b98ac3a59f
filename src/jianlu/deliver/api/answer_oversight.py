"""What answers hold of those who watch over others' work: wall, case file, records of consent, retention, administration, samples.

As in `answers.py`: descriptions that the API's contract suite holds answers to.
"""

from __future__ import annotations

from typing import Any, Literal

from jianlu.deliver.api.answer_checks import Answer, Words
from jianlu.deliver.api.answer_review import CaseLinks
from jianlu.deliver.api.answers import Jobs, Result, ScriptUsed


class WallStep(Answer):
    """The step that comes or goes on."""

    no: int
    of: int
    title: Words


class WallRecording(Answer):
    """Whether it is recorded, and up to where that is sealed."""

    state: str
    recorded_until_ms: int


class WallMessage(Answer):
    """An alarm in words."""

    code: str
    text: Words
    track: str
    at_ms: int


class WallHealth(Answer):
    """How the recording stands; `none` where nothing is recorded, or nobody has looked."""

    level: Literal["none", "green", "amber", "red"]
    messages: list[WallMessage]
    looked_ms: int | None


class WallNote(Answer):
    """Who took note of everything that a session alarms about now."""

    name: str
    at: str


class Tile(Answer):
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


class Wall(Answer):
    """The sessions that go on; `left_off` is how many more there are."""

    tiles: list[Tile]
    left_off: int


class ClauseNamed(Answer):
    """A clause for a reader."""

    key: str
    citation: str
    title: Words
    source: str


class FilePerson(Answer):
    """Who sat where, masked."""

    seat: str
    title: Words
    name: str


class FileFact(Answer):
    """A fact that decided the plan."""

    fact: str
    label: Words
    value: Words


class FilePack(Answer):
    """A pack of rules that the plan was made from."""

    id: str
    version: str
    digest: str
    title: Words


class Demand(Answer):
    """What the plan demands, in words, and by which clause."""

    kind: str
    text: Words
    clause: ClauseNamed


class ConsentDecided(Answer):
    """A decision about a consent. `text` is the notice as it was read; null where nothing here can be shown to be that text.

    One that was taken back after the talk has no `at_ms` and no notice; `may_be_withdrawn` is whether it may be now.
    """

    purpose: str
    title: Words
    by: str
    who: Words
    decision: Literal["given", "refused", "withdrawn"]
    how: str
    notice: str
    version: str
    lang: str
    text: str | None
    at: str
    at_ms: int | None
    may_be_withdrawn: bool


class RetentionTerm(Answer):
    """One rule's answer: so long after `trigger`; `stated` is that day where it was stated after the call, else empty."""

    clause: ClauseNamed
    trigger: Words
    years: int
    months: int
    until: str
    stated: str


class Kept(Answer):
    """How long a part is kept and by which clause; `until` is a date, `open` or `none`. `is_set`: the ledger says so already.

    `ended_at`: when the part was destroyed before the case, empty while it is kept.
    """

    part: str
    title: Words
    until: str
    clause: ClauseNamed
    terms: list[RetentionTerm]
    is_set: bool
    ended_at: str


class Handled(Answer):
    """Class and level that the events state of one kind of object, with the clause (null: none states one, the highest level holds).

    `place` is the declared place of the store in which it was sealed, `confined_by` the clause that keeps it within its areas. `object` is
    empty for plan, rules and script.
    """

    object: str
    title: Words
    category: str
    level: int
    says: Words
    clause: ClauseNamed | None
    place: str
    kept: Words
    confined_by: ClauseNamed | None
    objects: int


class Chain(Answer):
    """Where the case ends in the ledger."""

    events: int
    last: str
    at: str
    is_closed: bool


class Look(Answer):
    """One decision about a look or an act: by an account (its shown name) or a seat of the session."""

    at: str
    who: str
    seat: str
    action: str
    purpose: str
    is_allowed: bool
    policies: list[str]
    times: int


class Packaged(Answer):
    """The package that was written."""

    bytes: int
    url: str


class CaseFile(Answer):
    """Everything of one case. `verdicts`, `gaps` and `events` are those of its playback; `access` is null for who may not read it.

    `links` are the case before, if this talk was held again, and the one in which it was.
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


class RecordedTrack(Answer):
    """A track that was recorded, and whose it is."""

    track: str
    kind: str
    title: Words


class Recorded(Answer):
    """What was recorded; nulls where nothing was, or the recording goes on."""

    from_at: str | None
    to_at: str | None
    duration_ms: int | None
    tracks: list[RecordedTrack]
    gaps: list[dict[str, Any]]


class ToldDocument(Answer):
    """A document that was shown, and when."""

    title: Words
    from_ms: int
    to_ms: int


class ToldAnswer(Answer):
    """A question that was answered, and how."""

    question: Words
    answer: Words
    at_ms: int


class Told(Answer):
    """A step that was done: the sentences that the script had for it, what was shown and what was answered."""

    title: Words
    from_ms: int
    to_ms: int
    says: list[Words]
    documents: list[ToldDocument]
    answers: list[ToldAnswer]


class OwnCopy(Answer):
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


class ConsentTakenBack(Answer):
    """A consent that does not hold any more."""

    case: str
    purpose: str
    seat: str
    way: Literal["page", "letter", "telephone", "counter"]
    at: str


class CopyLinkMade(Answer):
    """A link to a customer's own copy and the code that goes another way, shown this once."""

    url: str
    code: str
    expires_at: str
