"""The order of a whole run names files that are there: a renamed file would silently lose its worker or its turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import workers
from tests.contract.api.conftest import ON_BOTH

TESTS = Path(workers.__file__).parent.parent


def every_file() -> list[str]:
    return [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]


@pytest.mark.parametrize("start", workers.REAL_TIME)
def test_what_runs_in_real_time_is_there(start: str) -> None:
    assert any(place.startswith(start) for place in every_file())


def test_long_files_are_there_once_and_none_is_in_real_time() -> None:
    places = [line for line in workers.LONG_FILES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert len(set(places)) == len(places) > 20
    assert set(places) <= set(every_file())
    assert [place for place in places if workers.real_time_turn(place) is not None] == []


def test_what_the_interface_is_asked_on_both_databases_is_there() -> None:
    """A renamed file would silently be asked on SQLite alone."""
    assert {f"contract/api/{stem}.py" for stem in ON_BOTH} <= set(every_file())
