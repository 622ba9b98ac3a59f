"""One service for all page tests of a file, with approved scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fakes.pages.visitors import Console, closing_pages
from tests.fakes.running_home import RunningHome, approve_scripts, running_home


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("console")) / "home") as home:
        approve_scripts(home)
        yield home


@pytest.fixture
def console(served: RunningHome, chromium: Browser) -> Iterator[Console]:
    with closing_pages(Console(served, chromium)) as opened:
        yield opened
