"""The list of OWASP ASVS 5.0.0 has every requirement of levels 1 and 2, and its evidence is there: files, and tests in them.

The numbers with their levels are in `asvs-5.0.0.txt`, as the standard of May 2025 has them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

LIST = ROOT / "docs/security/asvs-5.0-l2.md"
ANSWERS = ("evidenced", "not evidenced", "not met", "does not apply")
_ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| ([a-z ]+) \| (?:\[`([^`]+)`\]\(\.\./\.\./([^)]+)\))? ?\|")


@dataclass(frozen=True)
class Row:
    """One requirement."""

    number: str
    level: str
    words: str
    answer: str
    name: str
    path: str


def rows_of(text: str) -> list[Row]:
    return [Row(*(part or "" for part in found)) for found in _ROW.findall(text)]


def complaints(text: str, root: Path = ROOT) -> list[str]:
    """What is wrong with the list."""
    rows = rows_of(text)
    wanted = dict(line.split() for line in (ROOT / "tests/architecture/asvs-5.0.0.txt").read_text().splitlines())
    found = [f"{number}: missing or of another level" for number in wanted if (number, wanted[number]) not in _numbers(rows)]
    found += [
        f"{number}: not of the standard, or twice" for number, times in _times(rows).items() if times > 1 or number not in wanted
    ]
    for row in rows:
        if row.answer not in ANSWERS:
            found.append(f"{row.number}: no such answer: {row.answer}")
        if (row.answer == "evidenced") != bool(row.path):
            found.append(f"{row.number}: evidence is linked where it is said to be there, and only there")
        if row.path and not (root / row.path).is_file():
            found.append(f"{row.number}: no file {row.path}")
        elif (
            row.name.startswith("test_")
            and not row.name.endswith(".py")
            and f"def {row.name}(" not in (root / row.path).read_text()
        ):
            found.append(f"{row.number}: no test {row.name} in {row.path}")
    counted = Counter(row.answer for row in rows)
    found += [f"counts {answer} otherwise than the list" for answer in ANSWERS if f"{answer}: {counted[answer]};" not in text]
    return found


def _numbers(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row.number, row.level) for row in rows}


def _times(rows: list[Row]) -> Counter[str]:
    return Counter(row.number for row in rows)


def test_the_list_is_whole_and_its_evidence_is_there() -> None:
    assert not complaints(LIST.read_text())
    assert len(rows_of(LIST.read_text())) == 253


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| 6.5.1 | 2 |", "| 6.5.1 | 1 |"),
        ("| 6.5.1 | 2 |", "| 6.5.99 | 2 |"),
        ("test_a_code_that_was_used_is_refused", "test_a_code_that_was_used_is_taken"),
        ("tests/unit/identity/test_totp.py", "tests/unit/identity/test_lost.py"),
        ("| does not apply | |", "| evidenced | |"),
        ("| does not apply | |", "| perhaps | |"),
    ],
)
def test_a_broken_list_is_complained_about(old: str, new: str) -> None:
    text = LIST.read_text()
    assert old in text
    assert complaints(text.replace(old, new, 1))
