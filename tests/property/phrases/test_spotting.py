"""Spotting against a slow, obvious search, and what must hold for any speech whatever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jianlu.core.errors import InvalidError
from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.phrases.align import Haystack, Needle, Work, matches_of
from jianlu.core.phrases.model import NEAR, UNIT, is_number, plain
from jianlu.core.phrases.nearness import Nearness
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.findings import Coverage, Finding, FindingKind, Inspection, Inspector, Status
from tests.fakes.conversation import ENGINE, Line, language, phrase, plan_of, said

NEARNESS = Nearness(language("zh").near)
SYLLABLES = st.sampled_from(["bao", "ben", "beng", "tong", "yi", "bu", "shi", "si", "zhi", "zi", "lu", "lv", "xiang"])
TEXTS = st.lists(
    st.sampled_from(["保本", "不", "是", "犹豫期15天", "同意", "吗", "不是", "没有", "投保本产品", "您好", "10年"]),
    min_size=1,
    max_size=8,
).map("".join)


def _slow_cost(wanted: tuple[str, ...], heard: tuple[str, ...]) -> int:
    """Edit cost of the whole of `heard` against `wanted`, by the definition, without numbers."""
    costs = [[UNIT * (row + place) for place in range(len(heard) + 1)] for row in range(len(wanted) + 1)]
    for row, one in enumerate(wanted, 1):
        for place, other in enumerate(heard, 1):
            different = 0 if one == other else NEAR if other in NEARNESS.near_to(one) else UNIT
            costs[row][place] = min(
                costs[row - 1][place - 1] + different, costs[row - 1][place] + UNIT, costs[row][place - 1] + UNIT
            )
    return costs[-1][-1]


@given(st.lists(SYLLABLES, min_size=4, max_size=7), st.lists(SYLLABLES, max_size=18), st.sampled_from([700, 800, 900, 1000]))
def test_the_filtered_search_finds_exactly_what_the_slow_one_finds(wanted: list[str], heard: list[str], threshold: int) -> None:
    needle = Needle.of(tuple(wanted), threshold, 0, NEARNESS)
    found = {match.last: match.cost for match in matches_of(needle, Haystack.of(tuple(heard)), Work())}
    expected: dict[int, int] = {}
    for last in range(1, len(heard) + 1):
        cost = min(_slow_cost(tuple(wanted), tuple(heard[first:last])) for first in range(last))
        if (len(wanted) * UNIT - cost) * 1000 >= threshold * len(wanted) * UNIT:
            expected[last] = cost
    assert found == expected


@given(st.lists(SYLLABLES, min_size=1, max_size=8), st.lists(SYLLABLES, max_size=30))
def test_a_match_costs_what_its_stretch_costs(wanted: list[str], heard: list[str]) -> None:
    needle = Needle.of(tuple(wanted), 700, 0, NEARNESS)
    for match in matches_of(needle, Haystack.of(tuple(heard)), Work()):
        assert match.cost == _slow_cost(tuple(wanted), tuple(heard[match.first : match.last]))


@given(TEXTS, TEXTS)
def test_a_number_is_never_heard_where_another_was_said(before: str, after: str) -> None:
    what = phrase("days", "犹豫期十五天", threshold=500)
    session = said(("agent", before), Line("agent", after, pause_ms=0))
    tokens = [token for u in session.speech.findings for token in u.value["tokens"]]
    for found in spot(plan_of(phrases=[what]), session.speech).findings:
        inside = [t[0] for t in tokens if found.from_ms <= t[1] < found.to_ms]
        assert [plain(t) for t in inside if is_number(t) or t == "tian"] == ["shi", "wu", "tian"]


@given(TEXTS)
def test_adding_a_no_in_front_turns_every_first_promise_round(text: str) -> None:
    plan = plan_of(phrases=[phrase("safe", "保本")])
    one = spot(plan, said(("agent", "保本" + text)).speech).findings[0]
    other = spot(plan, said(("agent", "不保本" + text)).speech).findings[0]
    assert (one.value["negated"], other.value["negated"]) == (False, True)


_TOKEN = st.tuples(SYLLABLES, st.integers(0, 5000), st.integers(0, 600), st.integers(0, 1000)).map(
    lambda t: [t[0], t[1], t[1] + t[2], t[3]]
)
_SPEECH = st.lists(st.tuples(st.sampled_from(["agent", "customer"]), st.lists(_TOKEN, max_size=12)), max_size=6)


@given(_SPEECH)
def test_any_well_formed_speech_gives_a_document_that_reads_back(utterances: list[tuple[str, list[list[object]]]]) -> None:
    found = tuple(
        Finding(f"s{n}", FindingKind.UTTERANCE, track, 0, 6000, 500, 400, ENGINE, {"lang": "zh", "text": "", "tokens": tokens})
        for n, (track, tokens) in enumerate(utterances)
    )
    speech = Inspection(Inspector.SPEECH, Status.RAN, "", ENGINE, (Coverage("agent", 0, 6000),), found)
    result = spot(plan_of(phrases=[phrase("safe", "保本"), phrase("yes", "同意录像", threshold=600)]), speech)
    assert parse_findings(findings_bytes(result)) == result
    assert list(result.findings) == sorted(result.findings, key=lambda f: (f.from_ms, f.to_ms))
    assert all(f.score >= f.threshold for f in result.findings)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda v: st.lists(v, max_size=4), max_leaves=6
)


@given(st.dictionaries(st.sampled_from(["lang", "text", "tokens"]), _VALUES))
def test_a_strange_utterance_ends_in_an_answer_or_our_own_error(value: dict[str, object]) -> None:
    utterance = Finding("s", FindingKind.UTTERANCE, "agent", 0, 1000, 0, 0, ENGINE, value)
    speech = Inspection(Inspector.SPEECH, Status.RAN, "", ENGINE, (), (utterance,))
    try:
        status = spot(plan_of(phrases=[phrase("safe", "保本")]), speech).status
    except InvalidError:
        status = Status.FAILED
    assert status in (Status.RAN, Status.FAILED)
