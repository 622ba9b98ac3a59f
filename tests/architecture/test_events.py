"""Event kinds are `subject:object:past-verb`, and their verbs are on the closed list of STYLE.md.

What an event's body holds is the business of `specs/event.md` and its vectors.
"""

from __future__ import annotations

import re

import pytest

from jianlu.core.terms.events import EventType
from tests.architecture.tree import ROOT, show

GRAMMAR = re.compile(r"[a-z]+:[a-z]+(?:-[a-z]+)*:[a-z]+")


def past_forms(style: str) -> set[str]:
    """The past forms of the table under "The closed list of verbs"."""
    section = style.partition("### The closed list of verbs")[2].partition("\n#")[0]
    forms: set[str] = set()
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] != "Verb" and not cells[0].startswith("-"):
            forms |= {cell for cell in cells[1::2] if cell}
    return forms


def event_complaints(kind: str, verbs: set[str]) -> list[str]:
    if not GRAMMAR.fullmatch(kind):
        return [f"{kind}: not subject:object:past-verb"]
    verb = kind.rpartition(":")[2]
    return [] if verb in verbs else [f"{kind}: {verb} is not on the closed list of STYLE.md"]


def test_every_event_keeps_the_grammar_and_the_closed_list_of_verbs() -> None:
    verbs = past_forms((ROOT / "STYLE.md").read_text(encoding="utf-8"))
    complaints = [line for kind in EventType for line in event_complaints(kind.value, verbs)]
    assert len(EventType) > 0
    assert not complaints, show(complaints)


def test_every_event_is_described_in_its_spec() -> None:
    spec = (ROOT / "specs" / "event.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`([a-z]+:[a-z-]+:[a-z]+)`", spec))
    assert described == {kind.value for kind in EventType}


@pytest.mark.parametrize(
    "kind", ["session:started", "session:recording:start", "Session:recording:started", "a:b:exploded", "a:b:c:held"]
)
def test_a_kind_outside_the_grammar_is_complained_about(kind: str) -> None:
    assert event_complaints(kind, {"started", "held"})


def test_the_closed_list_is_read_from_the_style() -> None:
    assert {"sealed", "frozen", "set", "closed"} <= past_forms((ROOT / "STYLE.md").read_text(encoding="utf-8"))
    assert past_forms("no list") == set()
