"""The published vectors of `specs/findings.md` and `specs/verdicts.md`, read by our code as a second implementation would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jianlu.core.formats.event import check_chain, parse_event
from jianlu.core.formats.findings import findings_bytes, parse_findings
from jianlu.core.formats.plan import Language, parse_plan
from jianlu.core.formats.verdicts import parse_verdicts, verdicts_bytes
from jianlu.core.phrases.spot import spot
from jianlu.core.terms.findings import Coverage, Finding, FindingKind, Inspection, Inspector, Status
from jianlu.core.terms.verdicts import Verdict
from jianlu.core.verdicts.clauses import judge
from jianlu.govern.wording.tokens import tokens_of
from tests.fakes.conversation import ENGINE, language, obligation, plan_of, recording
from tests.vectors.verdicts.write_vectors import VECTORS, files


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


SALES = [json.loads(text) for text in (VECTORS / "verdicts" / "sale.jsonl").read_text(encoding="utf-8").splitlines()]
RULES = read("verdicts/rules.json")


def _with_tuples(value: Any) -> Any:
    return tuple(_with_tuples(entry) for entry in value) if isinstance(value, list) else value


@pytest.mark.parametrize("entry", read("findings/tokens.json"), ids=lambda entry: str(entry["text"]))
def test_a_published_text_has_the_published_tokens(entry: dict[str, Any]) -> None:
    assert tokens_of(entry["text"], entry["lang"]) == entry["tokens"]


def test_the_published_languages_are_those_of_the_packs() -> None:
    for fields in read("findings/languages.json"):
        published = Language(**{name: _with_tuples(value) for name, value in fields.items()})
        assert published == language(published.lang)


def test_the_published_files_are_what_our_code_writes_today() -> None:
    changed = [name for name, content in files() if content != (VECTORS / name).read_text(encoding="utf-8")]
    assert not changed, "the meaning of these changed; read the difference, then write them again: " + ", ".join(changed)


@pytest.mark.parametrize("sale", SALES, ids=lambda sale: str(sale["name"]))
def test_a_published_sale_is_judged_as_published(sale: dict[str, Any]) -> None:
    plan = parse_plan((VECTORS / "verdicts" / "sale.plan.json").read_bytes().removesuffix(b"\n"))
    events = [parse_event(entry.encode()) for entry in sale["events"]]
    check_chain(events)
    speech, phrases = parse_findings(sale["speech"].encode()), parse_findings(sale["phrases"].encode())
    assert findings_bytes(spot(plan, speech)).decode() == sale["phrases"]
    assert verdicts_bytes(judge(plan, events, (speech, phrases))).decode() == sale["verdicts"]
    not_met = [v.clause for v in parse_verdicts(sale["verdicts"].encode()) if v.verdict is Verdict.NOT_MET]
    assert bool(not_met) == (sale["name"] not in {"clean", "numerals"})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["why"]))
def test_a_published_rule_answers_as_published(rule: dict[str, Any]) -> None:
    found = tuple(
        Finding(f"f{n}", FindingKind(kind), track, low, high, 1000, 0, ENGINE, value)
        for n, (kind, track, low, high, value) in enumerate(rule["findings"])
    )
    covered = tuple(Coverage(*entry) for entry in rule["covered"])
    inspection = Inspection(Inspector(rule["inspector"]), Status.RAN, "", ENGINE, covered, found)
    (verdict,) = judge(plan_of([obligation("rule", rule["kind"], rule["params"])]), recording(rule["duration_ms"]), (inspection,))
    assert verdict.verdict.value == rule["verdict"]
    assert [[r.code, r.from_ms, r.to_ms] for r in verdict.reasons] == rule["reasons"]
