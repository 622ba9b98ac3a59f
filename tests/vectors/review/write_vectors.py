"""Writes `specs/vectors/review/draw.json`: rolls, the trees behind them, and who is drawn. Run after a change of the format.

The test beside it draws again by the words of the specification alone, with the standard library; a change here is a change of the spec.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from jianlu.judge.review.documents import roll_bytes, sample_bytes
from jianlu.judge.review.model import Candidate, Roll, Tree
from jianlu.judge.review.sampling import draw

FILE = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "review" / "draw.json"


def reference(number: int) -> str:
    return "c" + base64.b32encode(hashlib.sha256(f"vector {number}".encode()).digest())[:26].decode().lower()


def roll(no: int, count: int, share: int, second: int, *, groups: int = 0, out: int = 0) -> Roll:
    """A roll of `count` cases, the first `groups` of a group, the last `out` not counting."""
    cases = tuple(
        Candidate(
            case=reference(100 * no + number),
            closed=10 * number,
            out="other_rules" if number >= count - out else "",
            groups=("elder",) if number < groups else (),
            due_on="2026-12-11",
        )
        for number in range(count)
    )
    return Roll("pack-a:sales", "1.0.0", "ab" * 32, "2026-11-26", no, 0, 10 * count, share, second, cases)


def vectors() -> list[dict[str, Any]]:
    """Each roll as its document, the tree, and the sample as its document."""
    rolls = (
        roll(1, 0, 300, 50),
        roll(2, 1, 300, 1000),
        roll(3, 10, 300, 500, groups=2, out=1),
        roll(4, 40, 300, 50),
        roll(5, 7, 1000, 0),
        roll(6, 7, 0, 500, groups=3),
    )
    found = []
    for each in rolls:
        tree = Tree("bank.example/log", each.end + 3, hashlib.sha256(f"root {each.no}".encode()).hexdigest())
        found.append({"roll": roll_bytes(each).decode(), "sample": sample_bytes(draw(each, tree)).decode()})
    return found


def main() -> None:
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
