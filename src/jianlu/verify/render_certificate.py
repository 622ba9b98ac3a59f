"""The result for a certificate of destruction as text for a person, in Chinese or English.

Only wording; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator

from jianlu.verify.certificate import CertificateResult
from jianlu.verify.problems import TEXTS, Code
from jianlu.verify.render import printable_lines, stamp_lines

_COVERS = ("覆盖销毁完成的记录", "covers the completed destruction")
_BEFORE = ("早于销毁完成", "from before the destruction was completed")
_UNPACK = ("先用 --anchors 写出文件", "write the files out with --anchors first")
_PARTS = {
    "recording": ("录像录音", "recording"),
    "transcript": ("转写文本", "transcript"),
    "findings": ("检验结果", "findings"),
    "biometric": ("生物特征模板", "biometric templates"),
    "consent": ("同意和声明", "consents and statements"),
}
_WORDS = {
    "holds": (
        "销毁证明成立：账本证明该案件到期后由两人决定销毁，并已完成。",
        "The certificate HOLDS: the ledger proves that two people had this case destroyed after its term, and that it was done.",
    ),
    "part_holds": (
        "销毁证明成立：账本证明该案件的这一部分到期后由两人决定销毁，并已完成；案件其余部分继续保存。",
        "The certificate HOLDS: the ledger proves that two people had this PART of the case destroyed after its term; the rest is kept.",
    ),
    "part": ("部分", "part"),
    "fails": ("销毁证明不成立。", "The certificate DOES NOT HOLD."),
    "case": ("案件", "case"),
    "until": ("应保存至", "kept until"),
    "started": ("开始销毁", "destruction started"),
    "completed": ("销毁完成", "destruction completed"),
    "objects": ("账本所列密封对象", "sealed objects that the ledger names"),
    "reason": ("理由", "reason"),
    "trusted": ("账本密钥在信任名单中。", "The ledger's key is in the trust file."),
    "untrusted": (
        "提示：账本密钥为证明自述。请用 --trust 指定从可靠渠道取得的信任文件。",
        "Note: the ledger's key is self-declared. Pass --trust with a trust file that you got from a source you trust.",
    ),
    "time": (
        "可信时间: 未经第三方证明（没有已核验且覆盖销毁完成记录的时间戳）；以上时刻仅为机构时钟所示。",
        "trusted time: not evidenced by a third party (no checked time stamp covers it): the times above are the institution's own.",
    ),
    "version": (
        "版本 1 的证明不带时间戳：请向机构重新索取。",
        "Version 1 carries no time stamps: ask the institution for it again.",
    ),
    "limit": (
        "账本证明的是机构的决定与陈述；他人此前自行留存的副本，任何证明都无法证其不存在。",
        "The ledger proves what the institution decided and stated; that nobody kept a copy before, no certificate can prove.",
    ),
}


def render_certificate(result: CertificateResult, language: str) -> str:
    """The whole result as lines of text; `language` is "zh" or "en"."""
    at = 0 if language == "zh" else 1
    holds = "part_holds" if result.part else "holds"
    lines = [_WORDS[holds if result.is_intact else "fails"][at]]
    if result.case:
        lines.append(f"{_WORDS['case'][at]}: {result.tenant}/{result.case}")
    if result.part:
        lines.append(f"{_WORDS['part'][at]}: {_PARTS[result.part][at]}")
    if result.is_intact:
        lines.append(f"{_WORDS['until'][at]}: {result.until}  {result.clause}")
        lines.append(f"{_WORDS['started'][at]}: {result.started_at}")
        lines.append(f"{_WORDS['completed'][at]}: {result.completed_at}")
        lines.append(f"{_WORDS['objects'][at]}: {result.objects}")
        lines.append(f"{_WORDS['reason'][at]}: {result.said['started'].get('reason', '')}")
        lines += _time(result, language, at)
        lines.append(_WORDS["limit"][at])
    for problem in result.problems:
        lines.append(f"  ✗ {TEXTS[Code(problem.what)][at]}")
        if problem.detail:
            lines.append(f"      {problem.detail}")
    lines.append(_WORDS["trusted" if result.is_trusted else "untrusted"][at])
    return printable_lines(lines)


def _time(result: CertificateResult, language: str, at: int) -> Iterator[str]:
    """What authorities attest, or that nobody but the institution says when."""
    if not result.attested:
        yield _WORDS["time"][at]
        if result.version == 1 and not result.part:
            yield _WORDS["version"][at]
    yield from stamp_lines(result.stamps, language, covers=_COVERS, before=_BEFORE, unpack=_UNPACK)
