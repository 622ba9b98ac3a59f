"""The documents agree with the project: every path of the concept table exists, the README has two commands, links hold.

Whether a document is true beyond that is for people; what can be checked is checked here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, project_files, show

COMMANDS = ["make demo", "make test"]
SHELL_BLOCK = re.compile(r"^```(?:sh|bash|shell|console)?\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)[^)]*\)")
CODE_SPAN = re.compile(r"`([^`]+)`")
BRACES = re.compile(r"\{([^}]+)\}")
RECORD_LINES_MAX = 100
RECORD_PARTS = (
    re.compile(r"^(Proposed|Accepted|Superseded by \d{4}), \d{4}-\d{2}-\d{2}\.", re.M),
    re.compile("^## Decision", re.M),
)


# --- ARCHITECTURE.md -----------------------------------------------------------------------------------------------


def spread(path: str) -> list[str]:
    """`vault/{hold,shred}.py` is two paths."""
    alternatives = [part.split(",") for part in BRACES.findall(path)]
    shape = BRACES.sub("{}", path)
    return [shape.format(*choice) for choice in product(*alternatives)]


def concept_rows(text: str) -> list[tuple[str, str]]:
    """(concept, path) of the table under "Where each concept lives"."""
    _, _, section = text.partition("## Where each concept lives")
    section = section.partition("\n## ")[0]
    rows = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        for concept, home in zip(cells[::2], cells[1::2], strict=False):
            rows += [(concept, path) for span in CODE_SPAN.findall(home) for path in spread(span)]
    return rows


def concept_complaints(text: str, package: Path) -> list[str]:
    rows = concept_rows(text)
    if not rows:
        return ["the concept table is gone"]
    roots = (package, ROOT)
    return [f"{concept}: {path} does not exist" for concept, path in rows if not any((root / path).exists() for root in roots)]


def test_every_path_of_the_concept_table_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    complaints = concept_complaints(text, ROOT / "src" / "jianlu")
    assert not complaints, show(complaints)


def test_a_concept_without_a_home_is_complained_about(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "hold.py").touch()
    table = "## Where each concept lives\n| Concept | Home |\n|---|---|\n| hold | `vault/{hold,shred}.py` |\n"
    assert concept_complaints(table, tmp_path) == ["hold: vault/shred.py does not exist"]
    assert concept_complaints("no table", tmp_path)


# --- README.md -----------------------------------------------------------------------------------------------------


def readme_commands(text: str) -> list[str]:
    """Every line of every shell block, in order, without comments and prompts."""
    lines = [line.strip().removeprefix("$ ") for block in SHELL_BLOCK.findall(text) for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line and not line.startswith("#")]


def test_the_readme_has_exactly_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme_commands(text) == COMMANDS


@pytest.mark.parametrize("text", ["", "```sh\nmake demo\n```", "```sh\nmake demo\nmake test\npip install x\n```"])
def test_a_readme_with_other_commands_is_noticed(text: str) -> None:
    assert readme_commands(text) != COMMANDS


# --- links and decision records ------------------------------------------------------------------------------------


def link_complaints(text: str, folder: Path) -> list[str]:
    return [f"{folder}: broken link {target}" for target in LINK.findall(text) if not (folder / target).exists()]


def _documents() -> Iterator[Path]:
    return (path for path in project_files() if path.suffix == ".md")


def test_every_link_between_documents_holds() -> None:
    complaints = [
        line for path in _documents() for line in link_complaints((ROOT / path).read_text(encoding="utf-8"), (ROOT / path).parent)
    ]
    assert not complaints, show(complaints)


def test_a_broken_link_is_complained_about(tmp_path: Path) -> None:
    assert link_complaints("see [there](gone.md#part)", tmp_path)


def record_complaints(name: str, text: str) -> list[str]:
    found = [f"{name}: nothing like {part.pattern!r}" for part in RECORD_PARTS if not part.search(text)]
    if text.count("\n") > RECORD_LINES_MAX:
        found.append(f"{name}: longer than {RECORD_LINES_MAX} lines; a record is about half a page")
    if not re.match(r"# \d{4} ", text) or text[2:6] != name[:4]:
        found.append(f"{name}: the title does not begin with the record's number")
    return found


def test_decision_records_are_numbered_and_keep_their_form() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert len(set(numbers)) == len(numbers), "two records have one number"
    complaints = [line for record in records for line in record_complaints(record.name, record.read_text(encoding="utf-8"))]
    assert not complaints, show(complaints)


@pytest.mark.parametrize(
    "text", ["# 0001 x\n## Decision\n", "# 0001 x\nAccepted, 2026-11-22.\n", "# 1 x\nAccepted, 2026-11-22.\n## Decision\n"]
)
def test_a_record_without_form_is_complained_about(text: str) -> None:
    assert record_complaints("0001-x.md", text)


# --- version -------------------------------------------------------------------------------------------------------


def test_the_version_is_the_same_everywhere() -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    surface = (ROOT / "src" / "jianlu" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{written}"' in surface
