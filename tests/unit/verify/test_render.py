"""The verifier's answer in words: reasons instead of codes, nothing that a terminal would obey, and never more than a screenful."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jianlu.core.terms.verdicts import Basis, ClauseVerdict, Evidence, Reason, Verdict
from jianlu.verify._problem import problem_at
from jianlu.verify.model import Gap, Problem, Result, Signer, Where
from jianlu.verify.problems import Code
from jianlu.verify.render import LANGUAGES, PROBLEMS_SHOWN_MAX, render

MISSING = Reason("missing_point", "agent", 61_000, 65_000, "pack/days")
CLAUSE = ClauseVerdict(
    pack="pack",
    clause="C-1",
    verdict=Verdict.NOT_MET,
    basis=Basis.AUTOMATED,
    confidence="unverified",
    mark="V",
    evidence=(Evidence("agent", 1_000, 2_000),),
    reasons=(MISSING, MISSING, Reason("engine_absent", "session", 0, 0, "speech")),
    obligations=(),
)
UNMET = problem_at(Code.CLAUSE_NOT_MET, from_ms=61_000, to_ms=65_000, clause="pack:C-1", detail="missing_point pack/days")
RESULT = Result(
    (UNMET,),
    (CLAUSE,),
    tenant="bank",
    case="c1",
    duration_ms=90_000,
    signer=Signer("log+1", "package+1", False, "not given"),
    titles={"pack:C-1": {"zh": "说明犹豫期", "en": "Explain the cooling-off period"}},
    names={"pack/days": "犹豫期十五天"},
)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "zh",
            (
                "未听到应当说明的内容：犹豫期十五天（应在 01:01.000 至 01:05.000 之间）",
                "语音识别",
                "C-1 说明犹豫期 [pack]",
                "条款未满足  01:01.0–01:05.0",
            ),
        ),
        (
            "en",
            (
                "a required statement was not heard: 犹豫期十五天",
                "speech recognition",
                "C-1 Explain the cooling-off period [pack]",
                "the agent 00:01.0",
            ),
        ),
    ],
)
def test_a_clause_that_is_not_met_is_told_in_words_with_its_time(language: str, sentences: tuple[str, ...]) -> None:
    told = render(RESULT, language)
    assert all(sentence in told for sentence in sentences), told
    assert "missing_point" not in told and "pack/days" not in told and "engine_absent" not in told
    assert told.count(sentences[0]) == 1, "the same reason is told once"


@pytest.mark.parametrize("language", LANGUAGES)
def test_altered_evidence_is_located_and_no_clause_is_listed(language: str) -> None:
    place = Where(12, 22_000, 24_000)
    broken = problem_at(Code.SEGMENT_ALTERED, path="sealed/seg-000012.v1.sealed", place=place, clause="pack:C-1", detail="why")
    told = render(replace(RESULT, problems=(broken,)), language)
    assert "00:22.0–00:24.0" in told and "seg-000012" in told and " 12 " in told and "why" in told
    assert "C-1" in told and "✓" not in told and "01:01" not in told


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_a_text(code: Code, language: str) -> None:
    told = render(replace(RESULT, problems=(problem_at(code, path="x"),)), language)
    assert code.value not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_terminal_never_sees_what_it_would_obey(language: str) -> None:
    evil = "\x1b[2J\x07\u202e\u2066\x9b31m\nok\r\ud800"
    clause = replace(CLAUSE, clause=evil, evidence=(Evidence(evil, 0, 1),), reasons=(Reason(evil, evil, 0, 1, evil), MISSING))
    problems = (Problem("entry_extra", Where(None, None, None, evil), evil, False, evil), replace(UNMET, clause=f"pack:{evil}"))
    names, titles = {"pack/days": evil}, {f"pack:{evil}": {"zh": evil, "en": evil}}
    for result in (
        replace(RESULT, problems=problems, clauses=(clause,), names=names, titles=titles),
        replace(RESULT, problems=(replace(problems[0], breaks_integrity=True),), tenant=evil, case=evil),
    ):
        told = render(result, language)
        assert told.replace("\n", "").isprintable()
        assert told.encode()
        assert "\nok" not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_thousand_problems_and_endless_words_fit_a_screen(language: str) -> None:
    many = tuple(problem_at(Code.ENTRY_EXTRA, path=f"x/{number}", detail="y" * 10_000) for number in range(10_000))
    told = render(replace(RESULT, problems=many), language)
    assert f"{10_000 - PROBLEMS_SHOWN_MAX:d}" in told and "--json" in told
    assert len(told) < 300_000 and max(map(len, told.split("\n"))) <= 500


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_complete_package_is_told_in_one_word_and_its_clauses(language: str) -> None:
    met = replace(CLAUSE, verdict=Verdict.MET, reasons=(), basis=Basis.ATTESTED)
    other = replace(met, clause="C-2", confidence="verified", basis=Basis.AUTOMATED)
    told = render(replace(RESULT, problems=(), clauses=(met, other)), language)
    assert told.startswith("完整" if language == "zh" else "INTACT and COMPLETE")
    assert told.count("✓") == 2 and "✗" not in told and told.count("*") == 2


@pytest.mark.parametrize(
    ("language", "line"),
    [("zh", "01:01.0–01:06.0  客户的画面  连接中断"), ("en", "the customer's picture  the connection was lost")],
)
def test_gaps_are_told_with_their_seconds_and_side(language: str, line: str) -> None:
    result = replace(RESULT, gaps=(Gap(61_000, 66_000, "connection_lost", "customer-picture"),))
    assert line in render(result, language)
    assert result.as_document()["gaps"] == [
        {"from_ms": 61_000, "to_ms": 66_000, "reason": "connection_lost", "side": "customer-picture"}
    ]


def test_encryption_is_told_as_the_platforms_record_and_not_of_a_package_that_is_not_intact() -> None:
    members = (("agent", "ab" * 16), ("recorder-a", "cd" * 16))
    for language, said, named in (
        ("en", "members it named at any time: ", "the agent (abababababababab…), the recorder A (cdcdcdcdcdcdcdcd…)\n"),
        ("zh", "其先后列为成员的有: ", "销售人员 (abababababababab…), 录制端 A (cdcdcdcdcdcdcdcd…)\n"),
    ):
        assert said + named in render(replace(RESULT, members=members), language)
    altered = problem_at(Code.SEGMENT_ALTERED)
    assert altered.breaks_integrity
    for language in LANGUAGES:
        doubted = render(replace(RESULT, problems=(altered,), members=members), language)
        assert "abababab" not in doubted
        assert render(replace(RESULT, problems=(altered,)), language) == doubted
