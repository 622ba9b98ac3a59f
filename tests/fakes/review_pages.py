"""What the pages of reviews read, from fields that a test may change: the port `deliver/console/review_ports.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from jianlu.deliver.console.ports import Json
from tests.fakes.console_pages import CASE

PLAN = "cn-insurance-dual-recording:closed-sales"
TITLE = {"zh": "代理人出示有效身份证明", "en": "The agent shows valid proof of identity"}
TASK: dict[str, Any] = {
    "case": CASE,
    "stage": "first",
    "plan": PLAN,
    "draw": 1,
    "cause": "group",
    "group": {"zh": "60岁及以上投保人", "en": "Applicants of 60 or more years"},
    "due_on": "2026-12-10",
    "urgency": "soon",
    "state": "open",
    "reviewer": "",
    "reviewer_name": "",
    "outcome": "",
    "asks_redo": False,
    "taken_at": None,
    "decided_at": None,
    "appealed_at": None,
}
ENTRY: dict[str, Any] = {
    **TASK,
    "number": "sale-0001",
    "title": "分红型两全保险远程销售",
    "template": "insurance-remote",
    "customer": "王**",
    "agent": "林经理",
}
DONE: dict[str, Any] = {
    **ENTRY,
    "stage": "second",
    "cause": "appealed",
    "urgency": "late",
    "state": "done",
    "outcome": "overturned",
    "asks_redo": True,
    "reviewer_name": "秦质检",
}
SHARE = {"value": 0.75, "low": 0.3006, "high": 0.9544}
AGREEMENT: dict[str, Any] = {"n": 4, "table": [[2, 0, 0], [1, 0, 0], [0, 0, 1]], "share": SHARE, "kappa": None}
NOTHING: dict[str, Any] = {"n": 0, "table": [[0, 0, 0]] * 3, "share": None, "kappa": None}
STATISTICS: dict[str, Any] = {
    "categories": ["met", "not_met", "not_evidenced"],
    "coverage": [
        {
            "plan": PLAN,
            "no": 1,
            "on": "2026-11-25",
            "cases": 12,
            "eligible": 10,
            "wanted": 4,
            "in_time": 2,
            "late": 1,
            "waiting": 1,
            "permille": 200,
            "wanted_permille": 300,
        }
    ],
    "states": {"open": 1, "taken": 0, "done": 3, "late": 1, "overturned": 1, "redo": 0, "appealed": 1},
    "machine": AGREEMENT,
    "clauses": [
        {**AGREEMENT, "clause": "cn-insurance-dual-recording:CN-IN-5a", "title": TITLE, "citation": "第七条"},
        {**NOTHING, "clause": "cn-insurance-dual-recording:CN-IN-5b", "title": TITLE, "citation": "第七条"},
    ],
    "people": {**AGREEMENT, "kappa": {"value": 0.41, "low": -0.1, "high": 0.9}},
    "reviewers": [{"account": "a1", "name": "秦质检", "reviews": 3, "clauses": 54, "overturned": 1}],
    "second_looks": 1,
    "first_stood": 0,
    "ended": 2,
}
DRAWS: dict[str, Any] = {
    "plans": [
        {
            "plan": PLAN,
            "title": {"zh": "成交件质检", "en": "Quality control of concluded sales"},
            "citation": "保监发〔2017〕54号",
            "clause": "cn-insurance-dual-recording:CN-IN-7",
            "mark": "S",
            "confidence": "unverified",
            "share_permille": 300,
            "second_permille": 50,
            "appeal_days": 7,
            "redo_days": 5,
            "groups": [
                {
                    "group": "elder",
                    "title": TASK["group"],
                    "mark": "U",
                    "note": {"zh": "未读原文", "en": "The text was not read"},
                }
            ],
        }
    ],
    "draws": [
        {
            "plan": PLAN,
            "no": 1,
            "first": 0,
            "end": 900,
            "cases": 12,
            "eligible": 10,
            "grouped": 2,
            "drawn": 3,
            "tree_size": 901,
            "root": "ab" * 32,
            "frozen_at": "2026-11-25T22:00:00.000Z",
        }
    ],
}
BENCH: dict[str, Any] = {
    "case": CASE,
    **{name: ENTRY[name] for name in ("number", "title", "template", "customer", "agent")},
    "tasks": [TASK],
    "clauses": [
        {
            "clause": "cn-insurance-dual-recording:CN-IN-5a",
            "citation": "第七条",
            "title": TITLE,
            "machine": "not_evidenced",
            "at_ms": None,
        }
    ],
    "script": [
        {
            "id": "opening",
            "no": 1,
            "title": {"zh": "开场", "en": "Opening"},
            "say": [{"zh": "您好，我是林静", "en": "Hello, I am Lin Jing"}],
        }
    ],
    "decisions": [],
    "appeal": None,
    "redo": None,
    "links": None,
    "may": {"take": ["first"], "decide": [], "appeal": False, "redo": False},
    "appeal_days": 7,
    "today": "2026-11-26",
}


REDO: dict[str, Any] = {
    "case": CASE,
    **{name: ENTRY[name] for name in ("number", "title", "agent")},
    "state": "asked",
    "asked_at": "2026-11-25T10:00:00.000Z",
    "due_on": "2026-11-25",
    "is_late": True,
    "successor": None,
    "completed_at": None,
    "proposed": "sale-0001-r2",
}


@dataclass
class TableReviews:
    """Answers with its fields; remembers what was asked for."""

    rows: list[dict[str, Any]] = field(default_factory=lambda: [ENTRY, DONE])
    pages: int = 1
    sees_all: bool = True
    found_statistics: dict[str, Any] = field(default_factory=lambda: STATISTICS)
    found_draws: dict[str, Any] = field(default_factory=lambda: DRAWS)
    bench: dict[str, Any] = field(default_factory=lambda: BENCH)
    again: list[dict[str, Any]] = field(default_factory=lambda: [REDO])
    asked: list[tuple[str, int]] = field(default_factory=list)

    def reviews(self, request: Request, which: str, page: int) -> Json:
        self.asked.append((which, page))
        counts = {"open": 1, "mine": 0, "late": 1, "redo": 1, "done": 1, "all": 2}
        whole = {"total": len(self.rows), "page": page, "pages": self.pages, "counts": counts, "today": "2026-11-26"}
        return {"reviews": self.rows, "sees_all": self.sees_all, **whole}

    def review(self, request: Request, case: str) -> Json:
        return self.bench

    def redos(self, request: Request) -> Json:
        return {"redos": self.again, "today": "2026-11-26", "sees_all": self.sees_all}

    def statistics(self, request: Request) -> Json:
        return self.found_statistics

    def draws(self, request: Request) -> Json:
        return self.found_draws
