"""Properties of policy: parsers end in InvalidError, terms are never short, plans do not depend on the order of packs or facts."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.keeping import OPEN, add_term
from jianlu.core.formats.plan import plan_bytes
from jianlu.govern.policy import Pack, freeze_plan, load_languages, load_packs, packs_directory, parse_case_file
from jianlu.govern.policy.conditions import Missing, evaluate, parse_condition
from jianlu.govern.policy.facts import CHANNELS, KINDS
from jianlu.govern.policy.retain import Candidate, solve_retention

SALE = (Path(__file__).parents[2] / "packs" / "policy" / "golden" / "counter-62.toml").read_text(encoding="utf-8")
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31))
TRIGGERS = ("recording_time", "contract_end", "dispute_end")


@cache
def packs() -> tuple[Pack, ...]:
    return load_packs(packs_directory())


def assert_case_or_invalid(content: bytes) -> None:
    """Either a case file or InvalidError with a message; any other error fails the test."""
    complaint = ""
    try:
        complaint = parse_case_file(content).id
    except InvalidError as error:
        complaint = str(error)
    assert complaint


@given(st.binary(max_size=300))
def test_random_bytes_are_a_case_file_or_invalid(content: bytes) -> None:
    assert_case_or_invalid(content)


@given(st.lists(st.sampled_from(SALE.splitlines()), max_size=40), st.text(max_size=20))
def test_shuffled_lines_are_a_case_file_or_invalid(lines: list[str], rubbish: str) -> None:
    assert_case_or_invalid("\n".join([*lines, rubbish]).encode(errors="surrogatepass"))


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_a_term_is_never_a_day_short_and_at_most_three_too_long(start: date, years: int, months: int) -> None:
    end = add_term(start, years=years, months=months)
    months_apart = (end.year - start.year) * 12 + end.month - start.month
    assert months_apart >= years * 12 + months
    assert end.day == start.day or (end.day == 1 and months_apart == years * 12 + months + 1)
    assert end - start >= timedelta(days=365 * years + 28 * months)


@given(DAYS, DAYS, st.integers(0, 40))
def test_a_later_trigger_never_ends_a_term_earlier(one: date, other: date, years: int) -> None:
    early, late = sorted((one, other))
    assert add_term(early, years=years, months=0) <= add_term(late, years=years, months=0)


@given(
    DAYS,
    st.dictionaries(st.sampled_from(TRIGGERS[1:]), DAYS),
    st.lists(st.tuples(st.sampled_from(TRIGGERS), st.integers(0, 30), st.integers(0, 11)), min_size=1, max_size=6),
)
def test_no_candidate_outlasts_what_governs(on: date, dates: dict[str, date], terms: list[tuple[str, int, int]]) -> None:
    candidates = [Candidate("recording", f"c{n}", trigger, years, months) for n, (trigger, years, months) in enumerate(terms)]
    (kept,) = solve_retention(candidates, on=on, dates=dates)
    assert len(kept.terms) == len(candidates)
    if kept.until == OPEN:
        assert any(term.until == OPEN for term in kept.terms)
    else:
        assert kept.until == max(term.until for term in kept.terms)
    assert any(term.clause == kept.clause and term.until == kept.until for term in kept.terms)


_AGE = st.sampled_from([None, 30, 60, 90])
_CHANNEL = st.sampled_from([None, "broker", "telephone"])
_TESTS = st.sampled_from(
    [
        {"fact": "customer.age", "at_least": 60},
        {"fact": "case.channel", "is": "broker"},
        {"fact": "customer.age", "less_than": 40},
    ]
)
_CONDITIONS = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


@given(_CONDITIONS, _AGE, _CHANNEL)
def test_an_answer_given_without_a_fact_holds_whatever_the_fact_is(
    fields: dict[str, object], age: int | None, channel: str | None
) -> None:
    try:
        condition = parse_condition(fields)
    except InvalidError:
        return
    facts = {name: value for name, value in (("customer.age", age), ("case.channel", channel)) if value is not None}
    answer = evaluate(condition, facts, named={}, amount=len)
    for full_age in (30, 60, 90):
        for full_channel in ("broker", "telephone"):
            full: dict[str, object] = {"customer.age": full_age, "case.channel": full_channel, **facts}
            complete = evaluate(condition, full, named={}, amount=len)
            assert isinstance(complete, bool)
            assert isinstance(answer, Missing) or answer is complete


@settings(max_examples=25)
@given(
    kind=st.sampled_from(KINDS),
    channel=st.sampled_from(CHANNELS),
    age=st.integers(0, 110),
    term=st.integers(1, 30),
    design=st.sampled_from(["ordinary", "participating", "universal", "unit_linked"]),
    on=st.dates(min_value=date(2015, 1, 1), max_value=date(2030, 1, 1)),
)
def test_any_case_freezes_to_a_plan_or_names_what_is_missing(
    kind: str, channel: str, age: int, term: int, design: str, on: date
) -> None:
    text = (
        SALE.replace('"life_insurance"', f'"{kind}"')
        .replace('"bank_counter"', f'"{channel}"')
        .replace("age = 62", f"age = {age}")
    )
    text = text.replace("term_years = 10", f"term_years = {term}").replace('"participating"', f'"{design}"')
    case = parse_case_file(text.replace("2026-11-20", on.isoformat()).encode()).facts
    languages = load_languages(packs_directory())
    plan, complaint = None, ""
    try:
        plan = freeze_plan(case, packs(), languages)
    except InvalidError as error:
        complaint = str(error)
    if plan is None:
        assert "no rule pack applies" in complaint or "add" in complaint
        return
    assert plan_bytes(freeze_plan(case, tuple(reversed(packs())), languages)) == plan_bytes(plan)
    assert all(clause.effective_from <= on.isoformat() for clause in plan.clauses)


def test_no_two_packs_share_a_clause_or_a_step_with_different_parties() -> None:
    for one, other in combinations(packs(), 2):
        assert not {clause.id for clause in one.clauses} & {clause.id for clause in other.clauses}
    speakers: dict[str, set[str]] = {}
    for pack in packs():
        for demand in (demand for clause in pack.clauses for demand in clause.demands if "step" in demand.fields):
            party = demand.fields.get("speaker") or f"{demand.fields['asker']}>{demand.fields['answerer']}"
            speakers.setdefault(demand.fields["step"], set()).add(str(party))
    assert all(len(parties) == 1 for parties in speakers.values()), speakers
