"""Writes `specs/vectors/findings` and `specs/vectors/verdicts`: `python -m tests.vectors.verdicts.write_vectors`.

Run after a change of rules or language data, and read the difference: every changed line is a changed meaning. What the sale's
variants must give is written by hand in `tests/unit/verdicts/test_sale.py`; here the whole answers are pinned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.formats.plan import Plan, plan_bytes
from jianlu.core.formats.verdicts import verdicts_bytes
from jianlu.core.phrases.lexicon import reply_lexicon
from jianlu.core.phrases.passages import passages_of, utterances_of
from jianlu.core.phrases.replies import replies_in
from jianlu.core.phrases.spot import spot
from jianlu.core.verdicts.clauses import judge
from jianlu.govern.wording.tokens import tokens_of
from tests.fakes.conversation import Line, language, phrase, plan_of, recording, said
from tests.fakes.counter_sale import ORDER, conversation, sale_plan, with_changes

VECTORS = Path(__file__).resolve().parents[3] / "specs" / "vectors"

TEXTS = {
    "zh": [
        "此次录音录像过程对于今后您维护权益非常关键",
        "錄音錄像",
        "每年交保费10000元，缴费期间是5年，保险期间十年",
        "犹豫期一十五天",
        "收益3.5%，2026年11月20日",
        "两千三百块钱，1万5",
        "一定，万一，十分重要，四川",
        "绿色策略 APP",
    ],
    "en": ["This call is being recorded. Don't you agree?", "$10,000 over 15 years at 3.5%", "one hundred and five, no one"],
}
SPOKEN = [
    "这个产品保本",
    "您投保本产品之前",
    "这个产品不保本",
    "不是不保本",
    "不，它不保本",
    "不用担心，保本",
    "保本吗",
    "犹豫期15天",
    "犹豫期是时五天",
    "犹豫期二十五天",
    "犹豫期十五年",
    "全程路音乐项",
    "这不是存款，是保险产品",
    "这不是存款，而是保险产品",
    "红利是确定的",
    "红利不是不确定的",
]
ANSWERS = [
    "我同意",
    "我支援购买",
    "好的，我同意",
    "我不同意",
    "我不太清楚",
    "可以吗",
    "可以不录吗",
    "对",
    "对方是谁",
    "嗯，好",
    "不会",
    "红利不确定，我清楚",
    "再考虑一下",
    "",
]
SALES: dict[str, list[str | Line]] = {
    "clean": list(ORDER),
    "numerals": with_changes(replaced={"a08": "xa08_num", "a09": "xa09_num"}),
    "disclosure missing": with_changes(replaced={"a09": ""}),
    "disclosure read by the customer": with_changes(replaced={"a09": "xc_reads_a09"}),
    "refused": with_changes(replaced={"c02": "xc02_no"}),
    "answered by the agent": with_changes(replaced={"c02": "xa02_byagent"}),
    "promise": with_changes(after={"a10": ["xa_promise"]}),
    "promise affirmed": with_changes(after={"a10": ["xc_ask_baoben", "xa_yes_short"]}),
}


def spoken_sale_plan() -> Plan:
    """The sale's steps, consents and prohibitions: what needs nothing but speech."""
    plan = sale_plan()
    spoken = tuple(o for o in plan.obligations if o.kind in ("require_step", "require_consent", "forbid_phrase"))
    clauses = {o.clause for o in spoken}
    return replace(plan, obligations=spoken, clauses=tuple(c for c in plan.clauses if c.clause in clauses), retention=())


def files() -> Iterator[tuple[str, str]]:
    """Each file's name under `specs/vectors` with its content."""
    tokens = [{"lang": lang, "text": text, "tokens": tokens_of(text, lang)} for lang, texts in TEXTS.items() for text in texts]
    yield "findings/tokens.json", _lines(tokens)
    yield "findings/languages.json", _lines([asdict(language(lang)) for lang in ("zh", "en")])
    yield "findings/spot.json", _lines([_spotted(text) for text in SPOKEN])
    yield "findings/replies.json", _lines([_answered(text) for text in ANSWERS])
    plan = spoken_sale_plan()
    yield "verdicts/sale.plan.json", plan_bytes(plan).decode() + "\n"
    yield "verdicts/sale.jsonl", "".join(json.dumps(_sale(plan, name), ensure_ascii=False) + "\n" for name in SALES)


PHRASES = (
    phrase("safe", "保本", unless=["投保本"]),
    phrase("days", "犹豫期十五天"),
    phrase("recorded", "全程录音录像", threshold=750),
    phrase("insurance", "是保险产品"),
    phrase("unsure", "红利是不确定的"),
)


def _spotted(text: str) -> dict[str, Any]:
    plan = plan_of(phrases=PHRASES)
    speech = said(("agent", text)).speech
    found = [
        {"phrase": f.value["phrase"], "from_ms": f.from_ms, "to_ms": f.to_ms, "score": f.score}
        | {k: f.value[k] for k in ("negated", "asked")}
        for f in spot(plan, speech).findings
    ]
    phrases = {p.id: {"variants": p.variants, "threshold": p.threshold, "unless": p.unless} for p in PHRASES}
    return {"says": text, "phrases": phrases, "tokens": speech.findings[0].value["tokens"], "found": found}


def _answered(text: str) -> dict[str, Any]:
    passages = passages_of(utterances_of(said(("customer", text)).speech))
    stances = [[r.stance.value, r.from_ms, r.to_ms] for p in passages for r in replies_in(p, reply_lexicon(language("zh")))]
    return {"says": text, "tokens": tokens_of(text, "zh"), "stances": stances}


def _sale(plan: Plan, name: str) -> dict[str, Any]:
    session = conversation(*SALES[name])
    events = recording(session.duration_ms, segment_ms=30_000)
    speech, phrases = session.inspections(plan)
    verdicts = judge(plan, events, (speech, phrases))
    return {
        "name": name,
        "events": [event.content.decode() for event in events],
        "speech": findings_bytes(parse_findings(findings_bytes(speech))).decode(),
        "phrases": findings_bytes(phrases).decode(),
        "verdicts": verdicts_bytes(verdicts).decode(),
    }


def _lines(entries: list[Any]) -> str:
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in entries) + "\n]\n"


def main() -> None:
    """Write every file."""
    for name, content in files():
        path = VECTORS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
