"""The case file: everything of one case on one page, in Chinese and English, from the sealed documents and events alone.

People are masked. The text of a notice is shown where it is the one that the consent's event commits to; a text that is not, is not shown.
Who looked, and the package, are added by whoever asks (`deliver/api/casefile.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jianlu.capture.cases.masks import masked
from jianlu.capture.cases.model import CaseRow, Scene
from jianlu.core.formats.canonical import parse_canonical
from jianlu.core.formats.custody import completed_part
from jianlu.core.formats.event import Event
from jianlu.core.formats.keeping import NONE, OPEN, add_term, part_kept, retention_body, settled, stated_days
from jianlu.core.formats.plan import Obligation, Plan, RetentionTerm, parse_plan
from jianlu.core.terms.digests import opens
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import DEFAULT
from jianlu.deliver.plans.handling_words import Stated, stated_in
from jianlu.deliver.plans.labels import CODES, CODES_OF, FACTS, LANGS, PARTS, TRIGGERS, word
from jianlu.deliver.plans.sentences import sentence, speaker
from jianlu.deliver.playback.manifest import clause_part, events_part, gap_part, sealed_verdicts
from jianlu.deliver.reports.course import code_word, message_texts, sealed_script
from jianlu.deliver.reports.labels import CONSENT_PURPOSES
from jianlu.govern.consent import AFTERWARDS, DECISIONS, Notice
from jianlu.vault.case_log import CaseLog
from jianlu.vault.custody.withdrawals import Withdrawal, withdrawals_of

Both = dict[str, str]


def case_file(log: CaseLog, custody: CaseLog, row: CaseRow, scene: Scene | None) -> dict[str, Any]:
    """The file of `log`'s case, whose custody chain is `custody`; ConflictError when the case was destroyed."""
    plan, script = parse_plan(log.open_object("plan")), sealed_script(log)
    verdicts = sealed_verdicts(log)
    return {
        **row.document,
        "template_version": row.scene_version,
        "script": {"id": row.script, "version": row.script_version, "digest": row.script_digest},
        "people": _people(log, plan, row),
        "facts": _facts(plan),
        "packs": [
            {"id": pack.id, "version": pack.version, "digest": pack.digest, "title": dict(pack.title)} for pack in plan.packs
        ],
        "demands": [_demand(plan, each) for each in plan.obligations if each.kind != "retain_for"],
        "consents": consents_in(log, custody, plan, scene),
        "verdicts": [clause_part(each, plan) for each in verdicts],
        "counts": {name: sum(each.verdict.value == name for each in verdicts) for name in ("met", "not_met", "not_evidenced")},
        "gaps": [gap_part(event.body, plan) for event in log.events if event.type is EventType.GAP_DECLARED],
        "events": events_part(log, plan, script, message_texts(log)),
        "retention": retention_in(log, plan, custody),
        "handling": [_handled(plan, each) for each in stated_in(log.events)],
        "chain": chain_of(log),
    }


def consents_in(log: CaseLog, custody: CaseLog, plan: Plan, scene: Scene | None) -> list[dict[str, Any]]:
    """Every decision about a consent in its order, with the notice as it was read where that can be shown to be it.

    Then those that were taken back after the talk. `may_be_withdrawn` are those in force that the case is used for by consent alone.
    """
    case = log.events[0].case
    rows = [_decision(log, plan, scene, event) for event in log.events if event.type in DECISIONS]
    rows += [_taken_back(plan, each) for each in withdrawals_of(custody, case)]
    last = {(row["purpose"], row["by"]): row for row in rows}
    for row in rows:
        is_in_force = row is last[row["purpose"], row["by"]] and row["decision"] == "given"
        row["may_be_withdrawn"] = is_in_force and row["purpose"] in AFTERWARDS
    return rows


def retention_in(log: CaseLog, plan: Plan, custody: CaseLog | None = None) -> list[dict[str, Any]]:
    """How long each part is kept now and by which clause: what the events set, settled by the days stated since; before that the plan.

    An extension of the whole case is not in it: `deliver/api/destructions.py` has those.
    """
    terms = {retention.part: retention.terms for retention in plan.retention}
    decided = [event.body for event in log.events if event.type is EventType.RETENTION_SET]
    days = stated_days(custody.events) if custody is not None else {}
    rows = []
    for body in decided or [retention_body(each) for each in plan.retention]:
        kept = part_kept(body)
        end = settled(kept, days)
        rows.append(
            {
                "part": kept.part,
                "title": _both(lambda lang, part=kept.part: word(PARTS, part, lang)),
                "until": end.until,
                "clause": clause_of(plan, end.clause),
                "terms": [_term(plan, term, days) for term in terms.get(kept.part, ())],
                "is_set": bool(decided),
                "ended_at": _ended_at(custody, kept.part),
            }
        )
    return rows


def _ended_at(custody: CaseLog | None, part: str) -> str:
    """When the destruction of that part was completed, before the case's; empty while it was not."""
    completed = completed_part(custody.events, part) if custody is not None else None
    return completed.at if completed is not None else ""


