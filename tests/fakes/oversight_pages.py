"""What the pages of those who watch read, from fields that a test may change: the port `deliver/console/oversight_ports.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from jianlu.core.errors import DeniedError
from jianlu.deliver.console.ports import Json
from tests.fakes.console_pages import CASE, ROW

TILE: dict[str, Any] = {
    "case": CASE,
    "number": "sale-0001",
    "title": "分红型两全保险远程销售",
    "template": "insurance-remote",
    "state": "live",
    "language": "zh",
    "profile": "elderly",
    "customer": "王**",
    "agent": "林经理",
    "created_at": "2026-11-25T22:00:00.000Z",
    "started_at": "2026-11-25T22:05:00.000Z",
    "elapsed_ms": 65_000,
    "step": {"no": 2, "of": 9, "title": {"zh": "录制同意", "en": "Consent to recording"}},
    "recording": {"state": "recording", "recorded_until_ms": 62_000},
    "tracks": {"agent": "ok", "customer": "silent"},
    "health": {
        "level": "amber",
        "messages": [
            {"code": "track_silent", "text": {"zh": "没有声音", "en": "No sound"}, "track": "customer", "at_ms": 60_000}
        ],
        "looked_ms": 64_000,
    },
    "calls_supervisor": True,
    "supervisor": None,
    "noted": None,
}


CLAUSE = {
    "key": "cn-insurance:19",
    "citation": "《保险销售行为管理办法》第十九条",
    "title": {"zh": "可回溯管理", "en": "Traceability"},
    "source": "https://example.org/19",
}
AT = "2026-11-25T22:05:00.000Z"
KEPT: dict[str, Any] = {
    "part": "recording",
    "title": {"zh": "录像录音", "en": "recording"},
    "until": "2036-11-25",
    "clause": CLAUSE,
    "terms": [
        {
            "clause": CLAUSE,
            "trigger": {"zh": "合同终止日", "en": "end of the contract"},
            "years": 10,
            "months": 0,
            "until": "2036-11-25",
        }
    ],
    "is_set": True,
    "ended_at": "",
}
DECISION: dict[str, Any] = {
    "purpose": "recording",
    "title": {"zh": "录音录像", "en": "Recording"},
    "by": "customer",
    "who": {"zh": "客户", "en": "customer"},
    "decision": "given",
    "how": "click",
    "notice": "recording_notice",
    "version": "2",
    "lang": "zh",
    "text": "本次交流将被录音录像。\n您可以拒绝。",
    "at": AT,
    "at_ms": 0,
    "may_be_withdrawn": False,
}
SHARED: dict[str, Any] = {
    **DECISION,
    "purpose": "sharing",
    "title": {"zh": "提供给他人", "en": "Sharing"},
    "may_be_withdrawn": True,
}
TAKEN_BACK: dict[str, Any] = {
    **DECISION,
    "purpose": "training",
    "decision": "withdrawn",
    "how": "letter",
    "notice": "",
    "version": "",
    "text": None,
    "at_ms": None,
}
LOOK: dict[str, Any] = {
    "at": AT,
    "who": "徐合规",
    "seat": "",
    "action": "case.play",
    "purpose": "audit",
    "is_allowed": True,
    "policies": ["play-under-audit"],
    "times": 2,
}
FILE: dict[str, Any] = {
    **ROW,
    "state": "sealed",
    "links": None,
    "template_version": "1.0.0",
    "started_at": AT,
    "ended_at": AT,
    "script": {"id": "insurance-sale", "version": "1.0.0", "digest": "0" * 64},
    "people": [{"seat": "customer", "title": {"zh": "客户", "en": "customer"}, "name": "王**"}],
    "facts": [{"fact": "customer.age", "label": {"zh": "客户年龄", "en": "age"}, "value": {"zh": "62", "en": "62"}}],
    "packs": [{"id": "cn-insurance", "version": "1.0.0", "digest": "ab" * 32, "title": {"zh": "保险", "en": "Insurance"}}],
    "demands": [
        {"kind": "require_step", "text": {"zh": "须说明犹豫期", "en": "The cooling-off period is explained"}, "clause": CLAUSE}
    ],
    "consents": [DECISION, {**DECISION, "decision": "withdrawn", "how": "spoken", "text": None}, SHARED, TAKEN_BACK],
    "verdicts": [
        {
            **CLAUSE,
            "verdict": "not_met",
            "reasons": [
                {"text": {"zh": "没有听到犹豫期", "en": "The period was not heard"}, "track": "agent", "from_ms": 0, "to_ms": 9}
            ],
            "evidence": [{"track": "agent", "from_ms": 1000 * no, "to_ms": 1000 * no + 500} for no in range(8)],
        }
    ],
    "counts": {"met": 0, "not_met": 1, "not_evidenced": 0},
    "gaps": [{"from_ms": 0, "to_ms": 900, "side": "agent", "reason": "muted", "label": {"zh": "静音", "en": "muted"}}],
    "events": [{"type": "session:seat:taken", "at_ms": None, "at": AT, "text": {"zh": "坐席加入", "en": "The agent joined"}}],
    "retention": [KEPT, {**KEPT, "part": "biometric", "until": "open"}],
    "handling": [
        {
            "object": "media",
            "title": {"zh": "录像录音", "en": "recording"},
            "category": "sensitive",
            "level": 3,
            "says": {"zh": "敏感个人信息，3级", "en": "sensitive personal information, level 3"},
            "clause": None,
            "place": "CN-31",
            "kept": {"zh": "CN-31，仅存放于 CN，副本亦同", "en": "CN-31, kept within CN alone, copies too"},
            "confined_by": None,
            "objects": 37,
        }
    ],
    "chain": {"events": 41, "last": "cd" * 32, "at": AT, "is_closed": True},
    "package": {"bytes": 3_500_000, "url": f"/api/v1/cases/{CASE}/package"},
    "access": [
        LOOK,
        {**LOOK, "who": "", "seat": "customer", "action": "new.action", "purpose": "", "is_allowed": False, "times": 1},
    ],
}


COPY: dict[str, Any] = {
    "title": "分红型两全保险远程销售",
    "language": "zh",
    "state": "sealed",
    "agent": "林经理",
    "made_at": AT,
    "recorded": {
        "from_at": AT,
        "to_at": AT,
        "duration_ms": 61_000,
        "tracks": [{"track": "customer", "kind": "audio", "title": {"zh": "客户", "en": "customer"}}],
        "gaps": FILE["gaps"],
    },
    "consents": FILE["consents"],
    "told": [
        {
            "title": {"zh": "说明犹豫期", "en": "Cooling-off period"},
            "from_ms": 60_000,
            "to_ms": 64_000,
            "says": [{"zh": "犹豫期十五天。", "en": "The cooling-off period is 15 days."}],
            "documents": [{"title": {"zh": "产品条款", "en": "Product terms"}, "from_ms": 61_000, "to_ms": 63_000}],
            "answers": [
                {"question": {"zh": "清楚吗？", "en": "Is it clear?"}, "answer": {"zh": "清楚", "en": "Clear"}, "at_ms": 63_500}
            ],
        }
    ],
    "retention": FILE["retention"],
    "access": FILE["access"],
    "chain": FILE["chain"],
}


HOLD_ID = "h" + "0" * 26
MATTER: dict[str, Any] = {
    "hold": HOLD_ID,
    "matter": "<b>民初 118</b>",
    "reason": "客户投诉未告知风险",
    "by_name": "许合规",
    "at": "2030-01-10T02:00:00.000Z",
    "cases": [{"case": CASE, "number": "sale-1", "at": "2030-01-10T02:00:00.000Z", "request": "approved"}],
    "hidden": 2,
}
LIFT = {"reason": "已结案", "by_name": "许合规", "second_name": "叶合规", "at": "2030-01-12T02:00:00.000Z"}

CALENDAR: dict[str, Any] = {
    "today": "2030-01-15",
    "months": [
        {
            "month": "2029-11",
            "is_past": True,
            "rows": [{"part": "biometric", "title": KEPT["title"], "clause": CLAUSE, "cases": 1}],
        },
        {
            "month": "2036-11",
            "is_past": False,
            "rows": [{"part": "recording", "title": KEPT["title"], "clause": CLAUSE, "cases": 4}],
        },
    ],
    "undated": [{"until": "open", "part": "consent", "title": KEPT["title"], "clause": CLAUSE, "cases": 4}],
    "years": [{"year": "2029", "parts": 1}, {"year": "2036", "parts": 4}],
    "holds": [],
    "month": "",
    "cases": [],
}
MATRIX: dict[str, Any] = {
    "packs": [
        {
            "id": "cn-insurance",
            "version": "1.0.0",
            "title": {"zh": "保险", "en": "Insurance"},
            "clauses": [
                {
                    "clause": "19",
                    "citation": CLAUSE["citation"],
                    "title": CLAUSE["title"],
                    "status": "automated",
                    "owner": "shared",
                    "shares": [
                        {
                            "kind": "require_step",
                            "provider": {"zh": "提示", "en": "Prompts"},
                            "tenant": {"zh": "说明", "en": "Says it"},
                        }
                    ],
                    "reason": {},
                },
                {
                    "clause": "20",
                    "citation": "=HYPERLINK(1)",
                    "title": CLAUSE["title"],
                    "status": "out_of_scope",
                    "owner": "tenant",
                    "shares": [],
                    "reason": {"zh": "系统之外", "en": "Outside"},
                },
            ],
        }
    ],
    "counts": {"provider": 0, "tenant": 1, "shared": 1},
}
_HAPPENED: dict[str, Any] = {
    "kind": "repaired",
    "position": 41,
    "at": AT,
    "is_open": False,
    "reason": "altered",
    "case": CASE,
    "object": "seg-000003",
    "from": "far",
    "objects": 1,
    "within": "",
    "clause": "",
}
_STORE: dict[str, Any] = {
    "name": "here",
    "address": "folder:vault",
    "where": "A1 机房",
    "place": "CN-31",
    "is_first": True,
    "promises_lock": False,
    "label": "none",
    "failed": "",
    "probed_at": AT,
    "objects": 8,
    "bytes": 81_234_567,
    "behind": 0,
    "is_complete": True,
    "problem": "",
    "last_scrub": {"since": AT, "at": AT, "objects": 8, "bytes": 81_234_567, "repaired": 1, "lost": 0},
    "scrubbing": None,
    "happened": [_HAPPENED, {**_HAPPENED, "kind": "alarmed", "position": 40, "from": ""}],
    "left_off": 0,
    "kept_away": [],
    "kept_away_count": 0,
    "next_steps": [],
}
_REFUSED: dict[str, Any] = {
    **_HAPPENED,
    "kind": "refused",
    "reason": "",
    "case": "",
    "object": "",
    "from": "",
    "objects": 3,
    "within": "CN+SG",
    "clause": "<i>:9",
}
_FAR: dict[str, Any] = {
    **_STORE,
    "name": "far",
    "address": "s3+https://store.example/evidence",
    "where": "",
    "place": "",
    "is_first": False,
    "promises_lock": True,
    "label": "pretends",
    "failed": "delete-refused",
    "behind": 7,
    "is_complete": False,
    "problem": "the store <b>far</b> does not answer",
    "last_scrub": None,
    "scrubbing": {"since": AT, "done": 4, "due": 90},
    "happened": [{**_HAPPENED, "kind": "alarmed", "is_open": True, "from": ""}, _REFUSED],
    "left_off": 12,
    "kept_away": [{"case": CASE, "clauses": ["cn-x:9"]}],
    "kept_away_count": 51,
    "next_steps": ["lost", "pretends", "stopped", "misplaced", "unprobed", "behind", "unscrubbed", "kept_away", "placeless"],
}
STORES: dict[str, Any] = {
    "scrub_days": 30,
    "advice": ["one_copy", "no_lock"],
    "cases_not_asked_about": 3,
    "stores": [_STORE, _FAR],
}
SYSTEM: dict[str, Any] = {
    "version": "0.1.0",
    "tenant": "demo-bank",
    "time_zone": "Asia/Shanghai",
    "checks": [
        {"check": "disk", "state": "ok", "detail": ""},
        {"check": "recorder-a", "state": "failed", "detail": "it does not answer"},
    ],
    "disk": {"free_bytes": 10 << 30, "bytes": 40 << 30},
    "sessions": 2,
    "policies": "ab" * 32,
    "packs": [],
    "counts": {"failed": 1},
    "jobs": [
        {
            "case": CASE,
            "state": "failed",
            "stage": "inspect",
            "done": 1,
            "due": 4,
            "error": "the recording is broken",
            "failures": 5,
            "enqueued_ms": 0,
            "may_retry": True,
        }
    ],
}
PERSON: dict[str, Any] = {
    "account": "a1",
    "name": "lin",
    "display": "林经理",
    "roles": ["agent"],
    "is_active": True,
    "branch": "",
    "place": "CN-31",
    "level": 4,
}
SAMPLE: dict[str, Any] = {
    "sample": "0" * 24,
    "from_on": "2026-01-01",
    "until_on": "2026-12-31",
    "size": 1,
    "seed": "dice-4711",
    "is_own_seed": True,
    "population": 5,
    "population_digest": "ef" * 32,
    "drawn_at": AT,
    "cases": [
        {
            "case": CASE,
            "template": "insurance-remote",
            "state": "sealed",
            "started_at": AT,
            "ended_at": AT,
            "result": {"met": 9, "not_met": 0, "not_evidenced": 1, "package_url": ""},
            "package_url": f"/api/v1/samples/{'0' * 24}/packages/{CASE}",
        }
    ],
}
REVIEWED: dict[str, Any] = {
    "agent": "a1",
    "name": "林经理",
    "drawn": 5,
    "done": 4,
    "late": 1,
    "overturned": 1,
    "redo": 1,
    "appealed": 0,
}


@dataclass
class TableOversight:
    """`OversightPorts` over fields."""

    tiles: list[dict[str, Any]] = field(default_factory=lambda: [dict(TILE)])
    file: dict[str, Any] = field(default_factory=lambda: dict(FILE))
    copy: dict[str, Any] = field(default_factory=lambda: dict(COPY))
    calendar: dict[str, Any] = field(default_factory=lambda: dict(CALENDAR))
    installation: dict[str, Any] | None = field(default_factory=lambda: dict(SYSTEM))
    kept_in: dict[str, Any] = field(default_factory=lambda: dict(STORES))
    drawn: list[dict[str, Any]] = field(default_factory=lambda: [SAMPLE])
    reviewed: list[dict[str, Any]] = field(default_factory=lambda: [REVIEWED])

    def wall(self, request: Request) -> Json:
        return {"tiles": self.tiles, "left_off": 0}

    def case_file(self, request: Request, case: str) -> Json:
        return self.file

    def team(self, request: Request) -> Json:
        return {"branch": "", "agents": self.reviewed}

    def access_log(self, request: Request, page: int, which: str) -> Json:
        line = {
            **LOOK,
            "who_kind": "staff",
            "who": "a1",
            "name": "徐合规",
            "resource_kind": "case",
            "resource": CASE,
            "clauses": [],
        }
        return {"lines": [line] if which == "all" else [], "page": page}

    def own_copy(self, request: Request, case: str) -> Json:
        return self.copy

    def linked_copy(self, token: str, code: str) -> Json:
        if (token, code) != ("good", "123456"):
            raise DeniedError("this link or its code is not good, or no longer: ask for another link")
        return self.copy

    def holds(self, request: Request) -> Json:
        return {"holds": self.calendar["holds"]}

    def case_holds(self, request: Request, case: str) -> Json:
        lifted = {**MATTER, "hold": HOLD_ID, "lift": LIFT}
        return {"case": case, "holds": [lifted, {**lifted, "lift": None}]}

    def retention(self, request: Request, month: str) -> Json:
        cases = [
            {
                "case": CASE,
                "number": "sale-0001",
                "until": "2036-11-25",
                "part": "recording",
                "title": KEPT["title"],
                "clause": CLAUSE,
            }
        ]
        return {**self.calendar, "month": month, "cases": cases if month == "2036-11" else []}

    def responsibility(self, request: Request) -> Json:
        return MATRIX

    def system(self, request: Request) -> Json | None:
        return self.installation

    def stores(self, request: Request) -> Json:
        return self.kept_in

    def people(self, request: Request) -> tuple[Json, ...] | None:
        return (PERSON,)

    def samples(self, request: Request) -> Json:
        return {"samples": self.drawn}

    def sample(self, request: Request, sample: str) -> Json:
        return SAMPLE

    def drawn_file(self, request: Request, sample: str, drawn: str) -> Json:
        return self.file
