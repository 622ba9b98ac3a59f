"""One service, with approved scripts, for all page tests that follow one another: a start costs half a minute of processor time.

Tests take accounts and numbers of cases that no other file takes, or look at nothing but their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fakes.pages.visitors import Console, closing_pages
from tests.fakes.running_home import RunningHome, approve_scripts, running_home


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("console")) / "home") as home:
        approve_scripts(home)
        yield home


@pytest.fixture
def console(served: RunningHome, chromium: Browser) -> Iterator[Console]:
    with closing_pages(Console(served, chromium)) as opened:
        yield opened
