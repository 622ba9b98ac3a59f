"""The pages of destruction: every state in both languages, acts only for who may, words of the case escaped."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from jianlu.deliver.console.destructions import destruction_routes
from jianlu.deliver.console.ports import Viewer
from tests.fakes.console_pages import CASE, TablePages, app_of
from tests.unit.console.test_pages import HTML, judged

COMPLIANCE = Viewer("staff", "徐合规", frozenset({"compliance"}))
AUDITOR = Viewer("staff", "宋审计", frozenset({"auditor"}))
MISSING = re.compile(r"(destruction|statement)\.\w")
"""A key without words."""

AT = "2037-01-05T08:00:00.000Z"
BATCH = "d" + "0" * 26
EMPTY: dict[str, Any] = {
    "time": {"why": "", "clock": AT, "ledger_at": AT, "counts": AT, "by": "machine"},
    "due": [],
    "due_parts": [],
    "hidden": 0,
    "batches": [],
    "started": [],
    "refused": [],
}
KEPT: dict[str, Any] = {
    "case": CASE,
    "state": "kept",
    **dict.fromkeys(("until", "clause", "reason", "by_name", "second_name", "started_at", "completed_at"), ""),
    "places": [],
    "stamps": [],
    "unstamped": [],
    "refused": [],
    "parts": [],
}
PARTS = ("recording", "transcript", "findings", "biometric", "consent")


def batch(state: str, *, is_own: bool = True, part: str = "") -> dict[str, Any]:
    people = {"asked_by_name": "徐合规", "decided_by_name": "", "is_own": is_own}
    cases = [{"case": CASE, "number": "sale-<b>1"}]
    return {
        "batch": BATCH,
        "part": part,
        "request": "r1",
        "state": state,
        "reason": "<i>over</i>",
        "asked_at": AT,
        "cases": cases,
        **people,
    }


FULL = {
    **EMPTY,
    "due": [
        {"case": CASE, "number": "sale-1", "until": "2036-12-31", "is_held": False},
        {"case": "c" + "b3" * 13, "number": "sale-2", "until": "2036-12-31", "is_held": True},
    ],
    "due_parts": [
        {
            "case": CASE,
            "number": f"sale-{no}",
            "part": part,
            "until": "2027-02-22",
            "clause": "pack:c",
            "is_held": part == "findings",
        }
        for no, part in enumerate(PARTS)
    ],
    "hidden": 2,
    "batches": [
        batch("approved", part="biometric"),
        *(batch(each) for each in ("asked", "approved", "refused", "over", "started")),
    ],
    "started": [
        {
            "case": CASE,
            "part": "biometric" * (each == "goes_on"),
            "number": CASE,
            "until": "2036-12-31",
            "started_at": AT,
            "state": each,
            "error": "a place is read" * (each == "waits"),
            "attested_by": "alpha" * (each == "completed"),
            "attested_at": AT * (each == "completed"),
        }
        for each in ("waits", "goes_on", "failed", "completed")
    ],
    "refused": [
        {"case": CASE, "part": "transcript" * (each == "hold"), "number": "sale-1", "reason": each, "at": AT}
        for each in ("hold", "retention", "open", "clock")
    ],
}
DOUBTED = [
    {**EMPTY, "time": {**EMPTY["time"], "why": why}} for why in ("moved", "behind", "ahead", "leapt", "empty", "unstamped")
]
PLACES = ("keys", "objects", "openings", "locked", "packages", "spools", "search", "reviews", "work_lists", "database")
DONE = {
    **KEPT,
    "state": "completed",
    "until": "2036-12-31",
    "clause": "cn-test:1",
    "reason": "<i>over</i>",
    "by_name": "徐合规",
    "second_name": "叶合规",
    "started_at": AT,
    "completed_at": AT,
    "places": [{"place": each, "named": 3, "left": 0} for each in PLACES],
    "refused": FULL["refused"],
}


STAMP = {"authority": "alpha", "at": AT, "size": 41, "checked": True, "problem": ""}
STAMPED = {
    **DONE,
    "stamps": [
        STAMP,
        {**STAMP, "authority": "beta", "checked": False},
        {**STAMP, "checked": False, "at": "", "problem": "<i>bad"},
    ],
    "unstamped": ["gamma", "delta"],
}

SHEET, SHEET_STATES = "t" + "0" * 26, ("asked", "approved", "refused", "over", "recorded")
TITLE = {"zh": "合同终止日", "en": "end of the contract"}
STATED = {
    "statement": SHEET,
    "trigger": "contract_end",
    "title": TITLE,
    "day": "2031-03-31",
    "replaces": "2031-03-01",
    "evidence": "<i>notice</i>",
    "evidence_digest": "5e" * 32,
    "reason": "<i>over</i>",
    "at": AT,
    "by_name": "徐合规",
    "second_name": "叶合规",
}
START = {"trigger": "contract_end", "title": TITLE, "months": 120, "counts": True, "clause": "cn-test:1", "day": ""}
PART = {"part": "recording", "title": TITLE, "set_until": "open", "until": "open", "clause": "cn-test:1", "starts": [START]}
TERMS = {
    "case": CASE,
    "until": "open",
    "clause": "cn-test:1",
    "statements": [],
    "parts": [PART, {**PART, "until": "2041-03-31", "starts": [{**START, "day": "2031-03-31"}]}, {**PART, "starts": []}],
    "waits": [{"trigger": "contract_end", "title": TITLE, "day": ""}],
}


def sheet(state: str, *, is_own: bool = True) -> dict[str, Any]:
    people = {"asked_by_name": "徐合规", "decided_by_name": "", "is_own": is_own}
    line: dict[str, Any] = {"case": CASE, "number": "sale-<b>1", "trigger": "contract_end", "title": TITLE, "day": "2031-03-31"}
    line |= {"evidence": "<i>notice</i>", "evidence_digest": "5e" * 32, "is_recorded": state == "recorded"}
    return {"sheet": SHEET, "request": "r1", "state": state, "reason": "<i>over</i>", "asked_at": AT, "lines": [line], **people}


@dataclass
class TableDestructions:
    """`DestructionPagesPorts` from tables."""

    found: dict[str, Any] = field(default_factory=lambda: dict(EMPTY))
    one: dict[str, Any] = field(default_factory=lambda: dict(KEPT))
    sheets: list[dict[str, Any]] = field(default_factory=lambda: [sheet(each) for each in SHEET_STATES])
    now: dict[str, Any] = field(default_factory=lambda: dict(TERMS))

    def destructions(self, request: Request) -> dict[str, Any]:
        return self.found

    def destroyed(self, request: Request, case: str) -> dict[str, Any]:
        return self.one

    def statements(self, request: Request) -> dict[str, Any]:
        return {"statements": self.sheets}

    def terms(self, request: Request, case: str) -> dict[str, Any]:
        return self.now


def client(made: TableDestructions, staff: Viewer | None = COMPLIANCE) -> TestClient:
    pages = TablePages(staff=staff)
    return TestClient(app_of(pages, destruction_routes(pages, made)), headers=HTML, follow_redirects=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "found", [EMPTY, FULL, *({**EMPTY, "time": {**EMPTY["time"], "why": why}} for why in ("moved", "leapt", "unstamped"))]
)
def test_the_list_renders_in_both_languages(found: dict[str, Any], lang: str) -> None:
    answer = client(TableDestructions(found)).get(f"/destructions?lang={lang}")
    judge = judged(answer.text)
    assert answer.status_code == 200 and judge.forbidden == [] and not MISSING.search(answer.text)
    assert [control for control in judge.controls if control not in judge.labels] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("one", [KEPT, {**DONE, "state": "started", "completed_at": "", "places": []}, DONE, STAMPED])
def test_a_certificate_renders_in_both_languages(one: dict[str, Any], lang: str) -> None:
    text = client(TableDestructions(one=one)).get(f"/cases/{CASE}/destroyed?lang={lang}").text
    assert judged(text).forbidden == [] and not MISSING.search(text) and "<i>over</i>" not in text
    assert (f'href="/api/v1/cases/{CASE}/certificate"' in text) == (one["state"] == "completed")


def test_the_certificate_says_who_attests_its_time_or_that_nobody_does() -> None:
    def text(one: dict[str, Any], lang: str = "zh") -> str:
        return client(TableDestructions(one=one)).get(f"/cases/{CASE}/destroyed?lang={lang}").text

    stamped = text(STAMPED)
    assert all(
        word in stamped for word in ("alpha", "前 41 条记录", "签名未核验", "时间戳无效", "gamma · delta 的时间戳尚未覆盖")
    )
    assert "未经第三方证明" not in stamped and "names no time-stamp authority" not in text(STAMPED, "en")
    for nobody in (DONE, {**DONE, "stamps": [{**STAMP, "checked": False}]}, {**DONE, "unstamped": ["alpha"]}):
        assert "销毁时间未经第三方证明" in text(nobody) and "not evidenced by a third party" in text(nobody, "en")
    assert "没有配置时间戳机构" in text(DONE) and "没有配置时间戳机构" not in text({**DONE, "unstamped": ["alpha"]})
    assert "第三方" not in text(KEPT)
    listed = client(TableDestructions(FULL)).get("/destructions?lang=zh").text
    assert listed.count("alpha 证明不晚于") == 1
    bare = [{**row, "attested_by": "", "attested_at": ""} for row in FULL["started"]]
    assert client(TableDestructions({**FULL, "started": bare})).get("/destructions?lang=zh").text.count("时间未经第三方证明") == 1


def test_who_may_ask_is_offered_what_is_due_and_nothing_that_is_held() -> None:
    text = client(TableDestructions(FULL)).get("/destructions").text
    assert f'name="cases" value="{CASE}"' in text and f'value="{"c" + "b3" * 13}"' not in text
    assert text.count(f"/api/v1/destructions/{BATCH}/start") == 2 and "<i>over</i>" not in text
    audit = client(TableDestructions(FULL), staff=AUDITOR).get("/destructions").text
    assert "data-path" not in audit and 'type="checkbox"' not in audit


ENDED_PARTS = [
    {**{name: DONE[name] for name in ("until", "clause", "reason", "by_name", "second_name", "started_at")}, **each, "places": []}
    for each in (
        {"part": "biometric", "state": "completed", "completed_at": AT},
        {"part": "transcript", "state": "started", "completed_at": ""},
    )
]


def test_a_part_is_offered_by_itself_and_one_that_ended_has_its_certificate() -> None:
    text = client(TableDestructions(FULL)).get("/destructions?lang=zh").text
    assert all(f'name="part" value="{part}"' in text for part in PARTS) and "先于案件到期的部分（5）" in text
    assert text.count('type="checkbox"') == 1 + 4, "of what is held nothing is offered"
    kept = client(TableDestructions(one={**KEPT, "parts": ENDED_PARTS})).get(f"/cases/{CASE}/destroyed?lang=en").text
    judge = judged(kept)
    assert judge.forbidden == [] and not MISSING.search(kept) and "<i>over</i>" not in kept
    assert "/certificate?part=biometric" in kept and "part=transcript" not in kept
    assert f'data-path="/api/v1/cases/{CASE}/retention"' in kept, "the rest can still be kept longer"


def test_whoever_may_keeps_a_case_longer_and_nobody_shorter() -> None:
    path = f'data-path="/api/v1/cases/{CASE}/retention"'
    assert path in client(TableDestructions()).get(f"/cases/{CASE}/destroyed").text
    assert path not in client(TableDestructions(), staff=AUDITOR).get(f"/cases/{CASE}/destroyed").text
    assert path not in client(TableDestructions(one=DONE)).get(f"/cases/{CASE}/destroyed").text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_whoever_may_states_a_day_and_records_what_was_approved(lang: str) -> None:
    path, record = f'data-path="/api/v1/cases/{CASE}/statements"', f'data-path="/api/v1/statements/{SHEET}/record"'
    made = TableDestructions(now={**TERMS, "until": "2041-03-31", "statements": [STATED]})
    text = client(made).get(f"/cases/{CASE}/destroyed?lang={lang}").text
    judge = judged(text)
    assert path in text and "2031-03-31" in text and "<i>" not in text and not MISSING.search(text)
    assert judge.forbidden == [] and [control for control in judge.controls if control not in judge.labels] == []
    assert path not in client(made, staff=AUDITOR).get(f"/cases/{CASE}/destroyed").text
    assert path not in client(TableDestructions(one=DONE)).get(f"/cases/{CASE}/destroyed").text
    listed = client(made).get(f"/destructions?lang={lang}").text
    assert listed.count(record) == 1 and "<i>" not in listed and not MISSING.search(listed)
    assert record not in client(made, staff=AUDITOR).get("/destructions").text


def test_while_the_day_is_in_doubt_nothing_is_offered() -> None:
    found = {**FULL, "time": {**EMPTY["time"], "why": "behind"}}
    assert 'type="checkbox"' not in client(TableDestructions(found)).get("/destructions").text


@pytest.mark.parametrize("path", ["/destructions", f"/cases/{CASE}/destroyed"])
def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(path: str) -> None:
    answer = client(TableDestructions(), staff=None).get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
