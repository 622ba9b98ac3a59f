"""The result as text for a person, in Chinese or English. Only wording and layout; nothing is decided here.

The machine-readable form is `Result.as_document`, which says everything that this says. Texts of a package may be hostile: what is no
printable character is replaced, so that nobody's terminal obeys a package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jianlu.core.terms.instants import instant_text
from jianlu.core.terms.verdicts import Basis, ClauseVerdict, Verdict
from jianlu.core.verdicts.reasons import CODE_NAMES, reason_text, track_name
from jianlu.verify.model import Problem, Result, Stamped
from jianlu.verify.problems import TEXTS, Code

LANGUAGES = ("zh", "en")
PROBLEMS_SHOWN_MAX = 200
_REASONS_SHOWN_MAX = 8
_STAMPS_SHOWN_MAX = 8
_TIMES_SHOWN_MAX = 3
_RECORDER = "recorder"
_KEY_SHOWN = 16
"""Digits of a member's fingerprint: as many as its page shows."""

_LINE_MAX = 500
"""Characters of one line: a title and a wording fit; a hostile package does not fill the screen."""

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
    "gaps": ("录制间断", "gaps in the recording"),
    "encrypted": (
        "平台将本次通话记录为端到端加密；其先后列为成员的有",
        "The platform recorded this call as end-to-end encrypted; members it named at any time",
    ),
    "trusted": ("签名方在信任名单中。", "The signers are in the trust file."),
    "untrusted": (
        "提示：签名方为包内自述。请用 --trust 指定从可靠渠道取得的信任文件。",
        "Note: the signers are self-declared. Pass --trust with a trust file that you got from a source you trust.",
    ),
    "checkpoint": ("已保存的检查点", "saved checkpoint"),
    "segment": ("片段", "segment"),
    "unverified": (
        "法条文字均未对照官方网站复核。",
        "The wording of these clauses has not been compared with the official sites.",
    ),
    "unverified_some": ("* 法条文字未对照官方网站复核。", "* wording not compared with the official site."),
    "attested": ("依据人工陈述", "by a person's statement"),
    "doubted": (
        "证据不可信，本包的 {count} 条条款一律视为未能证明。",
        "Altered evidence proves nothing: all {count} clauses of this package count as not evidenced.",
    ),
    "more": ("……另有 {count} 项，见 --json", "… and {count} more, see --json"),
    "place": ("涉及条款", "offends"),
    "time": ("可信时间", "trusted time"),
    "no_time": ("未能证明（没有时间戳）", "not evidenced (no time stamp)"),
    "covers": ("覆盖全案", "covers the whole case"),
    "before": ("早于本案结束", "from before the case ended"),
    "checked": ("签名已核验", "signature checked"),
    "claimed": ("签名方为包内自述", "authority self-declared"),
    "openssl": ("第三方核验", "to check with another program"),
    "unpack": ("先解压", "unpack first"),
    "witnesses": ("账本见证", "witnesses of the ledger"),
    "no_witness": ("未能证明（信任文件未列见证者）", "not evidenced (the trust file lists no witness)"),
    "resealed": (
        "重新密封 {count} 次，每一次均在账本中",
        "objects sealed anew {count} times, each in the ledger",
    ),
    "withheld": (
        "生物特征模板 {count} 个未随包提供：任何证据包都不含此类数据",
        "{count} biometric templates are not in the package: no package carries any",
    ),
    "second": ("第二签名（SM2）", "second signature (SM2)"),
    "second_checked": ("已核验", "checked"),
    "second_claimed": ("未能证明（信任文件未列其 SM2 公钥）", "not evidenced (the trust file lists no SM2 key of it)"),
    "cosigned": ("副署 {have} 个，要求 {required} 个", "{have} cosigned, {required} required"),
}
_AFTER = ("（{what}）", " ({what})")
_VERDICTS = {
    Verdict.MET: ("满足", "met"),
    Verdict.NOT_MET: ("未满足", "not met"),
    Verdict.NOT_EVIDENCED: ("未能证明", "not evidenced"),
}
_MARKS = {Verdict.MET: "✓", Verdict.NOT_MET: "✗", Verdict.NOT_EVIDENCED: "?"}
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
    """The whole result as lines of text; `language` is "zh" or "en". Every character but the line ends is printable."""
    return printable_lines(_Page(result, language).lines())


