"""What the pages of scripts read, from the shipped sale and a changed one: the port `deliver/console/script_ports.py`."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from jianlu.core.formats.script import script_bytes
from jianlu.deliver.console.ports import Json
from jianlu.deliver.scripts.changes import script_changes
from jianlu.deliver.scripts.draft_words import choices
from jianlu.deliver.scripts.reading import script_reading
from tests.fakes.sessions.world import shipped_scenes

CLAUSE: dict[str, Any] = {
    "key": "cn-insurance:5c",
    "citation": "第七条（三）",
    "title": {"zh": "说明犹豫期", "en": "Cooling-off"},
}
LACK: dict[str, Any] = {
    "code": "not_said",
    "clause": CLAUSE,
    "step": "explain_surrender",
    "text": {"zh": "“第七条（三）”要求说出“犹豫期”。", "en": "“第七条（三）” demands the words."},
    "is_refused": True,
}
ACT: dict[str, Any] = {
    "act": "withdrawn",
    "version": "1.0.0",
    "digest": "0" * 64,
    "account": "a1",
    "name": "徐合规",
    "at": "2026-11-26T01:00:00.000Z",
    "reason": "法务要求",
}


def sale() -> dict[str, Any]:
    """The shipped script of a sale."""
    content: dict[str, Any] = json.loads(script_bytes(shipped_scenes()["insurance-remote"].script))
    return content


def changed_sale() -> dict[str, Any]:
    """The same with another sentence, one step less and one more."""
    content = copy.deepcopy(sale())
    content["steps"][8]["say"][0]["text"]["zh"] = "犹豫期{product.cooling_off_days}天，之后退保会有较大损失。"
    content["steps"].pop()
    content["steps"].append({**copy.deepcopy(content["steps"][0]), "id": "farewell"})
    return content


@dataclass
class TableScripts:
    """`ScriptPorts` over documents that a test may change."""

    content: dict[str, Any] = field(default_factory=changed_sale)
    lacks: list[dict[str, Any]] = field(default_factory=list)
    is_yours: bool = False
    done: list[dict[str, Any]] = field(default_factory=lambda: [ACT])

    def changes(self, request: Request, script: str, version: str, against: str) -> Json:
        return {
            "version": version,
            "against": against or "0.9.0",
            "reading": script_reading(self.content),
            "changes": script_changes(sale(), self.content),
            "lacks": self.lacks,
            "rehearsed": 75,
            "demands": [{"id": "explain_surrender", "says": ["犹豫期"], "clauses": [CLAUSE]}],
            "attested": [],
            "is_yours": self.is_yours,
        }

    def acts(self, request: Request, script: str) -> Json:
        return {"acts": self.done}

    def draft(self, request: Request, script: str) -> Json:
        return {
            "script": script,
            "revision": 0,
            "based_on": "1.0.0",
            "saved_by_name": "",
            "saved_at": "",
            "content": self.content,
            "problems": [],
            "lacks": self.lacks,
            "rehearsed": 75,
            "next_version": "1.1.0",
            "choices": {**choices(self.content), "demands": [], "attested": []},
            "changes": script_changes(sale(), self.content),
        }
