"""What answers hold of retention, responsibility, administration and inspection.

As in `answers.py`: descriptions that the API's contract suite holds answers to.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from jianlu.deliver.api.answer_checks import Answer, Words
from jianlu.deliver.api.answer_oversight import CaseFile, ClauseNamed
from jianlu.deliver.api.answers import Result


class KeptRow(Answer):
    """So many cases keep this part until then, by this clause."""

    part: str
    title: Words
    clause: ClauseNamed
    cases: int


class KeptMonth(Answer):
    """What is destroyed in a month."""

    month: str
    is_past: bool
    rows: list[KeptRow]


class UndatedRow(KeptRow):
    """What has no day: `open` until a day is stated, `none` for what is not kept."""

    until: str


class KeptYear(Answer):
    """How many parts of cases fall into a year."""

    year: str
    parts: int


class KeptCase(Answer):
    """A case of the month that was asked for."""

    case: str
    number: str
    until: str
    part: str
    title: Words
    clause: ClauseNamed


class HeldCase(Answer):
    """A case that a hold stands over."""

    case: str
    number: str
    at: str
    request: Literal["", "asked", "approved"]


class Matter(Answer):
    """A hold that stands: what for, since when, over which cases; `hidden` are those that the caller may not read."""

    hold: str
    matter: str
    reason: str
    by_name: str
    at: str
    cases: list[HeldCase]
    hidden: int


class HoldList(Answer):
    """Every hold that stands."""

    holds: list[Matter]


class HoldLift(Answer):
    """That a hold ended: why, by whom, and who approved it by which request."""

    reason: str
    by: str
    by_name: str
    second: str
    second_name: str
    request: str
    at: str


class HoldEntry(Answer):
    """A hold over a case; `lift` is null while it stands."""

    case: str
    hold: str
    matter: str
    reason: str
    by: str
    by_name: str
    at: str
    lift: HoldLift | None


class CaseHolds(Answer):
    """Every hold that was ever placed on the case."""

    case: str
    holds: list[HoldEntry]


class RetentionCalendar(Answer):
    """What is destroyed when and by which clause; `cases` are those of `month`. Holds have their place here."""

    today: str
    months: list[KeptMonth]
    undated: list[UndatedRow]
    years: list[KeptYear]
    holds: list[Matter] | None
    month: str
    cases: list[KeptCase]


class ClauseShare(Answer):
    """What each side does about one kind of demand."""

    kind: str
    provider: Words
    tenant: Words


class OwnedClause(Answer):
    """A clause and who answers for it."""

    clause: str
    citation: str
    title: Words
    status: str
    owner: Literal["provider", "tenant", "shared"]
    shares: list[ClauseShare]
    reason: Words


class OwnedPack(Answer):
    """A pack with its clauses."""

    id: str
    version: str
    title: Words
    clauses: list[OwnedClause]


class ResponsibilityMatrix(Answer):
    """Who answers for each clause of each pack."""

    packs: list[OwnedPack]
    counts: dict[str, int]


class SystemCheck(Answer):
    """Something that sessions need: `ok`, `failed` with the next step, or `off`."""

    check: str
    state: Literal["ok", "failed", "off"]
    detail: str


class Disk(Answer):
    """The disk of the home."""

    free_bytes: int
    bytes: int


class PackUsed(Answer):
    """A pack that this installation judges by."""

    id: str
    version: str
    digest: str


class JobEntry(Answer):
    """A job after a call that is not done."""

    case: str
    state: str
    stage: str
    done: int
    due: int | None
    error: str
    failures: int
    enqueued_ms: int
    may_retry: bool


class Administration(Answer):
    """How the installation is. `counts` are jobs by state."""

    version: str
    tenant: str
    time_zone: str
    checks: list[SystemCheck]
    disk: Disk
    sessions: int
    policies: str
    packs: list[PackUsed]
    counts: dict[str, int]
    jobs: list[JobEntry]


class StoreScrub(Answer):
    """The last whole scrub of a store, as the ledger has it; `lost` copies were wrong and no store had another."""

    since: str
    at: str
    objects: int
    bytes: int
    repaired: int
    lost: int


class StoreScrubbing(Answer):
    """The scrub under way: `done` of `due` ledger entries whose copies it reads."""

    since: str
    done: int
    due: int


class StoreEvent(Answer):
    """What happened to copies, from the ledger's entry at `position`.

    `alarmed` and `repaired` name one object of `case`; `reason` is missing, altered or misplaced, `from` the store that had it. An alarm
    `is_open` while nothing mended it. `refused` says how many `objects` may not be kept there, by which `clause`, and the areas `within`.
    """

    kind: Literal["alarmed", "repaired", "refused"]
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


class StoreKeptAway(Answer):
    """A running case and the clauses that keep something of it away from the store."""

    case: str
    clauses: list[str]


class StoreEntry(Answer):
    """A store of sealed objects. `label` is the probe's: compliance, none, pretends, unfit or "" before the first.

    `behind`: ledger entries without their copies there; `next_steps`: codes of what somebody has to do, the most urgent first.
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


class StoreList(Answer):
    """The stores in the order of the settings; `advice`: codes of what concerns them together.

    `cases_not_asked_about`: running cases beyond the hundred whose plans were asked whether they may be there.
    """

    scrub_days: int
    advice: list[str]
    cases_not_asked_about: int
    stores: list[StoreEntry]


class SampleHead(Answer):
    """A draw: of `population` cases whose references have that digest, `size` by `seed`."""

    sample: str
    from_on: str
    until_on: str
    size: int
    seed: str
    is_own_seed: bool
    population: int
    population_digest: str
    drawn_at: str


class SampleList(Answer):
    """One's own draws."""

    samples: list[SampleHead]


class SampleCase(Answer):
    """A drawn case; nobody's name."""

    case: str
    template: str
    state: str
    started_at: str | None
    ended_at: str | None
    result: Result | None
    package_url: str | None


class Sample(SampleHead):
    """A draw with its cases."""

    cases: list[SampleCase]


class AgentReviewed(Answer):
    """First looks of reviewers at one agent's talks; `late` are those not done on their last day."""

    agent: str
    name: str
    drawn: int
    done: int
    late: int
    overturned: int
    redo: int
    appealed: int


class TeamReviews(Answer):
    """The agents of the caller's branch whose talks were drawn; `branch` is "" for all branches."""

    branch: str
    agents: list[AgentReviewed]


WATCHING_ANSWERS: dict[str, type[BaseModel] | tuple[type[BaseModel], ...]] = {
    "GET /api/v1/retention": RetentionCalendar,
    "GET /api/v1/holds": HoldList,
    "GET /api/v1/cases/{case}/holds": CaseHolds,
    "POST /api/v1/cases/{case}/holds": HoldEntry,
    "POST /api/v1/cases/{case}/holds/{hold}/lift": HoldEntry,
    "GET /api/v1/responsibility": ResponsibilityMatrix,
    "GET /api/v1/administration": Administration,
    "POST /api/v1/administration/jobs/{case}/retry": Administration,
    "GET /api/v1/administration/stores": StoreList,
    "GET /api/v1/samples": SampleList,
    "POST /api/v1/samples": Sample,
    "GET /api/v1/samples/{sample}": Sample,
    "GET /api/v1/samples/{sample}/files/{drawn}": CaseFile,
    "GET /api/v1/supervision/reviews": TeamReviews,
}