def stamp_lines(
    stamps: Sequence[Stamped], language: str, *, covers: tuple[str, str], before: tuple[str, str], unpack: tuple[str, str]
) -> Iterator[str]:
    """Whose tokens say which time, and the command by which somebody else's program checks each, after `unpack`."""
    at = LANGUAGES.index(language)
    for stamp in stamps[:_STAMPS_SHOWN_MAX]:
        words = [(covers if stamp.covers_case else before)[at], _WORDS["checked" if stamp.is_checked else "claimed"][at]]
        yield f"{_WORDS['time'][at]}: {stamp.authority} {instant_text(stamp.at)}  ({', '.join(words)})"
    if stamps:
        yield f"  {_WORDS['openssl'][at]}{_AFTER[at].format(what=unpack[at])}:"
        yield from (f"    {stamp.command}" for stamp in stamps[:_STAMPS_SHOWN_MAX])


def printable_lines(lines: Iterable[str]) -> str:
    """The lines of a text for a terminal: what is no printable character is replaced, and a line ends somewhere."""
    return "".join(_printable(line) + "\n" for line in lines)


def _printable(line: str) -> str:
    shown = line if len(line) <= _LINE_MAX else line[: _LINE_MAX - 1] + "…"
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)


@dataclass(frozen=True, slots=True)
class _Page:
    """One result in one language."""

    result: Result
    language: str

    def lines(self) -> Iterator[str]:
        yield from self._head()
        problems, clauses = self.result.problems, self.result.clauses
        if problems:
            yield from ("", f"{self._word('problems')} ({len(problems)})")
            for problem in problems[:PROBLEMS_SHOWN_MAX]:
                yield from self._problem(problem)
            if len(problems) > PROBLEMS_SHOWN_MAX:
                yield "  " + self._word("more").format(count=len(problems) - PROBLEMS_SHOWN_MAX)
        if self.result.gaps:
            yield from self._gaps()
        if clauses and not self.result.is_intact:
            yield from ("", self._word("doubted").format(count=len(clauses)))
        elif clauses:
            yield from self._clauses()

    def _head(self) -> Iterator[str]:
        result = self.result
        headline = "not_intact" if not result.is_intact else "intact_complete" if result.is_complete else "intact_incomplete"
        yield self._word(headline)
        if result.case:
            duration = f"{self._word('duration')}: {clock_text(result.duration_ms)}"
            yield f"{self._word('case')}: {result.tenant}/{result.case}   {duration}"
        if result.members and result.is_intact:
            shown = [f"{self._member(name)} ({key[:_KEY_SHOWN]}…)" for name, key in result.members[:PROBLEMS_SHOWN_MAX]]
            yield f"{self._word('encrypted')}: {', '.join(shown)}"
        if result.signer is not None:
            yield self._word("trusted" if result.signer.is_trusted else "untrusted")
            if result.signer.saved_checkpoint != "not given":
                yield f"{self._word('checkpoint')}: {_SAVED[result.signer.saved_checkpoint][self._at]}"
            if result.is_intact:
                if result.resealed:
                    yield self._word("resealed").format(count=result.resealed)
                if result.withheld:
                    yield self._word("withheld").format(count=result.withheld)
                yield from self._seconds()
                yield from self._vouched()

    def _vouched(self) -> Iterator[str]:
        """What authorities and witnesses say, or that it is not evidenced; with the command by which somebody else's program checks it."""
        stamps, cosignatures = self.result.stamps, self.result.cosignatures
        if not stamps:
            yield f"{self._word('time')}: {self._word('no_time')}"
        yield from stamp_lines(stamps, self.language, covers=_WORDS["covers"], before=_WORDS["before"], unpack=_WORDS["unpack"])
        names = dict.fromkeys(each.witness for each in cosignatures if each.covers_case)
        said = self._word("cosigned").format(have=len(names), required=self.result.witnesses_required)
        asked = bool(cosignatures or self.result.witnesses_required)
        yield f"{self._word('witnesses')}: {', '.join([said, *names]) if asked else self._word('no_witness')}"

    def _seconds(self) -> Iterator[str]:
        """Who signed with SM2 besides, as far as the trust file lets it be checked."""
        for each in self.result.second_signatures:
            word = self._word("second_checked" if each.is_checked else "second_claimed")
            yield f"{self._word('second')}: {each.name}  {word}"

    def _problem(self, problem: Problem) -> Iterator[str]:
        """What and where on one line; below, why: the reasons of an unmet clause in words, else the detail."""
        where = problem.where
        parts = [TEXTS[Code(problem.what)][self._at]]
        if where.segment is not None:
            parts.append(f"{self._word('segment')} {where.segment}")
        if where.from_ms is not None:
            parts.append(f"{clock_text(where.from_ms)}–{clock_text(where.to_ms)}")
        if where.path:
            parts.append(where.path)
        unmet = None if problem.breaks_integrity else self._clause_of(problem)
        if unmet is not None:
            parts.append(self._name(unmet))
        mark = "✗" if unmet is None else _MARKS[unmet.verdict]
        yield f"  {mark} " + "  ".join(parts)
        if unmet is None:
            if problem.detail:
                yield f"      {problem.detail}"
            if problem.clause:
                yield f"      {self._word('place')}: {self._key_name(problem.clause)}"
            return
        reasons = list(dict.fromkeys(reason_text(reason, self.language, name_of=self._phrase) for reason in unmet.reasons))
        yield from (f"      · {reason}" for reason in reasons[:_REASONS_SHOWN_MAX])
        if len(reasons) > _REASONS_SHOWN_MAX:
            yield "      " + self._word("more").format(count=len(reasons) - _REASONS_SHOWN_MAX)

    def _gaps(self) -> Iterator[str]:
        """From which second to which nothing was recorded, on whose side and why."""
        gaps = self.result.gaps
        yield from ("", f"{self._word('gaps')} ({len(gaps)})")
        for gap in gaps[:PROBLEMS_SHOWN_MAX]:
            reason = CODE_NAMES.get(gap.reason, {}).get(self.language, gap.reason)
            side = track_name(gap.side, self.language)
            yield f"  - {clock_text(gap.from_ms)}–{clock_text(gap.to_ms)}  {side}  {reason}"
        if len(gaps) > PROBLEMS_SHOWN_MAX:
            yield "  " + self._word("more").format(count=len(gaps) - PROBLEMS_SHOWN_MAX)

    def _clauses(self) -> Iterator[str]:
        clauses = self.result.clauses
        yield from ("", f"{self._word('clauses')} ({len(clauses)})")
        unverified = sum(clause.confidence == "unverified" for clause in clauses)
        for clause in clauses:
            star = " *" if clause.confidence == "unverified" and unverified < len(clauses) else ""
            attested = f"  ({self._word('attested')})" if clause.basis is Basis.ATTESTED else ""
            yield f"  {_MARKS[clause.verdict]} {_VERDICTS[clause.verdict][self._at]}  {self._name(clause)}{star}{attested}"
            if clause.evidence:
                yield f"      {self._times(clause)}"
        if unverified:
            yield self._word("unverified" if unverified == len(clauses) else "unverified_some")

    def _times(self, clause: ClauseVerdict) -> str:
        stretches = list(dict.fromkeys((e.track, e.from_ms, e.to_ms) for e in clause.evidence))
        shown = [
            f"{track_name(track, self.language)} {clock_text(low)}–{clock_text(high)}"
            for track, low, high in stretches[:_TIMES_SHOWN_MAX]
        ]
        return ", ".join(shown) + (" …" if len(stretches) > _TIMES_SHOWN_MAX else "")

    def _clause_of(self, problem: Problem) -> ClauseVerdict | None:
        return next((clause for clause in self.result.clauses if f"{clause.pack}:{clause.clause}" == problem.clause), None)

    def _name(self, clause: ClauseVerdict) -> str:
        return self._key_name(f"{clause.pack}:{clause.clause}")

    def _key_name(self, key: str) -> str:
        pack, _, number = key.partition(":")
        title = self.result.titles.get(key, {}).get(self.language, "")
        return f"{number} {title} [{pack}]" if title else key

    def _member(self, name: str) -> str:
        """Whoever holds the key of an encrypted call, in words: a seat's page, or one of the recorders."""
        seat, _, recorder = name.partition("-")
        own = track_name(seat, self.language)
        return f"{own} {recorder.upper()}" if seat == _RECORDER and recorder else track_name(name, self.language)

    def _phrase(self, about: str) -> str:
        return self.result.names.get(about, about)

    def _word(self, key: str) -> str:
        return _WORDS[key][self._at]

    @property
    def _at(self) -> int:
        return LANGUAGES.index(self.language)
