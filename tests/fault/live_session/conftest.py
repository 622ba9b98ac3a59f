"""One service for the tests of a file, whose processes they kill, and one Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.fakes.pages.visitors import Console, become, closing_pages
from tests.fakes.running_home import RunningHome, approve_scripts, running_home
from tests.fault.live_session.talk import PATIENCE_MS, UNINSPECTED, free_port, is_up


class PatientConsole(Console):
    """Its pages wait longer than Playwright's half a minute for what is to be clicked: here processes are killed beside them."""

    def page(self, *, is_phone: bool = False, lang: str = "zh-CN", allows_media: bool = True) -> Page:
        page = super().page(is_phone=is_phone, lang=lang, allows_media=allows_media)
        page.set_default_timeout(PATIENCE_MS)
        return page


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    replaced = {**UNINSPECTED, "port = 8443": f"port = {free_port()}"}
    with running_home(Path(tmp_path_factory.mktemp("faults")) / "home", replaced=replaced) as home:
        approve_scripts(home)
        become(lambda: is_up(home), "media process and recorder can be called")
        yield home


@pytest.fixture
def console(served: RunningHome, chromium: Browser) -> Iterator[Console]:
    with closing_pages(PatientConsole(served, chromium)) as opened:
        yield opened
