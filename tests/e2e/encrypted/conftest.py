"""One service without engines for the encrypted calls of this folder, with approved scripts, and Chromium with the bundled clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.console.conftest import Console
from tests.fakes.browsers import browsers, start_chromium
from tests.fakes.running_home import RunningHome, running_home

DEAF = {
    'speech = "faster-whisper"': 'speech = "none"',
    'voice = "silero"': 'voice = "none"',
    'faces = "yunet"': 'faces = "none"',
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHome]:
    with running_home(Path(tmp_path_factory.mktemp("encrypted")) / "home", replaced=DEAF) as home:
        for script in home.as_staff("xu").call("POST", "/api/v1/scripts/shipped")["scripts"]:
            path = f"/api/v1/scripts/{script['script']}/versions/{script['version']}/approve"
            home.as_staff("he").call("POST", path)
        yield home


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsers() as playwright:
        browser = start_chromium(playwright, Path(tmp_path_factory.mktemp("chromium")))
        yield browser
        browser.close()


@pytest.fixture
def console(served: RunningHome, chromium: Browser) -> Iterator[Console]:
    yield Console(served, chromium)
    for context in list(chromium.contexts):
        context.close()
