"""The README.txt of a package: for whoever opens one without ever having heard of us.

Text only: what is verified, and how, is specified in `specs/package.md`.
"""

from __future__ import annotations


def readme_text(tenant: str, case: str, verifier_digest: str) -> str:
    """How to look at and check this package, in Chinese and English; deterministic."""
    return f"""鉴录证据包  {tenant}/{case}

这个文件是一次受监管会话的完整证据。任何压缩软件都可以打开它：
  report/report.zh.pdf   审核报告
  media/session.mp4      录像，可直接播放
  findings/              转写与各项检测结果
  plan.json、packs/      适用的规则及其条款

核验（不需要联网、密钥或我们的系统，只需 Python 3.11 或更新版本）：
  python3 verifier.pyz 文件名.jlp --trust trust.json

请从机构公布的渠道取得 verifier.pyz 和 trust.json，不要使用包内自带的那份；
或者先核对包内 verifier.pyz 的 SHA-256 是否与公布值一致。本包写入时为：
  {verifier_digest}

退出码：0 未被改动且完整；10 未被改动但不完整；90 被改动或无法核实。

--------------------------------------------------------------------------------

Jianlu evidence package  {tenant}/{case}

This file is the whole evidence of one regulated conversation. Any ZIP program opens it:
  report/report.en.pdf   the report
  media/session.mp4      the recording, playable as it is
  findings/              transcripts and everything that was detected
  plan.json, packs/      the rules that apply, and their clauses

To check it (no network, no key, not our system; Python 3.11 or newer is enough):
  python3 verifier.pyz FILE.jlp --trust trust.json

Take verifier.pyz and trust.json from where the institution publishes them, not from inside this
package; or compare the SHA-256 of the verifier inside with the published one. When written it was:
  {verifier_digest}

Exit codes: 0 intact and complete; 10 intact but not complete; 90 altered or not checkable.
"""
