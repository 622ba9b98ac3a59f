"""What is lawful but different must not fail: other voices, pauses, numerals, noise, containers. And an absent engine is never a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from jianlu.entry.sample.assemble import assemble
from jianlu.entry.sample.recipe import DEFAULT, Recipe
from tests.e2e.sabotage.content import ALL_HARMLESS, AT_ONCE, ONE_HARMLESS, OTHER_PEOPLE
from tests.e2e.sabotage.world import deafen, jianlu, make_home, seal, write_case

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("harmless") / "home")


@pytest.mark.parametrize("name", [AT_ONCE, pytest.param(OTHER_PEOPLE, marks=pytest.mark.thorough)])
def test_a_session_that_is_only_different_comes_out_complete(name: str, home: Path, tmp_path: Path) -> None:
    is_complete(name, ALL_HARMLESS[name], home, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ONE_HARMLESS)
def test_a_harmless_variant_comes_out_complete(name: str, home: Path, tmp_path: Path) -> None:
    is_complete(name, ONE_HARMLESS[name], home, tmp_path)


def is_complete(name: str, recipe: Recipe, home: Path, folder: Path) -> None:
    """Seal the session: no clause comes out as anything but met."""
    media = folder / f"session.{recipe.encoding.container}"
    assemble(recipe, media)
    seal(home, media, write_case(folder / "case.toml", "harmless-" + name.replace(" ", "-")), folder / "out.jlp")
    code, result = jianlu("verify", folder / "out.jlp")
    unmet = [
        (clause["clause"], clause["verdict"], clause["reasons"]) for clause in result["clauses"] if clause["verdict"] != "met"
    ]
    assert (code, unmet) == (0, [])


@pytest.mark.thorough
def test_without_engines_their_clauses_are_not_evidenced_and_none_is_a_pass(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    deafen(home)
    media = tmp_path / "sale.mp4"
    assemble(DEFAULT, media)
    seal(home, media, write_case(tmp_path / "case.toml", "deaf-1"), tmp_path / "out.jlp")
    code, result = jianlu("verify", tmp_path / "out.jlp")
    assert code == 10
    verdicts = {clause["clause"]: clause["verdict"] for clause in result["clauses"]}
    assert {verdicts[clause] for clause in ("CN-IN-4", "CN-IN-5c", "CN-IN-5d", "CN-SU-2", "CN-BK-6")} == {"not_evidenced"}
    assert "not_met" not in verdicts.values()
    assert verdicts["CN-BK-8"] == "met"  # continuity needs no engine: it follows from the ledger
