"""Properties of how long things are kept: nothing that comes later shortens, order does not matter, a part never outlives its case.

A day that is stated after the call gives the end that the solver would have given had it been known.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.formats.custody import has_ended, kept_of, kept_until, part_kept_until, refusal_of
from jianlu.core.formats.event import FIRST_PREV, Event, make_event
from jianlu.core.formats.keeping import OPEN, part_kept, retention_body, settled
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import ENDING_PARTS
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.govern.policy.retain import Candidate, solve_retention
from tests.fakes.vault.home import CASE, TENANT

RECORDED = date(2026, 11, 22)
TRIGGERS = ("contract_end", "dispute_end", "purpose_end")
STATED_AT = "2060-01-01T00:00:00.000Z"
DAYS = st.dates(min_value=date(2026, 11, 22), max_value=date(2059, 12, 31))
INSTANTS = st.integers(0, 34_000).map(lambda days: datetime(2026, 11, 22, 9, tzinfo=UTC) + timedelta(days=days))
TERMS = st.builds(
    lambda part, trigger, years, months, is_contingent: Candidate(
        part,
        f"pack:{trigger[:3]}{years}",
        trigger,
        years,
        months,
        (trigger,) if is_contingent and trigger != "recording_time" else (),
    ),
    st.sampled_from(ENDING_PARTS),
    st.sampled_from(("recording_time", *TRIGGERS)),
    st.integers(0, 20),
    st.integers(0, 11),
    st.booleans(),
)
"""Terms of parts, some of which count only once their day is known."""

STATED = st.dictionaries(st.sampled_from(TRIGGERS), DAYS)


def event(kind: EventType, **body: object) -> Event:
    return make_event(kind, tenant=tenant_id(TENANT), case=case_ref(CASE), n=0, prev=FIRST_PREV, at=STATED_AT, body=body)


def always(terms: list[Candidate]) -> list[Candidate]:
    """With one term that always counts for each part, as packs must have."""
    parts = {each.part for each in terms}
    return [*terms, *(Candidate(part, "pack:least", "recording_time", 0, 1) for part in sorted(parts))]


def set_by(terms: list[Candidate], known: dict[str, date]) -> list[Event]:
    solved = solve_retention(always(terms), on=RECORDED, dates=known)
    return [event(EventType.RETENTION_SET, **retention_body(each)) for each in solved]


def stated_by(days: dict[str, date]) -> list[Event]:
    return [event(EventType.TRIGGER_STATED, of=CASE, trigger=name, day=day.isoformat()) for name, day in days.items()]


def closed(events: list[Event]) -> list[Event]:
    return [*events, event(EventType.CASE_CLOSED, events=len(events) + 1)]


@given(st.lists(TERMS, min_size=1, max_size=6), STATED, STATED)
def test_a_day_stated_later_gives_the_end_that_it_would_have_given_before(
    terms: list[Candidate], known: dict[str, date], later: dict[str, date]
) -> None:
    later = {name: day for name, day in later.items() if name not in known}
    after = {name: day.isoformat() for name, day in later.items()}
    early = solve_retention(always(terms), on=RECORDED, dates={**known, **later})
    late = solve_retention(always(terms), on=RECORDED, dates=known)
    for whole, piece in zip(early, late, strict=True):
        end = settled(part_kept(retention_body(piece)), after)
        assert end.until == whole.until or ("starts" not in retention_body(piece) and end.until == OPEN)


@given(st.lists(TERMS, min_size=1, max_size=6), STATED, st.lists(DAYS, max_size=3), st.randoms())
def test_the_order_of_what_was_said_does_not_matter(
    terms: list[Candidate], days: dict[str, date], extensions: list[date], chance: object
) -> None:
    said = [*set_by(terms, {}), *stated_by(days)]
    said += [event(EventType.RETENTION_EXTENDED, of=CASE, until=day.isoformat()) for day in extensions]
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for part in ("", *ENDING_PARTS):
        one, other = kept_of(said, part), kept_of(shuffled, part)
        assert (one is None) == (other is None) and (one is None or other is None or one.until == other.until)


@given(st.lists(TERMS, min_size=1, max_size=6), STATED, DAYS, st.booleans(), INSTANTS)
def test_an_extension_or_a_hold_frees_nothing(
    terms: list[Candidate], days: dict[str, date], until: date, is_hold: bool, at: datetime
) -> None:
    case, custody = closed(set_by(terms, {})), stated_by(days)
    more = event(EventType.HOLD_PLACED, of=CASE, hold="h" + "0" * 26)
    if not is_hold:
        more = event(EventType.RETENTION_EXTENDED, of=CASE, until=until.isoformat())
    for part in ("", *ENDING_PARTS):
        if refusal_of(case, [*custody, more], at, part=part) is None:
            assert refusal_of(case, custody, at, part=part) is None


@given(st.lists(TERMS, min_size=1, max_size=6), STATED, st.sampled_from(TRIGGERS), DAYS, INSTANTS)
def test_a_day_that_is_stated_again_only_lengthens(
    terms: list[Candidate], days: dict[str, date], trigger: str, again: date, at: datetime
) -> None:
    custody = stated_by({**days, trigger: days.get(trigger, again)})
    twice = [*custody, *stated_by({trigger: again})]
    case = closed(set_by(terms, {}))
    for part in ("", *ENDING_PARTS):
        if refusal_of(case, twice, at, part=part) is None:
            assert refusal_of(case, custody, at, part=part) is None


@given(st.lists(TERMS, min_size=1, max_size=6), STATED, INSTANTS)
def test_where_the_whole_may_go_each_part_may_and_none_outlives_its_case(
    terms: list[Candidate], days: dict[str, date], at: datetime
) -> None:
    case, custody = closed(set_by(terms, {})), stated_by(days)
    whole = kept_until([*case, *custody])
    assert whole is not None
    for part in {each.part for each in terms}:
        end = part_kept_until(part, [*case, *custody])
        assert end is not None and (whole.until == OPEN or end.until <= whole.until)
        if refusal_of(case, custody, at) is None:
            assert refusal_of(case, custody, at, part=part) is None


@given(DAYS, INSTANTS, st.integers(0, 10_000))
def test_what_has_ended_stays_ended_and_no_zone_is_robbed(day: date, at: datetime, hours: int) -> None:
    if has_ended(day.isoformat(), at):
        assert has_ended(day.isoformat(), at + timedelta(hours=hours))
        assert (at - timedelta(hours=12)).date() > day
