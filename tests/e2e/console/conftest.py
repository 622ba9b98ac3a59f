"""One service, with approved scripts, for all page tests that follow one another: a start costs half a minute of processor time.

Tests take accounts and numbers of cases that no other file takes, or look at nothing but their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fakes.pages.visitors import Console, closing_pages
from tests.fakes.running_home import RunningHome, approve_scripts, running_home

_LAST = pytest.StashKey[tuple[RunningHome, ExitStack]]()


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunningHome:
    """The last file's service while it lives."""
    stash = request.config.stash
    if _LAST not in stash or stash[_LAST][0].process.poll() is not None:
        stack = ExitStack()
        home = stack.enter_context(running_home(Path(tmp_path_factory.mktemp("console")) / "home"))
        stash[_LAST] = home, stack
        approve_scripts(home)
    return stash[_LAST][0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Nobody idles on beside the tests of other folders."""
    is_last = nextitem is None or nextitem.path.parent != Path(__file__).parent
    if is_last and _LAST in item.config.stash:
        item.config.stash[_LAST][1].close()
        del item.config.stash[_LAST]


@pytest.fixture
def console(served: RunningHome, chromium: Browser) -> Iterator[Console]:
    with closing_pages(Console(served, chromium)) as opened:
        yield opened
