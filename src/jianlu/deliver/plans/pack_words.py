"""A rule pack in words: what applies when, each clause with its demands and dates, its numbers and wordings. Chinese and English.

The sentences are those of a plan (`sentences.py`), with the numbers of one day and the facts of a case left open as 〔…〕, so that a pack
and the plan made from it say the same. What changed between two versions is in `pack_changes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from jianlu.core.errors import InvalidError
from jianlu.core.formats.plan import Obligation, Phrase, Plan
from jianlu.deliver.plans.condition_words import said_condition
from jianlu.deliver.plans.labels import CONFIDENCES, FACTS, LANGS, MARKS, PARTS, TRIGGERS, word
from jianlu.deliver.plans.sentences import sentence
from jianlu.govern.policy import amount_on
from jianlu.govern.policy.conditions import Condition
from jianlu.govern.policy.model import Clause, Demand, Pack, Part, Value, Wording
from jianlu.govern.policy.obligations.form import Compiling, compile_fields
from jianlu.govern.policy.obligations.kinds import KINDS

Texts = Mapping[str, str]
STATUSES = {
    "automated": ("自动判定", "judged automatically"),
    "attested": ("由人员声明", "attested by a person"),
    "out_of_scope": ("不在判定范围内", "not judged"),
}
UNITS = {
    "years": ("年", "years"),
    "months": ("个月", "months"),
    "days": ("天", "days"),
    "ms": ("毫秒", "ms"),
    "permille": ("‰", "‰"),
    "cdb": ("百分之一分贝", "hundredths of a dB"),
    "count": ("", ""),
}
STAGES = {
    "opening": ("开场", "opening"),
    "consent": ("同意", "consent"),
    "identity": ("身份", "identity"),
    "documents": ("文件", "documents"),
    "explanation": ("说明", "explanation"),
    "understanding": ("理解", "understanding"),
    "signing": ("签署", "signing"),
    "confirmation": ("确认", "confirmation"),
    "closing": ("结束", "closing"),
    "throughout": ("全程", "throughout"),
}


def pack_document(pack: Pack, *, on: date) -> dict[str, Any]:
    """The whole pack as a page shows it; demands are stated with the numbers of the day `on`, or of the first day that has one."""
    words = _PackWords(pack, on)
    return {
        **pack_head(pack),
        "digest": pack.digest,
        "applies": words.condition(pack.applies),
        "clauses": [words.clause(clause) for clause in pack.clauses],
        "values": [words.value(value) for value in pack.values.values()],
        "wordings": [words.wording(wording) for wording in pack.wordings.values()],
        "conflicts": [
            {"code": rule.code, "clauses": list(rule.clauses), "text": dict(rule.text), "resolution": dict(rule.resolution)}
            for rule in pack.conflicts
        ],
        "reviews": [words.review(rule) for rule in pack.reviews],
    }


def pack_head(pack: Pack) -> dict[str, Any]:
    """What a list of packs says of one: names, issuer, how many clauses are judged how, from when."""
    days = [clause.effective_from for clause in pack.clauses]
    return {
        "id": pack.id,
        "version": pack.version,
        "title": dict(pack.title),
        "authority": dict(pack.authority),
        "jurisdiction": pack.jurisdiction,
        "source": pack.source,
        "effective_from": min(days).isoformat() if days else "",
        "counts": {status: sum(clause.status == status for clause in pack.clauses) for status in STATUSES},
        "unverified": sum(clause.confidence != "verified" for clause in pack.clauses),
    }


def _both(said: Callable[[str], str]) -> dict[str, str]:
    return {lang: said(lang) for lang in LANGS}


def _pair(words: tuple[str, str]) -> dict[str, str]:
    return dict(zip(LANGS, words, strict=True))


class _PackWords:
    """One pack, and the day whose numbers its sentences use."""

    def __init__(self, pack: Pack, on: date) -> None:
        self._pack, self._on = pack, on
        self._plans = {lang: self._worded(lang) for lang in LANGS}

    def clause(self, clause: Clause) -> dict[str, Any]:
        """Citation, our words, dates, how sure we are, when it applies and what it demands."""
        return {
            "id": clause.id,
            "citation": clause.citation,
            "title": dict(clause.title),
            "source": clause.source,
            "effective_from": clause.effective_from.isoformat(),
            "effective_to": clause.effective_to.isoformat() if clause.effective_to else "",
            "mark": _both(partial(word, MARKS, clause.mark)),
            "confidence": _both(partial(word, CONFIDENCES, clause.confidence)),
            "status": clause.status,
            "status_text": _pair(STATUSES[clause.status]),
            "note": dict(clause.note),
            "when": self.condition(clause.when) if clause.when else {},
            "demands": [self._demand(clause, demand) for demand in clause.demands],
        }

    def _demand(self, clause: Clause, demand: Demand) -> dict[str, Any]:
        said = self._retention if demand.kind == "retain_for" else partial(self._sentence, clause)
        when = self.condition(demand.when) if demand.when else {}
        return {
            "kind": demand.kind,
            "stage": _pair(STAGES[demand.stage]) if demand.stage in STAGES else {},
            "text": _both(lambda lang: said(demand, lang)),
            "when": when,
        }

    def _sentence(self, clause: Clause, demand: Demand, lang: str) -> str:
        params = compile_fields(KINDS[demand.kind], demand.fields, Compiling(self._amount, lambda phrase: (phrase,)))
        return sentence(self._plans[lang], Obligation("", self._pack.id, clause.id, demand.kind, params), lang)

    def _retention(self, demand: Demand, lang: str) -> str:
        params = compile_fields(KINDS[demand.kind], demand.fields, Compiling(self._amount, lambda phrase: (phrase,)))
        parts = ("、" if lang == "zh" else ", ").join(word(PARTS, part, lang) for part in params["parts"])
        trigger = word(TRIGGERS, params["trigger"], lang)
        years, months = params.get("years", 0), params.get("months", 0)
        if lang == "zh":
            length = (f"{years}年" if years else "") + (f"{months}个月" if months else "")
            text = f"{parts}自{trigger}起保管{length}" if length else f"{parts}保管至{trigger}"
            counts = "、".join(word(TRIGGERS, each, lang) for each in params["counts_when"])
            return text + (f"（已知{counts}时）" if counts else "")
        length = " ".join([f"{years} years"] * bool(years) + [f"{months} months"] * bool(months))
        text = f"{parts}: kept {length} from the {trigger}" if length else f"{parts}: kept to the {trigger}"
        counts = ", ".join(word(TRIGGERS, each, lang) for each in params["counts_when"])
        return text + (f" (once known: {counts})" if counts else "")

    def _amount(self, value: str) -> int:
        """Of the day; of the first day that states one where the day states none."""
        try:
            return amount_on(self._pack, value, self._on)
        except InvalidError:
            return self._pack.values[value].periods[0].amount

    def value(self, value: Value) -> dict[str, Any]:
        """A number with its periods, and the clause that states it or our reason for it."""
        return {
            "id": value.id,
            "unit": _pair(UNITS[value.unit]),
            "clause": value.clause,
            "reason": dict(value.reason),
            "periods": [
                {"from": period.start.isoformat(), "to": period.end.isoformat() if period.end else "", "amount": period.amount}
                for period in value.periods
            ],
        }

    def wording(self, wording: Wording) -> dict[str, Any]:
        """A phrase with every variant, facts left open."""
        return {
            "id": wording.id,
            "lang": wording.lang,
            "variants": [_variant(variant, wording.lang) for variant in wording.variants],
            "unless": list(wording.unless),
            "threshold": wording.threshold,
        }

    def review(self, rule: Any) -> dict[str, Any]:
        """How many cases people review: a share, and groups of which all."""
        share = self._amount(rule.share_permille)
        return {
            "id": rule.id,
            "clause": rule.clause,
            "title": dict(rule.title),
            "text": {"zh": f"抽检不低于{share / 10:g}%", "en": f"at least {share / 10:g}% are reviewed"},
            "when": self.condition(rule.when),
            "groups": [{"title": dict(group.title), "when": self.condition(group.when)} for group in rule.groups],
        }

    def _worded(self, lang: str) -> Plan:
        """Nothing but the phrases, each in the reader's language where the pack has it in that language."""
        own_last = sorted(self._pack.wordings.values(), key=lambda wording: wording.lang == lang)
        phrases = {wording.id: self._phrase(wording) for wording in own_last}
        return Plan({}, (), (), (), tuple(phrases.values()), (), (), (), ())

    def _phrase(self, wording: Wording) -> Phrase:
        return Phrase(wording.id, wording.lang, _variant(wording.variants[0], wording.lang), (), wording.threshold, ())

    def condition(self, condition: Condition) -> dict[str, str]:
        """When something applies, in words."""
        return _both(lambda lang: said_condition(condition, lang, named=self._pack.conditions, amount=self._amount))


def _variant(parts: tuple[Part, ...], lang: str) -> str:
    texts = [
        part.text or ("〔每一项〕" if part.is_item else f"〔{word(FACTS, part.fact, 'zh')}〕{part.units[0]}") for part in parts
    ]
    if lang == "en":
        texts = [
            part.text or ("[each]" if part.is_item else f"[{word(FACTS, part.fact, 'en')}]{part.units[0]}") for part in parts
        ]
    return (" " if lang == "en" else "").join(texts)
