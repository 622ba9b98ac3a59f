"""Every spoiled session seals and verifies as intact, and never as complete: the clause, the reason and the place are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jianlu.entry.sample.assemble import assemble
from tests.e2e.sabotage.content import ONE_FAULT, SEVERAL_FAULTS, Sabotage
from tests.e2e.sabotage.world import jianlu, make_home, seal, write_case

pytestmark = pytest.mark.slow

WITHIN_MS = 2_000


def locates(reason: dict[str, Any], from_ms: int, to_ms: int) -> bool:
    """The reason begins within two seconds of the place and reaches into it."""
    begins_ms, ends_ms = int(reason["from_ms"]), int(reason["to_ms"])
    return from_ms - WITHIN_MS <= begins_ms <= to_ms and from_ms <= ends_ms


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("content") / "home")


def name_of(sabotage: Sabotage) -> str:
    return sabotage.name


MORE = (pytest.param(each, marks=pytest.mark.thorough) for each in SEVERAL_FAULTS[1:])


@pytest.mark.parametrize("sabotage", [*SEVERAL_FAULTS[:1], *MORE], ids=name_of)
def test_a_session_spoiled_in_several_ways_is_not_complete_and_says_where_each(
    sabotage: Sabotage, home: Path, tmp_path: Path
) -> None:
    is_found(sabotage, home, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("sabotage", ONE_FAULT, ids=name_of)
def test_a_session_spoiled_in_one_way_is_not_complete_and_says_where(sabotage: Sabotage, home: Path, tmp_path: Path) -> None:
    is_found(sabotage, home, tmp_path)


def is_found(sabotage: Sabotage, home: Path, folder: Path) -> None:
    """Seal the spoiled session: it verifies as intact, and every fault is told with its clauses, reason and place."""
    media = folder / "session.mp4"
    timeline = assemble(sabotage.recipe, media)
    number = "spoiled-" + sabotage.name.replace(" ", "-").replace("'", "")
    seal(home, media, write_case(folder / "case.toml", number), folder / "out.jlp")
    code, result = jianlu("verify", folder / "out.jlp")
    assert (code, result["intact"], result["complete"]) == (10, True, False)
    verdicts = {f"{clause['pack']}:{clause['clause']}": clause for clause in result["clauses"]}
    for fault in sabotage.faults:
        from_ms, to_ms = fault.place(timeline)
        for name in fault.clauses:
            clause = verdicts[name]
            assert clause["verdict"] == "not_met", (name, clause)
            reasons = [reason for reason in clause["reasons"] if reason["code"] == fault.reason]
            assert reasons, (name, clause["reasons"])
            assert any(locates(reason, from_ms, to_ms) for reason in reasons), (reasons, (from_ms, to_ms))
        assert set(fault.clauses) <= {problem["clause"] for problem in result["problems"]}
