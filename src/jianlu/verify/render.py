"""The result as text for a person, in Chinese or English. Only wording and layout; nothing is decided here.

The machine-readable form is `Result.as_document`, which says everything that this says.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.core.terms.verdicts import ClauseVerdict, Verdict
from jianlu.verify.model import Problem, Result
from jianlu.verify.problems import TEXTS, Code

LANGUAGES = ("zh", "en")

_WORDS = {
    "intact_complete": ("完整、未被改动：各条款均已满足。", "INTACT and COMPLETE: nothing altered, every clause met."),
    "intact_incomplete": (
        "未被改动，但不完整：有条款未满足或未能证明。",
        "INTACT, NOT COMPLETE: nothing altered, but clauses are not met or not evidenced.",
    ),
    "not_intact": ("不可信：内容被改动、缺失或无法核实。", "NOT INTACT: something was altered, is missing or cannot be checked."),
    "case": ("案件", "case"),
    "duration": ("时长", "duration"),
    "problems": ("问题", "problems"),
    "clauses": ("条款", "clauses"),
    "trusted": ("签名方在信任名单中。", "The signers are in the trust file."),
    "untrusted": (
        "提示：签名方为包内自述。请用 --trust 指定从可靠渠道取得的信任文件。",
        "Note: the signers are self-declared. Pass --trust with a trust file that you got from a source you trust.",
    ),
    "checkpoint": ("已保存的检查点", "saved checkpoint"),
    "segment": ("片段", "segment"),
    "unverified": ("法条文本未经官网复核", "clause text not re-read on the official site"),
    "attested": ("人工陈述", "attested by a person"),
}
_VERDICTS = {
    Verdict.MET: ("满足", "met"),
    Verdict.NOT_MET: ("未满足", "not met"),
    Verdict.NOT_EVIDENCED: ("未能证明", "not evidenced"),
}
_SAVED = {
    "not given": ("未提供", "not given"),
    "consistent": ("一致", "consistent"),
    "not consistent": ("不一致", "not consistent"),
}


def clock_text(ms: int | None) -> str:
    """Session time as 01:23.4 (or 1:02:03.4), "-" for None."""
    if ms is None:
        return "-"
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{head}:{seconds:02d}.{rest // 100}"


def render(result: Result, language: str) -> str:
    """The whole result as lines of text; `language` is "zh" or "en"."""
    at = LANGUAGES.index(language)
    return "\n".join(_lines(result, at)) + "\n"


def _lines(result: Result, at: int) -> Iterator[str]:
    headline = "not_intact" if not result.is_intact else "intact_complete" if result.is_complete else "intact_incomplete"
    yield _WORDS[headline][at]
    if result.case:
        yield f"{_WORDS['case'][at]}: {result.tenant}/{result.case}   {_WORDS['duration'][at]}: {clock_text(result.duration_ms)}"
    if result.signer is not None:
        yield _WORDS["trusted" if result.signer.is_trusted else "untrusted"][at]
        if result.signer.saved_checkpoint != "not given":
            yield f"{_WORDS['checkpoint'][at]}: {_SAVED[result.signer.saved_checkpoint][at]}"
    if result.problems:
        yield f"\n{_WORDS['problems'][at]} ({len(result.problems)})"
        for problem in result.problems:
            yield f"  ✗ {_problem(problem, at)}"
    if result.clauses:
        yield f"\n{_WORDS['clauses'][at]} ({len(result.clauses)})"
        for clause in result.clauses:
            yield _clause(clause, result, at)


def _problem(problem: Problem, at: int) -> str:
    where = problem.where
    parts = [TEXTS[Code(problem.what)][at]]
    if where.segment is not None:
        parts.append(f"{_WORDS['segment'][at]} {where.segment}")
    if where.from_ms is not None:
        parts.append(f"{clock_text(where.from_ms)}–{clock_text(where.to_ms)}")
    if where.path:
        parts.append(where.path)
    if problem.clause:
        parts.append(f"[{problem.clause}]")
    if problem.detail:
        parts.append(f"({problem.detail})")
    return " ".join(parts)


def _clause(clause: ClauseVerdict, result: Result, at: int) -> str:
    mark = {Verdict.MET: "✓", Verdict.NOT_MET: "✗", Verdict.NOT_EVIDENCED: "?"}[clause.verdict]
    title = result.titles.get(f"{clause.pack}:{clause.clause}", {}).get(LANGUAGES[at], "")
    times = ", ".join(f"{e.track} {clock_text(e.from_ms)}–{clock_text(e.to_ms)}" for e in clause.evidence[:3])
    more = " …" if len(clause.evidence) > 3 else ""
    notes = [_WORDS["attested"][at]] if clause.basis.value == "attested" else []
    if clause.confidence == "unverified":
        notes.append(_WORDS["unverified"][at])
    notes += [f"{reason.code} {reason.about}".strip() for reason in clause.reasons[:3]]
    tail = f"  ({'; '.join(notes)})" if notes else ""
    return f"  {mark} {_VERDICTS[clause.verdict][at]}  {clause.pack} {clause.clause} {title}  {times}{more}{tail}"