def clause_of(plan: Plan, key: str) -> dict[str, Any]:
    """A clause of the plan by its key, for a reader."""
    stated = next((clause for clause in plan.clauses if clause.key == key), None)
    return {
        "key": key,
        "citation": stated.citation if stated is not None else key,
        "title": dict(stated.title) if stated is not None else {"zh": key, "en": key},
        "source": stated.source if stated is not None else "",
    }


def chain_of(log: CaseLog) -> dict[str, Any]:
    """Where the case ends in the ledger: how many events, the digest of the last, and whether anything more may come."""
    last = log.events[-1]
    return {"events": len(log.events), "last": last.digest, "at": last.at, "is_closed": last.type is EventType.CASE_CLOSED}


def _handled(plan: Plan, said: Stated) -> dict[str, Any]:
    return {
        "object": said.kind,
        "title": _both(said.title),
        "category": said.category,
        "level": said.level,
        "says": _both(said.level_text),
        "clause": clause_of(plan, said.clause) if said.clause != DEFAULT else None,
        "place": said.place,
        "kept": _both(said.place_text),
        "confined_by": clause_of(plan, said.confined_by) if said.confined_by else None,
        "objects": said.objects,
    }


def _people(log: CaseLog, plan: Plan, row: CaseRow) -> list[dict[str, Any]]:
    people = parse_canonical(log.open_object("particulars"))["people"]
    shown = [
        {
            "seat": seat,
            "title": _both(lambda lang, seat=seat: speaker(plan, seat, lang)),
            "name": masked(str(person.get("name", ""))),
        }
        for seat, person in people.items()
    ]
    return [{**each, "name": row.agent_display or each["name"]} if each["seat"] == "agent" else each for each in shown]


def _facts(plan: Plan) -> list[dict[str, Any]]:
    found = []
    for name in FACTS:
        section, _, key = name.partition(".")
        facts = plan.facts.get(section)
        if isinstance(facts, dict) and key in facts:
            value = facts[key]
            label = _both(lambda lang, name=name: word(FACTS, name, lang))
            found.append({"fact": name, "label": label, "value": _both(lambda lang, n=name, v=value: _fact(n, v, lang))})
    return found


def _fact(name: str, value: object, lang: str) -> str:
    if isinstance(value, bool):
        return code_word("yes" if value else "no", lang)
    if isinstance(value, list):
        return ("、" if lang == "zh" else ", ").join(_fact(name, each, lang) for each in value) or "–"
    return word({**CODES, **CODES_OF.get(name, {})}, str(value), lang)


def _demand(plan: Plan, demanded: Obligation) -> dict[str, Any]:
    clause = clause_of(plan, demanded.clause_key)
    return {"kind": demanded.kind, "text": _both(lambda lang: sentence(plan, demanded, lang)), "clause": clause}


def _decision(log: CaseLog, plan: Plan, scene: Scene | None, event: Event) -> dict[str, Any]:
    body = event.body
    notice = next((each for each in scene.notices if each.id == body["notice"]), None) if scene is not None else None
    is_shown = notice is not None and _is_committed(log, event, notice)
    return {
        "purpose": body["purpose"],
        "title": _both(lambda lang: word(CONSENT_PURPOSES, str(body["purpose"]), lang)),
        "by": body["by"],
        "who": _both(lambda lang: speaker(plan, str(body["by"]), lang)),
        "decision": DECISIONS[event.type],
        "how": body["how"],
        "notice": body["notice"],
        "version": body["version"],
        "lang": body["lang"],
        "text": str(notice.text[body["lang"]]) if notice is not None and is_shown else None,
        "at": event.at,
        "at_ms": body["at_ms"],
    }


def _taken_back(plan: Plan, made: Withdrawal) -> dict[str, Any]:
    return {
        "purpose": made.purpose,
        "title": _both(lambda lang: word(CONSENT_PURPOSES, made.purpose, lang)),
        "by": made.seat,
        "who": _both(lambda lang: speaker(plan, made.seat, lang)),
        "decision": "withdrawn",
        "how": made.way,
        "notice": "",
        "version": "",
        "lang": "",
        "text": None,
        "at": made.at,
        "at_ms": None,
    }


def _is_committed(log: CaseLog, event: Event, notice: Notice) -> bool:
    lang = str(event.body["lang"])
    return lang in notice.text and opens(event.body["commit"], notice.digest(lang), log.salt(f"{event.n}/commit"))


def _term(plan: Plan, term: RetentionTerm, days: Mapping[str, str]) -> dict[str, Any]:
    trigger = _both(lambda lang: word(TRIGGERS, term.trigger, lang))
    day = days.get(term.trigger, "") if term.until in (OPEN, NONE) else ""
    until = add_term(date.fromisoformat(day), years=term.years, months=term.months).isoformat() if day else term.until
    return {
        "clause": clause_of(plan, term.clause),
        "trigger": trigger,
        "years": term.years,
        "months": term.months,
        "until": until,
        "stated": day,
    }


def _both(text: Any) -> Both:
    return {lang: text(lang) for lang in LANGS}
