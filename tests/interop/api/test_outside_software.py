"""Outside software that knows the published description and nothing else completes a case, from sign-in to the verified package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jianlu.verify.check import check_package
from tests.architecture.tree import ROOT
from tests.fakes.serving.calls import a_call, calling_home
from tests.fakes.serving.running import Served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with calling_home(tmp_path_factory.mktemp("outside") / "home") as served:
        yield served


@pytest.mark.thorough
def test_a_case_is_completed_by_the_description_alone(running: Served, tmp_path: Path) -> None:
    with a_call(running, "outside-1") as call:
        call.start()
        refused = call.agent.ask("complete_step", case=call.case, step="closing")
        assert refused.status_code == 409, "the script is the server's"
        call.do_all()
        assert call.agent.call("end", case=call.case)["state"] == "ended"
        content = call.await_package()
    package = tmp_path / "case.jlp"
    package.write_bytes(content)
    assert check_package(package).is_intact


def test_the_program_imports_nothing_of_ours() -> None:
    picture = "tests.fakes.moving_picture"
    reached = _imported_by("tests/fakes/serving/outsider.py") | _imported_by("tests/fakes/moving_picture.py")
    assert {name for name in reached if name.split(".")[0] in ("jianlu", "tests")} == {picture}, (
        "the test picture, which is aiortc's alone"
    )


def _imported_by(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    return imported | {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
