"""Every situation of every pack, staged and judged by the real rules, gets the verdicts that the pack expects.

And no automated clause is without a situation in which it is met and one in which it is not.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from jianlu.core.formats.plan import Language, Track
from jianlu.govern.policy import Pack, load_languages, load_packs, packs_directory
from jianlu.govern.policy.situations import Situation, read_situations
from tests.packs.policy.stage import verdicts_of


@cache
def packs() -> dict[str, Pack]:
    return {pack.id: pack for pack in load_packs(packs_directory())}


@cache
def languages() -> dict[str, Language]:
    return load_languages(packs_directory())


@cache
def situations(pack: str) -> dict[str, Situation]:
    found = read_situations(packs_directory() / pack, {clause.id for clause in packs()[pack].clauses})
    return {situation.id: situation for situation in found}


ALL = [(pack, situation) for pack in packs() for situation in situations(pack)]


@pytest.mark.parametrize(("pack", "situation"), ALL)
def test_a_situation_gets_the_verdicts_that_its_pack_expects(pack: str, situation: str) -> None:
    told = situations(pack)[situation]
    found = verdicts_of(told, packs()[pack], languages())
    assert {clause: found[clause] for clause in told.expect} == dict(told.expect)


@pytest.mark.parametrize("pack", list(packs()))
def test_every_automated_clause_has_a_situation_that_meets_it_and_one_that_does_not(pack: str) -> None:
    expected = [situation.expect for situation in situations(pack).values()]
    for clause in packs()[pack].clauses:
        if clause.status == "automated":
            answers = {expect[clause.id] for expect in expected if clause.id in expect}
            assert {"met", "not_met"} <= answers, clause.id


@pytest.mark.parametrize("pack", list(packs()))
def test_every_attested_clause_has_a_situation_with_its_attestation_and_one_without(pack: str) -> None:
    expected = [situation.expect for situation in situations(pack).values()]
    for clause in packs()[pack].clauses:
        if clause.status == "attested":
            answers = {expect[clause.id] for expect in expected if clause.id in expect}
            assert {"met", "not_evidenced"} <= answers, clause.id


def test_one_track_for_everybody_shows_nothing_about_who_spoke() -> None:
    """With a single mixed track no step, consent or promise can be laid at anybody's door: not evidenced, never met."""
    lawful = situations("cn-insurance-dual-recording")["lawful"]
    facts = replace(lawful.case.facts, tracks=(Track("picture", "video", 0), Track("mixed", "audio", 0)))
    lines = tuple(replace(line, track="mixed") for line in lawful.lines)
    mixed = replace(lawful, case=replace(lawful.case, facts=facts), lines=lines)
    found = verdicts_of(mixed, packs()["cn-insurance-dual-recording"], languages())
    spoken = ("CN-IN-4", "CN-IN-5a", "CN-IN-5b", "CN-IN-5c", "CN-IN-5d", "CN-IN-5e", "CN-IN-6", "CN-IN-11", "CN-IN-12")
    assert {found[clause] for clause in spoken} == {"not_evidenced"}
