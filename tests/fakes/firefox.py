"""A real headless Firefox with its own pretended camera and microphone, driven over Marionette, the protocol that it brings along.

Messages are `length:[0, number, command, parameters]` and `length:[1, number, error, result]` on a local socket.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakes.eventually import eventually

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or "firefox-esr"
_ANSWER_S = 90
_SETTINGS: Mapping[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "intl.accept_languages": "zh-CN, zh",
}


class FirefoxError(AssertionError):
    """What Firefox answered instead of a result."""


class Firefox:
    """One window of a running Firefox."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rwb")
        self._number = 0
        self._read()  # the greeting
        self._command("WebDriver:NewSession", {"acceptInsecureCerts": True})
        self._command("WebDriver:SetTimeouts", {"script": _ANSWER_S * 1000, "pageLoad": _ANSWER_S * 1000})

    def goto(self, url: str) -> None:
        self._command("WebDriver:Navigate", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of a function gives for `arguments`; a promise is awaited."""
        parameters = {"script": script, "args": list(arguments), "newSandbox": False, "sandbox": None}
        return self._command("WebDriver:ExecuteScript", parameters)["value"]

    def text(self, selector: str) -> str:
        """The text of the first element, nothing when there is none."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def click(self, selector: str, words: str = "") -> None:
        """Click the first element that is visible, enabled and says `words`; waits until there is one."""
        look = """const found = [...document.querySelectorAll(arguments[0])].find((each) =>
            each.offsetParent !== null && !each.disabled && each.innerText.includes(arguments[1]));
          found?.scrollIntoView({block: 'center'}); return found ?? null;"""
        found = eventually(lambda: self.run(look, selector, words), f"{selector} {words} can be clicked in Firefox", looks=600)
        self._command("WebDriver:ElementClick", {"id": next(iter(found.values()))})

    def screenshot(self) -> str:
        """The window as PNG in base64."""
        return str(self._command("WebDriver:TakeScreenshot", {"full": False})["value"])

    def quit(self) -> None:
        self._command("Marionette:Quit", {"flags": ["eForceQuit"]})

    def _command(self, name: str, parameters: Mapping[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, name, parameters]).encode()
        self._stream.write(str(len(message)).encode() + b":" + message)
        self._stream.flush()
        _, number, error, result = self._read()
        assert number == self._number, "an answer to another command"
        if error:
            raise FirefoxError(f"{name}: {error['error']} {error['message']}")
        return result

    def _read(self) -> Any:
        digits = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise FirefoxError("Firefox has gone")
            digits += byte
        return json.loads(self._stream.read(int(digits)))


@contextmanager
def running_firefox(folder: Path, **settings: bool | int | str) -> Iterator[Firefox]:
    """Firefox with a profile of its own in `folder`; stopped at the end."""
    profile = folder / "firefox"
    profile.mkdir()
    port = _free_port()
    wanted = {**_SETTINGS, "marionette.port": port, **settings}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in wanted.items()]
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")
    with (folder / "firefox.log").open("wb") as log:
        process = subprocess.Popen(
            [FIREFOX, "--headless", "--no-remote", "--marionette", "--profile", str(profile)],
            stdout=log,
            stderr=log,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
        )
        try:
            connection = eventually(lambda: _connected(process, port), "Firefox listens", looks=600)
            assert connection is not None
            with connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            process.wait(120)


def _connected(process: subprocess.Popen[bytes], port: int) -> socket.socket | None:
    assert process.poll() is None, "Firefox ended before it listened"
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_S)
    except OSError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
