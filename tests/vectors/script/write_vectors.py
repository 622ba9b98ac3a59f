"""Writes `specs/vectors/script/`: a script that is read, and spoiled ones, each with the reason. Run after a change of the format.

The test beside it holds the code to what this wrote; a change of these files is a change of the specification.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.core.formats.script import FORMAT
from jianlu.core.terms.digests import digest_of

FOLDER = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "script"
_YES_NO = [
    {"id": "yes", "label": {"zh": "清楚", "en": "It is clear"}, "effect": "go_on"},
    {"id": "no", "label": {"zh": "不清楚", "en": "It is not"}, "effect": "stay"},
]


def step(id: str, **fields: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"prompt": {"zh": "", "en": ""}, "min_read_ms": 0, "speaker": "agent", "kind": "say", "when": None}
    lists: dict[str, Any] = {name: [] for name in ("say", "documents", "answers", "consents", "attests", "covers")}
    return {"id": id, "title": {"zh": id, "en": id}, **empty, **lists, **fields}


def good() -> dict[str, Any]:
    """A script with one of everything."""
    said = {"text": {"zh": "承保公司是{product.insurer}。", "en": "The insurer is {product.insurer}."}, "when": None}
    asked = {"id": "is_clear", "question": {"zh": "清楚吗？", "en": "Is it clear?"}, "by": "customer", "options": _YES_NO}
    only = {"fact": "product.design", "is": "participating"}
    steps = [
        step("greeting", kind="show", say=[said], documents=["permit"], attests=["pack-a:A-1"], covers=["agent_identity"]),
        step("consent", kind="consent", consents=["recording"], min_read_ms=3000),
        step("understood", kind="ask", answers=[asked], when=only),
    ]
    documents = [{"id": "permit", "title": {"zh": "工作证", "en": "Work permit"}, "min_show_ms": 1000}]
    title = {"zh": "示例", "en": "Example"}
    return {"format": FORMAT, "script": "example", "version": "1.0.0", "title": title, "documents": documents, "steps": steps}


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = to

    return spoil


def _add(*path: str | int, more: object) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for part in path:
            document = document[part]
        document.append(more) if isinstance(document, list) else document.update(more)

    return spoil


BAD: dict[str, Callable[[Any], None]] = {
    "another format": _set("format", to="jianlu/script/v2"),
    "a version of words": _set("version", to="first"),
    "a name with spaces": _set("script", to="my script"),
    "no steps": _set("steps", to=[]),
    "a step twice": _add("steps", more=step("greeting")),
    "a document twice": _add("documents", more={"id": "permit", "title": {"zh": "证", "en": "permit"}, "min_show_ms": 1}),
    "an unknown field": _add("steps", 0, more={"colour": "red"}),
    "an unknown kind": _set("steps", 0, "kind", to="sing"),
    "a missing language": _set("steps", 0, "title", to={"zh": "问候"}),
    "an empty title": _set("steps", 0, "title", to={"zh": " ", "en": "x"}),
    "a text that is too long": _set("steps", 0, "title", to={"zh": "长" * 1001, "en": "x"}),
    "a document that is not listed": _set("steps", 0, "documents", to=["letter"]),
    "a clause without its pack": _set("steps", 0, "attests", to=["A-1"]),
    "a negative time": _set("steps", 0, "min_read_ms", to=-1),
    "a time that is a flag": _set("steps", 0, "min_read_ms", to=True),
    "more than an hour": _set("steps", 0, "min_read_ms", to=3_600_001),
    "a consent twice": _set("steps", 1, "consents", to=["recording", "recording"]),
    "a question that nobody can answer": _set("steps", 2, "answers", 0, "options", to=[]),
    "a question that never lets go on": _set("steps", 2, "answers", 0, "options", 0, "effect", to="stay"),
    "an unknown effect": _set("steps", 2, "answers", 0, "options", 1, "effect", to="explode"),
    "an answer twice": _set("steps", 2, "answers", 0, "options", to=[_YES_NO[0], _YES_NO[0]]),
    "a condition that is a text": _set("steps", 2, "when", to="always"),
    "braces without a fact": _set("steps", 0, "say", 0, "text", to={"zh": "{ }", "en": "x"}),
    "a list too long": _set("steps", 0, "covers", to=[f"c{n}" for n in range(41)]),
}


def bad() -> Iterator[tuple[str, str]]:
    """Every spoiled script with its reason, and two that are not canonical."""
    for why, spoil in BAD.items():
        document = json.loads(json.dumps(good()))
        spoil(document)
        yield why, canonical_bytes(document).decode()
    yield "spaces between", json.dumps(good(), ensure_ascii=False)
    yield "no object", "[]"


def main() -> None:
    """Write the vectors."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = canonical_bytes(good())
    (FOLDER / "good.json").write_bytes(content)
    (FOLDER / "digest.txt").write_text(digest_of(content) + "\n", encoding="utf-8")
    lines = [json.dumps({"why": why, "text": text}, ensure_ascii=False) for why, text in bad()]
    (FOLDER / "bad.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
