"""One quiet home with one sealed session for all tests of the command line; a test that changes it takes a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.quiet_home import Sealed, make_sealed


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return make_sealed(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def copied(sealed: Sealed, tmp_path: Path) -> Callable[[], Sealed]:
    """A copy of the sealed world that a test may damage."""

    def copy() -> Sealed:
        home = shutil.copytree(sealed.home, tmp_path / "home")
        return replace(sealed, home=home, package=Path(shutil.copy(sealed.package, tmp_path / "copy.jlp")))

    return copy
